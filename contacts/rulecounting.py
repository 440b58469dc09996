"""How many people a rule describes, and how many are left after each of its conditions.

Every condition is asked once of every row, and the groups are put together from the answers. A
statement that takes too long gives way to an estimate from a sample of the table's pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from contacts import vocabulary
from contacts.audiences import matching
from contacts.audiences import sample as ten_of
from contacts.columns import TABLE
from contacts.discretion import Discretion, Figure, discretion_of, why_closed, why_nobody
from contacts.models import Contact
from contacts.ruleblocks import BadBlocks, Block, Path, grouped, read_rule, write_rule
from contacts.rulewords import Words
from rules.checking import Checked, check_rule
from rules.refusals import BadRule
from rules.sql import Surroundings, to_sql
from rules.tree import Name, Node, walk

SOON = 800  # milliseconds: as long as somebody who types may wait
LATER = 20_000
SAMPLED_ROWS = 20_000
OF_KIND = {"contact": "p.kind = 'contact'", "visitor": "p.kind = 'visitor'"}
MOST_COUNTED = 60  # conditions and groups with a number of their own


class TooSlow(Exception):
    """The database did not answer in the time that it was given."""


class Withheld(Exception):
    """The answer could tell personal data to somebody who may not see them; carries a sentence."""


@dataclass
class Counted:
    """The numbers beside a rule."""

    all: Figure
    rule: Figure
    within: Figure | None = None  # the rule together with what surrounds it
    parts: dict[Path, Figure] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()  # names that are known only when something is proposed
    is_rough: bool = False  # waiting would not make it exact

    @property
    def is_about(self) -> bool:
        return self.rule.about and not self.is_rough

    @property
    def rough(self) -> Counted:
        parts = {path: figure.rough for path, figure in self.parts.items()}
        within = self.within and self.within.rough
        return Counted(self.all, self.rule.rough, within, parts, self.left_out, is_rough=True)

    def figure_at(self, path: Path, *, within: bool) -> Figure:
        whole = self.within if within and self.within is not None else self.rule
        return self.parts.get(path, whole) if path else whole


@dataclass(frozen=True)
class Weighed:
    """What a weight comes to, over everybody."""

    all: Figure
    known: Figure
    least: float | None = None
    mean: float | None = None
    most: float | None = None


def is_countable(node: Node) -> bool:
    """Does it ask only about the person and the moment?"""
    names = [part for part in walk(node) if isinstance(part, Name)]
    return all(name.path[0] == "contact" or name.path == ("now",) for name in names)


def names_beside(node: Node) -> Iterator[str]:
    for part in walk(node):
        if isinstance(part, Name) and part.path[0] != "contact" and part.path != ("now",):
            yield str(part)


class Counter:
    """Turns blocks into one statement with a count for each of them."""

    def __init__(self, words: Words, around: Surroundings, zone: Any) -> None:
        self.words = words
        self.around = around
        self.zone = zone
        self.columns: list[str] = []
        self.parameters: list[Any] = []
        self.leaves: dict[Path, Node] = {}
        self.terms: dict[Path, str] = {}  # what is left after each block in its group
        self.left_out: dict[str, None] = {}
        self.trees: list[Node] = []  # of everything that is asked

    def whole(self, blocks: Block) -> str:
        """The condition that a rule comes to; its parts are in `terms` until the next one."""
        self.leaves = write_rule(blocks, self.words.vocabulary, self.zone).leaves
        self.terms = {}
        return self.term(blocks, ()) or "TRUE"

    def column(self, node: Node) -> str | None:
        """The column that answers a condition, or None where it cannot be asked here."""
        try:
            checked = check_rule(node, self.words.vocabulary)
        except BadRule:
            return None
        if not is_countable(checked.tree):
            self.left_out.update(dict.fromkeys(names_beside(checked.tree)))
            return None
        self.trees.append(checked.tree)
        written = to_sql(checked, self.around)
        name = f"c{len(self.columns)}"
        self.columns.append(f"({written.text}) IS TRUE AS {name}".replace("@.", "p."))
        self.parameters += written.parameters
        return name

    def term(self, block: Block, path: Path) -> str | None:
        if "how" not in block:
            node = self.leaves.get(path)
            return self.column(node) if node is not None else None
        joined = "AND" if block["how"] == "all" else "OR"
        parts: list[str] = []
        for at, part in enumerate(block["parts"]):
            here = (*path, at)
            term = self.term(part, here)
            if term is None:
                continue
            parts.append(term)
            together = f" {joined} ".join(parts)
            self.terms[here] = f"NOT ({together})" if block["how"] == "none" else together
        if not parts:
            return None
        whole = f"({f' {joined} '.join(parts)})"
        return f"(NOT {whole})" if block["how"] == "none" else whole


def count(
    words: Words,
    blocks: Block,
    *,
    around: Sequence[Node] = (),
    at: datetime,
    zone: Any,
    milliseconds: int = SOON,
) -> Counted:
    """The numbers of a rule, alone and with the rules `around` it.

    They are exact, or about when the database would take too long. Raises Withheld when they could
    tell personal data to somebody who may not see them.
    """
    meaning = vocabulary.surroundings(at=at, zone=str(zone), columns=words.columns)
    counter = Counter(words, meaning, zone)
    rule = counter.whole(blocks)
    terms = dict(list(counter.terms.items())[:MOST_COUNTED])
    outside = [counter.whole(read_rule(each, words.vocabulary, zone)) for each in around]
    told = discretion(words, counter.trees)
    if told is Discretion.CLOSED:
        raise Withheld(why_closed())
    wanted = ["TRUE", rule, " AND ".join([rule, *outside]), *terms.values()]
    numbers = numbers_of(wanted, counter.columns, counter.parameters, milliseconds, words.kind)
    within = numbers[2] if around else None
    parts = dict(zip(terms, numbers[3:], strict=True))
    counted = Counted(numbers[0], numbers[1], within, parts, tuple(counter.left_out))
    return counted if told is Discretion.OPEN else counted.rough


def discretion(words: Words, trees: Iterable[Node]) -> Discretion:
    return Discretion.OPEN if words.sees_personal else discretion_of(trees, words.columns)


def gates(
    words: Words, rules: Sequence[Node], *, at: datetime, zone: Any
) -> tuple[Figure, list[Figure]]:
    """How many people there are, and how many are left after each of the rules in turn."""
    blocks = [read_rule(each, words.vocabulary, zone) for each in rules]
    counted = count(words, {"how": "all", "parts": blocks}, at=at, zone=zone)
    left, found = counted.all, []
    for number in range(len(rules)):
        left = counted.parts.get((number,), left)  # nothing in it can be counted: nobody leaves
        found.append(left)
    return counted.all, found


def numbers_of(
    wanted: Sequence[str],
    columns: Sequence[str],
    parameters: Sequence[Any],
    milliseconds: int,
    kind: str,
) -> list[Figure]:
    """A number for each of the conditions over the columns."""
    try:
        row = asked(statement(wanted, columns, kind), parameters, milliseconds)
        return [Figure(number) for number in row]
    except TooSlow:
        return estimated(wanted, columns, parameters, kind)


def statement(wanted: Sequence[str], columns: Sequence[str], kind: str, sample: str = "") -> str:
    counts = ", ".join(f"count(*) FILTER (WHERE {term})" for term in wanted)
    answers = ", ".join(["1 AS one", *columns])
    # OFFSET 0: every condition is computed once for a row, however many counts look at it.
    rows = f"SELECT {answers} FROM {TABLE} p {sample} WHERE {OF_KIND[kind]} OFFSET 0"  # noqa: S608 (our words)
    return f"SELECT {counts} FROM ({rows}) AS asked"  # noqa: S608 (likewise)


def estimated(
    wanted: Sequence[str], columns: Sequence[str], parameters: Sequence[Any], kind: str
) -> list[Figure]:
    """About how many, from a sample of the table; raises TooSlow when even that takes too long."""
    percent = percent_sampled()
    sample = f"TABLESAMPLE SYSTEM ({percent:.4f})"
    row = asked(statement(wanted, columns, kind, sample), parameters, LATER)
    scale = 100 / percent
    return [Figure(rounded(number * scale), about=True) for number in row]


def percent_sampled() -> float:
    """How much of the table holds enough people for an estimate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)", [TABLE])
        rows: float = max(1.0, cursor.fetchone()[0])
    return min(100.0, max(0.01, SAMPLED_ROWS / rows * 100))


