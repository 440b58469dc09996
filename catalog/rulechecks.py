"""Do the rules and weights of a form mean something where they stand?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from catalog.problems import Problem, language
from catalog.surroundings import Surroundings, about_propositions
from contacts.vocabulary import about_offers
from rules.checking import Checked, check, check_rule, check_weight, named_filters
from rules.kinds import Base, Kind
from rules.parsing import parse
from rules.refusals import BadRule, Code, Mistake
from rules.tree import Literal, Name, Node, walk
from rules.vocabulary import Vocabulary
from rules.wording import complaint

STORABLE = ("bool", "int", "double", "string", "date", "timestamp", "list<string>", "list<int>")


def is_storable(kind: Kind) -> bool:
    return kind.base not in {Base.DURATION, Base.ANYTHING}


def check_value(tree: Node, words: Vocabulary) -> Checked:
    return check(tree, words, is_storable, STORABLE)


Judge = Callable[[Node, Vocabulary], Checked]
# What a text may be: of which words, and what must come out of it.
WAYS: Mapping[str, tuple[Callable[[Vocabulary], Vocabulary], Judge]] = {
    "rule": (lambda words: words, check_rule),
    "weight": (lambda words: words, check_weight),
    "offers": (about_offers, check_rule),
    "propositions": (about_propositions, check_rule),
    "value": (about_propositions, check_value),
}


def check_text(
    text: str | None, path: str, around: Surroundings, way: str = "rule"
) -> list[Problem]:
    """The problems of a rule, a weight or another expression; nothing of one left out."""
    if not text:
        return []
    key = (way, text)
    if key not in around.judged:
        around.judged[key] = judged(text, around.words, way)
    return [problem_of(mistake, path) for mistake in around.judged[key]]


def judged(text: str, words: Vocabulary, way: str) -> tuple[Mistake, ...]:
    """The mistakes of a text, in the order in which they stand in it, doubts among them."""
    narrowed, judge = WAYS[way]
    words = narrowed(words)
    try:
        tree = parse(text)
        if broken := broken_filters(tree, words):
            return broken
        return judge(tree, words).warnings
    except BadRule as refusal:
        return refusal.mistakes


def broken_filters(tree: Node, words: Vocabulary) -> tuple[Mistake, ...]:
    """A filter that means nothing here is named; its mistakes stand in another text."""
    found: dict[str, Mistake] = {}
    for name in sorted(named_filters(tree) & set(words.filters)):
        try:
            check_rule(words.filters[name], words)
        except BadRule as refusal:
            code = refusal.first.code
            expected = () if code == Code.CIRCULAR_FILTER else (FILTER,)
            found[name] = Mistake(code, *place_of(tree, name), name, expected)
    return tuple(found.values())


FILTER = "filter"


def place_of(tree: Node, filter_name: str) -> tuple[int, int]:
    for node in walk(tree):
        if isinstance(node, Literal) and node.value == filter_name:
            return node.span
    return (0, 0)


def problem_of(mistake: Mistake, path: str) -> Problem:
    if mistake.expected == (FILTER,):
        return Problem(
            path,
            "broken_filter",
            _("The predefined filter “%(name)s” does not work here.") % {"name": mistake.found},
        )
    severity = "warning" if mistake.code == Code.NOT_A_CHOICE else "error"
    said = complaint(mistake, language())
    message = _("At character %(position)s: %(complaint)s") % {
        "position": mistake.start + 1,
        "complaint": said,
    }
    return Problem(path, str(mistake.code), message, severity)  # type: ignore[arg-type] # one of two


def names_in(text: str) -> set[str]:
    """The names that a text speaks of itself; nothing of one that cannot be read."""
    try:
        return {str(node) for node in walk(parse(text)) if isinstance(node, Name)}
    except BadRule:
        return set()


def filters_in(text: str) -> set[str]:
    """The predefined filters that a text names itself."""
    try:
        return named_filters(parse(text))
    except BadRule:
        return set()
