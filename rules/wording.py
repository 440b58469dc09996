"""Rules and mistakes as sentences, in English and in French."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from rules.kinds import DATE, DURATION, TIMESTAMP
from rules.literals import write_duration
from rules.phrases import ENGLISH, FRENCH, Phrases
from rules.refusals import Code, Mistake
from rules.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Choose,
    Compare,
    Comparison,
    Compute,
    ListOf,
    Literal,
    Minus,
    Name,
    Node,
    Not,
)

LANGUAGES: Mapping[str, Phrases] = {"en": ENGLISH, "fr": FRENCH}


@dataclass(frozen=True)
class Labels:
    """What people call things: attributes by name, the values of those with choices, audiences."""

    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    audiences: Mapping[str, str] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()  # those of the audiences that are no rule


def sentence(node: Node, language: str, labels: Labels | None = None) -> str:
    """What a rule asks, as a person would say it, without a full stop."""
    return typeset(Speaker(LANGUAGES[language], labels or Labels()).said(node), language)


def outcome(node: Node, *, holds: bool, language: str, labels: Labels | None = None) -> str:
    """What a condition answered for somebody: `is not in the list VIP`."""
    return sentence(node if holds else Not(node), language, labels)


def amount(node: Node, language: str, labels: Labels | None = None) -> str:
    """What a weight comes to, as a person would say it, without a full stop."""
    speaker = Speaker(LANGUAGES[language], labels or Labels())
    said = speaker.chosen(node) if isinstance(node, Choose) else speaker.value(node)
    return typeset(said, language)


def complaint(mistake: Mistake, language: str) -> str:
    """What is wrong and what was expected, in one or two sentences."""
    phrases = LANGUAGES[language]
    expected = [phrases.words.get(word, word) for word in mistake.expected]
    known = {"found": mistake.found, "expected": listed(expected[:8], phrases.or_)}
    text = phrases.mistakes[mistake.code].format(**known)
    if expected and mistake.code in EXPECTING:
        text += " " + phrases.expected.format(**known)
    return typeset(text, language)


def typeset(text: str, language: str) -> str:
    """French keeps its quotation marks, colons and semicolons on the line of their words."""
    if language != "fr":
        return text
    for before, after in (
        ("« ", "«\u00a0"),
        (" »", "\u00a0»"),
        (" :", "\u00a0:"),
        (" ;", "\u202f;"),
    ):
        text = text.replace(before, after)
    return text


EXPECTING = {
    Code.UNEXPECTED,
    Code.UNEXPECTED_END,
    Code.UNKNOWN_NAME,
    Code.UNKNOWN_FUNCTION,
    Code.UNKNOWN_FILTER,
    Code.WRONG_KIND,
    Code.NOT_A_CHOICE,
}


SIGNS = {Arithmetic.MINUS: "−", Arithmetic.TIMES: "×", Arithmetic.BY: "÷"}


def listed(items: Sequence[str], last: str) -> str:
    """`a, b or c`."""
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" {last} " + items[-1]


class Speaker:
    """Says trees in one language."""

    def __init__(self, phrases: Phrases, labels: Labels) -> None:
        self.phrases = phrases
        self.labels = labels

    def said(self, node: Node) -> str:  # noqa: C901 (one line for each form)
        match node:
            case AllOf(parts):
                return f" {self.phrases.and_} ".join(self.part(part) for part in parts)
            case AnyOf(parts):
                return f" {self.phrases.or_} ".join(self.part(part) for part in parts)
            case Not(part):
                return self.denied(part)
            case Compare():
                return self.compared(node, self.phrases.comparisons)
            case Choose(condition, then, otherwise):
                chosen = {"if": self.said(condition), "then": self.said(then)}
                return self.phrases.choose.format(**chosen, otherwise=self.said(otherwise))
            case Name():
                return self.phrases.yes.format(self.name(node))
            case Literal():
                return self.value(node)
            case Call("filter", (Literal(str(name)),)):
                return self.member(name, self.phrases.questions)
            case Call():
                return self.asked(node, self.phrases.questions)
        return self.value(node)

    def part(self, node: Node) -> str:
        said = self.said(node)
        return f"({said})" if isinstance(node, AllOf | AnyOf | Choose) else said

    def denied(self, node: Node) -> str:
        """A denial also holds for whom the value is unknown, and says so."""
        match node:
            case Compare():
                return self.compared(node, self.phrases.denied_comparisons)
            case Call("filter", (Literal(str(name)),)):
                return self.member(name, self.phrases.denied_questions)
            case Call() if node.function in self.phrases.denied_questions:
                return self.asked(node, self.phrases.denied_questions)
            case Name():
                return self.phrases.no.format(self.name(node))
            case Not(part):
                return self.said(part)
        return self.phrases.not_.format(self.said(node))

    def compared(self, node: Compare, phrases: Mapping[str, str]) -> str:
        left, right = node.left, node.right
        if node.operator == Comparison.IN:
            return self.contained(node, phrases)
        moments = any(is_moment(side) for side in (left, right))
        name = f"moment {node.operator}" if moments else str(node.operator)
        known = {"a": self.value(left), "b": self.value(right, about=left)}
        return phrases.get(name, phrases[str(node.operator)]).format(**known)

    def contained(self, node: Compare, phrases: Mapping[str, str]) -> str:
        if isinstance(node.right, ListOf):
            items = [self.value(item, about=node.left) for item in node.right.items]
            name = "==" if items else "nothing"
            choices = listed(items, self.phrases.or_)
            return phrases[name].format(a=self.value(node.left), b=choices)
        known = {"a": self.value(node.right), "b": self.value(node.left)}
        return phrases["in"].format(**known)

    def asked(self, node: Call, phrases: Mapping[str, str]) -> str:
        arguments = [self.value(argument) for argument in node.arguments]
        return phrases.get(node.function, node.function + "({0})").format(*arguments)

    def member(self, name: str, phrases: Mapping[str, str]) -> str:
        label = self.labels.audiences.get(name) or self.phrases.quoted.format(name)
        return phrases["list" if name in self.labels.lists else "filter"].format(label)

    def name(self, node: Name) -> str:
        name = str(node)
        return self.labels.names.get(name) or self.phrases.names.get(name) or name

    def value(self, node: Node, *, about: Node | None = None) -> str:  # noqa: C901 (likewise)
        match node:
            case Literal():
                return self.literal(node, about)
            case Name():
                return self.name(node)
            case ListOf(items):
                return listed([self.value(item) for item in items], self.phrases.and_)
            case Minus(part):
                return f"−{self.value(part)}"
            case Compute(operator, left, right):
                sign = SIGNS.get(operator, str(operator))
                return f"{self.operand(left)} {sign} {self.operand(right)}"
            case Call("years", (Name(("contact", "birth_date")),)):
                return self.phrases.age
            case Call() if node.function in self.phrases.functions:
                return self.asked(node, self.phrases.functions)
            case Choose():
                return f"({self.chosen(node)})"
        return f"({self.said(node)})"

    def chosen(self, node: Choose) -> str:
        """One of two values."""
        said = {"if": self.said(node.condition), "then": self.value(node.then)}
        return self.phrases.choose.format(**said, otherwise=self.value(node.otherwise))

    def operand(self, node: Node) -> str:
        said = self.value(node)
        return f"({said})" if isinstance(node, Compute) else said

    def literal(self, node: Literal, about: Node | None) -> str:
        value = node.value
        if isinstance(about, Name) and isinstance(value, str):
            known = self.labels.values.get(str(about), {})
            if value in known:
                return known[value]
        for kind, say in self.sayers().items():
            if isinstance(value, kind):
                return say(value)
        raise TypeError(f"not a literal: {node!r}")

    def sayers(self) -> dict[type, Callable[[Any], str]]:
        """How each type is said. A truth value is an int, and a moment a day: order counts."""
        return {
            bool: lambda value: self.phrases.truths[value],
            int: self.number,
            float: self.number,
            str: lambda value: self.phrases.quoted.format(value),
            datetime: self.moment,
            date: self.day,
            timedelta: write_duration,
        }

    def number(self, value: float) -> str:
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.15g}"
        return text.translate(self.phrases.digits)

    def day(self, value: date) -> str:
        return self.phrases.day.format(
            day=value.day, month=self.phrases.months[value.month - 1], year=value.year
        )

    def moment(self, value: datetime) -> str:
        return f"{self.day(value.date())}, {value:%H:%M} UTC"


def is_moment(node: Node) -> bool:
    match node:
        case Literal(_, kind):
            return kind in {DATE, TIMESTAMP} and kind != DURATION
        case Name(("now",)):
            return True
        case Call("date"):
            return True
    return False
