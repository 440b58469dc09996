"""A rule as the builder shows it: groups, conditions, and parts that can only be written.

A block is JSON: a group `{"how": "all", "parts": […]}`, a condition `{"name": "contact.age", "ask":
"at_least", "value": "26"}` or a written part `{"text": "contact.a > contact.b"}`. Reading a tree
and writing it again gives the same tree. Every value is the text that somebody types, so that no
number is rounded on its way through a browser and nothing half typed is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any

from contacts import ruleasks
from rules.kinds import INT, STRING, Kind
from rules.limits import DEEPEST, MOST_PARTS
from rules.parsing import parse
from rules.printing import print_rule
from rules.refusals import BadRule, Mistake
from rules.tree import AllOf, AnyOf, Choose, Compute, Literal, Name, Node, Not, walk
from rules.vocabulary import Vocabulary

Block = dict[str, Any]
Path = tuple[int, ...]
HOW = ("all", "any", "none")


class Why(StrEnum):
    """Why a part can only be written."""

    ARITHMETIC = "arithmetic"
    CHOICE = "choice"
    TWO_NAMES = "two_names"
    UNKNOWN = "unknown"
    OTHER = "other"


class Gap(StrEnum):
    """What a block lacks."""

    NAME = "name"
    ASK = "ask"
    VALUE = "value"
    BAD_VALUE = "bad_value"
    BAD_WHOLE = "bad_whole"
    EMPTY_GROUP = "empty_group"
    BAD_TEXT = "bad_text"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Problem:
    """A block that says nothing yet, or nothing that can be meant."""

    path: Path
    gap: Gap
    mistake: Mistake | None = None


class BadBlocks(ValueError):
    """The data is not what the builder sends."""


# --- from a tree ---


def read_rule(tree: Node, words: Vocabulary, zone: tzinfo) -> Block:
    """The group at the root of a rule."""
    block = Reader(words, zone).part(tree)
    return block if "how" in block else {"how": "all", "parts": [block]}


def written_parts(block: Block) -> Iterator[Block]:
    """The parts that can only be written, in the order of the rule."""
    if "text" in block:
        yield block
    for part in block.get("parts", ()):
        yield from written_parts(part)


class Reader:
    def __init__(self, words: Vocabulary, zone: tzinfo) -> None:
        self.words = words
        self.zone = zone

    def part(self, node: Node) -> Block:
        found = self.condition(node)
        if found is not None:
            return found
        match node:
            case AllOf(parts):
                return self.group("all", parts)
            case AnyOf(parts) | Not(AnyOf(parts)):
                return self.group("any" if isinstance(node, AnyOf) else "none", parts)
            case Not(part):
                return self.group("none", (part,))
        return {"text": print_rule(node), "why": str(self.why(node))}

    def group(self, how: str, parts: tuple[Node, ...]) -> Block:
        return {"how": how, "parts": [self.part(part) for part in parts]}

    def condition(self, node: Node) -> Block | None:
        for name, kind in self.subjects(node):
            word = ruleasks.AUDIENCE if kind is None else str(kind)
            for ask in ruleasks.ASKS.get(word, {}):
                found = ruleasks.asked(node, word, ask)
                block = self.filled(name, kind, ask, found) if found is not None else None
                if block is not None:
                    return block
        return None

    def subjects(self, node: Node) -> Iterator[tuple[str, Kind | None]]:
        """What a condition may be about: one attribute, or an audience."""
        names = {str(part) for part in walk(node) if isinstance(part, Name)}
        if not names:
            yield ruleasks.AUDIENCE, None
        about = names - {"now"} if len(names) > 1 else names
        if len(about) == 1:
            (name,) = about
            kind = self.words.names.get(name)
            if kind is not None:
                yield name, kind

    def filled(self, name: str, kind: Kind | None, ask: str, found: ruleasks.Found) -> Block | None:
        """The condition, if its values can be typed; the name in X is the only one there is."""
        block: Block = {"name": name, "ask": ask}
        if ask in ruleasks.NO_VALUE:
            return block
        many = ask in ruleasks.SEVERAL
        literals = [found.get("VS") or found.get("V") or found.get("DAYS")]
        if many:
            literals = list(found["VS"].items)  # type: ignore[union-attr] # VS is a list
        asked = ruleasks.asked_kind(kind, ask)
        values = [self.typed(literal, asked) for literal in literals]
        if None in values:
            return None
        return {**block, "value": values if many else values[0]}

    def typed(self, literal: Node | None, asked: Kind | None) -> str | None:
        """The text of a value, if a field for this kind can hold it."""
        if not isinstance(literal, Literal) or asked is None:
            return None
        if literal.kind != asked and not (literal.kind.is_number and asked.is_number):
            return None
        if asked == INT and literal.kind != INT:
            return None
        return ruleasks.typed(literal, self.zone)

    def why(self, node: Node) -> Why:
        names = [part for part in walk(node) if isinstance(part, Name)]
        if any(str(name) not in self.words.names for name in names):
            return Why.UNKNOWN
        if any(isinstance(part, Choose) for part in walk(node)):
            return Why.CHOICE
        if any(isinstance(part, Compute) for part in walk(node)):
            return Why.ARITHMETIC
        return Why.TWO_NAMES if len(set(names)) > 1 else Why.OTHER


# --- to a tree ---


@dataclass
class Written:
    """What blocks say: the tree of all that is finished, and what is not."""

    tree: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    leaves: dict[Path, Node] = field(default_factory=dict)


def write_rule(data: object, words: Vocabulary, zone: tzinfo) -> Written:
    """The tree of a group and what it lacks; raises BadBlocks for what no builder sends."""
    if not isinstance(data, Mapping) or "how" not in data:
        raise BadBlocks("the root is not a group")
    writer = Writer(words, zone)
    writer.written.tree = writer.part(data, ())
    return writer.written


class Writer:
    def __init__(self, words: Vocabulary, zone: tzinfo) -> None:
        self.words = words
        self.zone = zone
        self.written = Written()
        self.seen = 0

    def lacks(self, path: Path, gap: Gap, mistake: Mistake | None = None) -> None:
        self.written.problems.append(Problem(path, gap, mistake))

    def part(self, data: object, path: Path) -> Node | None:
        self.seen += 1
        if not isinstance(data, Mapping):
            raise BadBlocks("not a block")
        if self.seen > MOST_PARTS or len(path) > DEEPEST:
            self.lacks(path, Gap.TOO_LARGE)
            return None
        if "how" in data:
            return self.group(data, path)
        node = self.text(data, path) if "text" in data else self.condition(data, path)
        if node is not None:
            self.written.leaves[path] = node
        return node

    def group(self, data: Mapping[str, Any], path: Path) -> Node | None:
        how, given = data["how"], data.get("parts")
        if how not in HOW or not isinstance(given, list):
            raise BadBlocks("not a group")
        if not given:
            self.lacks(path, Gap.EMPTY_GROUP)
        nodes = [self.part(part, (*path, at)) for at, part in enumerate(given)]
        return grouped(how, tuple(node for node in nodes if node is not None))

    def text(self, data: Mapping[str, Any], path: Path) -> Node | None:
        text = data["text"]
        if not isinstance(text, str):
            raise BadBlocks("not a text")
        try:
            return parse(text)
        except BadRule as refusal:
            self.lacks(path, Gap.BAD_TEXT, refusal.first)
        return None

    def condition(self, data: Mapping[str, Any], path: Path) -> Node | None:
        name, ask = data.get("name") or "", data.get("ask") or ""
        if not isinstance(name, str) or not isinstance(ask, str):
            raise BadBlocks("not a condition")
        kind = self.words.names.get(name)
        word = ruleasks.AUDIENCE if name == ruleasks.AUDIENCE else str(kind)
        if word not in ruleasks.ASKS:
            self.lacks(path, Gap.NAME)
        elif ask not in ruleasks.ASKS[word]:
            self.lacks(path, Gap.ASK)
        else:
            values = self.values(data.get("value"), kind, ask, path)
            if values is not None:
                return ruleasks.answered(word, ask, Name(tuple(name.split("."))), values)
        return None

    def values(
        self, given: object, kind: Kind | None, ask: str, path: Path
    ) -> list[Literal] | None:
        """The values of a condition, or None, with what it lacks noted."""
        if ask in ruleasks.NO_VALUE:
            return []
        each = given if isinstance(given, list) else [given]
        texts = [text for text in each if isinstance(text, str) and text]
        if any(not isinstance(text, str | None) for text in each):
            raise BadBlocks("not a value")
        if not texts:
            self.lacks(path, Gap.VALUE)
            return None
        asked = ruleasks.asked_kind(kind, ask) or STRING
        read = [ruleasks.read_typed(text, asked, self.zone) for text in texts]
        if ask in ruleasks.COUNTS and asked == INT:
            read = [ruleasks.read_count(text) for text in texts]
        if None in read:
            self.lacks(path, Gap.BAD_WHOLE if ask in ruleasks.COUNTS else Gap.BAD_VALUE)
            return None
        values = [literal for literal in read if literal is not None]
        return values if ask in ruleasks.SEVERAL else values[:1]


def grouped(how: str, parts: tuple[Node, ...]) -> Node | None:
    """The tree of a group. One of one is that one; one of nothing is nothing."""
    if not parts:
        return None
    if how == "none":
        return Not(AnyOf(parts) if len(parts) > 1 else parts[0])
    if len(parts) == 1:
        return parts[0]
    return AllOf(parts) if how == "all" else AnyOf(parts)
