"""What the rule builder asks of the server: is this a rule, what does it say, can it be shown?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from contacts import rulewords
from contacts.ruleblocks import (
    BadBlocks,
    Block,
    Path,
    Problem,
    Written,
    read_rule,
    write_rule,
    written_parts,
)
from contacts.rulewords import Words
from rules.checking import Checked, check_rule, check_weight
from rules.jsonform import BadJson, from_json, to_json
from rules.parsing import parse
from rules.printing import print_rule
from rules.refusals import BadRule, Code, Mistake
from rules.tree import Node
from rules.wording import amount, complaint, sentence

MOST_MISTAKES = 20


class Unreadable(ValueError):
    """What was sent is no text, no tree and no blocks."""


@dataclass
class Examined:
    """A rule as it was given, and everything that can be said of it."""

    words: Words
    is_weight: bool = False  # a number, and not a question
    text: str = ""  # canonical, of all that is finished; as it was written when it is no rule
    tree: Node | None = None  # as it was written, with its filters by name
    blocks: Block | None = None  # as they were given, or as the builder would show the text
    shown: Block | None = None  # as the builder would show what is finished
    finished: Node | None = None  # what there is to count and to say while something is missing
    checked: Checked | None = None
    mistakes: list[tuple[Mistake, Path | None]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_rule(self) -> bool:
        return self.checked is not None and not self.problems and not self.mistakes

    @property
    def is_empty(self) -> bool:
        return [mistake.code for mistake, _ in self.mistakes] == [Code.EMPTY]


def examine(
    given: Mapping[str, Any], words: Words, zone: tzinfo, *, is_weight: bool = False
) -> Examined:
    """Look at `text`, `tree` or `blocks`; raises Unreadable when it is none of them."""
    try:
        if isinstance(given.get("text"), str):
            return examine_text(Examined(words, is_weight, given["text"]), zone)
        if "blocks" in given and not is_weight:
            return examine_blocks(given["blocks"], words, zone)
        if "tree" in given:
            text = print_rule(from_json(given["tree"]))
            return examine_text(Examined(words, is_weight, text), zone)
    except (BadBlocks, BadJson, RecursionError) as error:
        raise Unreadable from error
    raise Unreadable


def examine_text(found: Examined, zone: tzinfo) -> Examined:
    try:
        tree = parse(found.text)
    except BadRule as refusal:
        found.mistakes = [(mistake, None) for mistake in refusal.mistakes]
        return found
    found.tree = found.finished = tree
    if not found.is_weight:  # the builder puts questions together; a number is written
        found.blocks = found.shown = read_rule(tree, found.words.vocabulary, zone)
    check(found, tree)
    if found.checked is not None:
        found.text = print_rule(tree)
    return found


def examine_blocks(data: object, words: Words, zone: tzinfo) -> Examined:
    written = write_rule(data, words.vocabulary, zone)
    found = Examined(words, finished=written.tree, problems=written.problems)
    found.blocks = data if isinstance(data, dict) else None
    if written.tree is None:
        return found
    found.text = print_rule(written.tree)
    try:
        tree = parse(found.text)  # gives every part its place, and refuses what is too large
    except BadRule as refusal:
        found.finished = None
        found.mistakes = [(mistake, None) for mistake in refusal.mistakes]
        return found
    found.shown = read_rule(tree, words.vocabulary, zone)
    check(found, tree, written)
    if not found.problems:
        found.tree = tree
    return found


def check(found: Examined, tree: Node, written: Written | None = None) -> None:
    """Note the kinds of a tree, or what is wrong with it and in which block that is."""
    checks = check_weight if found.is_weight else check_rule
    try:
        found.checked = checks(tree, found.words.vocabulary)
    except BadRule as refusal:
        found.finished = None
        found.mistakes.extend(placed(found.words, written) if written is not None else ())
        if not found.mistakes:
            found.mistakes.extend((mistake, None) for mistake in refusal.mistakes)


def placed(words: Words, written: Written) -> Iterable[tuple[Mistake, Path]]:
    """Each mistake with the path of the block that makes it; its place is that in the block."""
    for path, node in written.leaves.items():
        try:
            check_rule(parse(print_rule(node)), words.vocabulary)
        except BadRule as refusal:
            for mistake in refusal.mistakes:
                yield mistake, path


# --- as JSON, in the person's language ---


def answer(found: Examined, language: str) -> dict[str, Any]:
    """What the browser is told."""
    return {
        "text": found.text,
        "tree": to_json(found.tree) if found.tree is not None else None,
        "blocks": found.blocks,
        "sentence": said(found, language),
        "ok": found.is_rule,
        "empty": found.is_empty,
        "mistakes": [
            *(mistake_json(found.words, each, path, language) for each, path in complaints(found)),
            *(problem_json(each, language) for each in found.problems),
        ],
        "warnings": [mistake_json(found.words, each, None, language) for each in warnings(found)],
        "buildable": found.shown is None or not any(written_parts(found.shown)),
        "why": reasons(found),
    }


def complaints(found: Examined) -> Sequence[tuple[Mistake, Path | None]]:
    return found.mistakes[:MOST_MISTAKES]


def warnings(found: Examined) -> Sequence[Mistake]:
    return found.checked.warnings[:MOST_MISTAKES] if found.checked is not None else ()


def said(found: Examined, language: str) -> str:
    """The sentence of all that is finished, with a capital and a full stop."""
    if found.finished is None:
        return ""
    say = amount if found.is_weight else sentence
    text = say(found.finished, language, found.words.labels)
    return text[:1].upper() + text[1:] + "."


def mistake_json(
    words: Words, mistake: Mistake, path: Path | None, language: str
) -> dict[str, Any]:
    if mistake.code == Code.UNKNOWN_FILTER:
        # The names of audiences that somebody may not see are not given away.
        mistake = replace(mistake, expected=tuple(words.audiences))
    return {
        "start": mistake.start,
        "end": max(mistake.end, mistake.start),
        "code": str(mistake.code),
        "message": complaint(mistake, language),
        "expected": list(mistake.expected),
        "path": None if path is None else list(path),
    }


def problem_json(problem: Problem, language: str) -> dict[str, Any]:
    mistake = problem.mistake
    return {
        "start": mistake.start if mistake else None,
        "end": mistake.end if mistake else None,
        "code": str(problem.gap),
        "message": complaint(mistake, language) if mistake else rulewords.lacks(problem.gap),
        "expected": list(mistake.expected) if mistake else [],
        "path": list(problem.path),
    }


def reasons(found: Examined) -> list[dict[str, str]]:
    """Why parts of a rule can only be written."""
    if found.shown is None:
        return []
    return [
        {"text": part["text"], "why": rulewords.why(part["why"])}
        for part in written_parts(found.shown)
    ]


# --- where a problem is, in words ---


def place_of(path: Sequence[int]) -> str:
    """The number of a block as the builder shows it: 2.1 is the first in the second."""
    return ".".join(str(at + 1) for at in path)


def refusals(found: Examined, language: str) -> list[str]:
    """Every mistake as a sentence that says where it is, for a form without script."""
    told = []
    for each in answer(found, language)["mistakes"]:
        if each["path"]:
            told.append(rulewords.at_block(place_of(each["path"]), each["message"]))
        elif each["start"] is not None and not found.is_empty and found.text:
            told.append(rulewords.at_text(found.text, each["start"], each["message"]))
        else:
            told.append(each["message"])
    return told