def rounded(number: float) -> int:
    """Two digits, because an estimate has no more than that."""
    whole = round(number)
    return int(round(whole, 2 - len(str(whole)))) if whole >= 100 else whole


def asked(text: str, parameters: Sequence[Any], milliseconds: int) -> Sequence[Any]:
    """The row of a statement that may take this long; raises TooSlow."""
    with patience(milliseconds), connection.cursor() as cursor:
        cursor.execute(text, list(parameters))
        row: Sequence[Any] = cursor.fetchone()
    return row


@contextmanager
def patience(milliseconds: int) -> Iterator[None]:
    """Gives each statement inside this long; raises TooSlow when one takes longer."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {int(milliseconds)}")
            cursor.execute("SET LOCAL jit = off")  # to compile takes longer than to count
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise


# --- what a weight comes to ---


def weigh(words: Words, weight: Checked, *, at: datetime, zone: Any) -> Weighed | tuple[str, ...]:
    """The least, mean and greatest weight of people, or the names that only a decision knows.

    Raises TooSlow when not even a sample of them is read in time, and Withheld when the weight
    could tell personal data.
    """
    if not is_countable(weight.tree):
        return tuple(dict.fromkeys(names_beside(weight.tree)))
    if discretion(words, [weight.tree]) is not Discretion.OPEN:
        raise Withheld(why_closed())
    meaning = vocabulary.surroundings(at=at, zone=str(zone), columns=words.columns)
    written = to_sql(weight, meaning)
    text = written.text.replace("@.", "p.")
    columns, of_kind = "count(*), count(w), min(w), avg(w), max(w)", OF_KIND[words.kind]
    rows = f"SELECT ({text})::double precision AS w FROM {TABLE} p {{}} WHERE {of_kind}"  # noqa: S608 (our words)
    try:
        statement = f"SELECT {columns} FROM ({rows.format('')} OFFSET 0) AS weighed"  # noqa: S608 (likewise)
        people, known, *amounts = asked(statement, written.parameters, SOON)
        return Weighed(Figure(people), Figure(known), *amounts)
    except TooSlow:
        percent = percent_sampled()
        sample = f"TABLESAMPLE SYSTEM ({percent:.4f})"
        statement = f"SELECT {columns} FROM ({rows.format(sample)} OFFSET 0) AS weighed"  # noqa: S608 (likewise)
        people, known, *amounts = asked(statement, written.parameters, LATER)
        scale = 100 / percent
        about = [Figure(rounded(number * scale), about=True) for number in (people, known)]
        return Weighed(about[0], about[1], *amounts)


# --- ten of them ---


@dataclass(frozen=True)
class Sample:
    people: list[Contact]
    figure: Figure


def sample(
    words: Words,
    blocks: Block,
    path: Path,
    *,
    around: Sequence[Node] = (),
    at: datetime,
    zone: Any,
) -> Sample:
    """Ten of those who are left after the block at a path in its group, and how many they are.

    Raises TooSlow, Withheld, and BadRule when the part means nothing.
    """
    rule = rule_at(words, blocks, path, zone, around=around)
    if rule is not None and discretion(words, [rule.tree]) is not Discretion.OPEN:
        raise Withheld(why_nobody())
    people = Contact.objects.filter(kind=words.kind)
    if rule is not None:
        people = matching(rule, at=at, zone=str(zone), columns=words.columns, among=people)
    with patience(LATER):
        ten = ten_of(people)
    try:
        with patience(SOON):
            figure = Figure(people.count())
    except TooSlow:
        figure = count(words, blocks, around=around, at=at, zone=zone).figure_at(
            path, within=bool(around)
        )
    return Sample(ten, figure)


def rule_at(
    words: Words, blocks: Block, path: Path, zone: Any, *, around: Sequence[Node]
) -> Checked | None:
    """What is left after the block at a path in its group, as a rule; None for everybody."""
    group: Mapping[str, Any] = blocks
    try:
        for step in path[:-1]:
            group = group["parts"][step]
        parts = group["parts"]
        if path:
            parts = [*parts[: path[-1]], parts[path[-1]]]
    except (IndexError, KeyError, TypeError) as error:
        raise BadBlocks("no such block") from error
    outside = [read_rule(each, words.vocabulary, zone) for each in around]
    inside: Block = {"how": group["how"], "parts": parts}
    trees = [countable_part(words, block, zone) for block in (inside, *outside)]
    tree = grouped("all", tuple(each for each in trees if each is not None))
    return check_rule(tree, words.vocabulary) if tree is not None else None


def countable_part(words: Words, block: Block, zone: Any) -> Node | None:
    """The tree of everything in a block that asks only about the person."""
    if "how" not in block:
        node = write_rule({"how": "all", "parts": [block]}, words.vocabulary, zone).tree
        return node if node is not None and counts(node, words) else None
    parts = [countable_part(words, part, zone) for part in block["parts"]]
    return grouped(block["how"], tuple(part for part in parts if part is not None))


def counts(node: Node, words: Words) -> bool:
    try:
        return is_countable(check_rule(node, words.vocabulary).tree)
    except BadRule:
        return False
