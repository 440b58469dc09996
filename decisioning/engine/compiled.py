"""A catalogue made ready to decide from: rules as functions, offers by space and by moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from decisioning.engine.values import (
    EPOCH,
    MICROSECOND,
    Catalogue,
    Category,
    Context,
    Offer,
    PresentationRule,
    Space,
    Window,
)
from decisioning.engine.weights import effective
from rules.checking import Checked
from rules.compiling import compile_rules
from rules.tree import Name, Node, walk

Facts = dict[str, Mapping[str, Any]]
Ask = Callable[[Facts, datetime, tzinfo], tuple[Any, ...]]
Known = dict[object, Ask]
NOTHING: Mapping[str, Any] = {}
NO_FACTS: Facts = dict.fromkeys(
    ("contact", "call", "space", "identification", "offer", "proposition"), NOTHING
)


@dataclass(frozen=True, slots=True)
class Test:
    """One condition as a function, and whether its answer hangs on the offer."""

    rule: Checked
    ask: Ask
    asks_offer: bool

    def holds(self, facts: Facts, at: datetime, zone: tzinfo) -> bool:
        return bool(self.ask(facts, at, zone)[0])


class Later:
    """The function of some rules, made when it is first asked for: few offers are ever asked."""

    __slots__ = ("ask", "rules")

    def __init__(self, rules: Sequence[Checked]) -> None:
        self.rules = rules
        self.ask: Ask | None = None

    def __call__(self, facts: Facts, at: datetime, zone: tzinfo) -> tuple[Any, ...]:
        return (self.ask or self.made())(facts, at, zone)

    def made(self) -> Ask:
        self.ask = compile_rules(self.rules).evaluate
        return self.ask


@dataclass(frozen=True, slots=True)
class Line:
    """A context of an offer: where its filter and its weight stand among the offer's answers."""

    context: Context
    filter_at: int | None
    weight_at: int | None  # None: the weight is the same for everybody
    constant: float | None


@dataclass(frozen=True, slots=True)
class CompiledOffer:
    offer: Offer
    chain: tuple[Category, ...]  # from the root
    facts: Mapping[str, Any]
    ask: Later | None
    has_filter: bool  # it is the first of the answers
    lines: tuple[Line, ...]
    category_tests: tuple[tuple[Category, Test], ...]
    rules: tuple[CompiledRule, ...]
    themes: frozenset[str]
    category: str  # "" where it stands in none
    path: str  # its categories from the root

    @property
    def code(self) -> str:
        return self.offer.code

    def is_of(self, offer: Offer, chain: tuple[Category, ...]) -> bool:
        """Whether it was made of this very offer, below the same categories."""
        return self.offer is offer and self.chain == chain


@dataclass(frozen=True, slots=True)
class CompiledRule:
    rule: PresentationRule
    codes: frozenset[str] | None  # the offers that it applies to; None: hangs on the person
    applies: Test | None
    recipients: Test | None
    counts: Test | None
    reach: int | None  # the microseconds of its period


class Release:
    """What a process holds of one release. It is asked and never changed."""

    def __init__(self, catalogue: Catalogue, former: Release | None = None) -> None:
        """`former` is the release held before: what did not change is not compiled again."""
        self.catalogue = catalogue
        self.number = catalogue.number
        self.environment = catalogue.environment
        self.zone = catalogue.zone
        self.spaces: Mapping[str, Space] = {space.name: space for space in catalogue.spaces}
        self.categories = {category.name: category for category in catalogue.categories}
        self.fallback_offers = {offer.code: offer for offer in catalogue.fallback_offers}
        self.programs: Known = {}
        self._former: Known = former.programs if former else {}
        self.filter = self.test(catalogue.filter)
        self._tests = {name: self.test(c.filter) for name, c in self.categories.items()}
        held: dict[str, CompiledOffer] = former.by_code if former else {}
        chains = {name: tuple(self._chain(name)) for name in self.categories}
        below = [chains.get(offer.category or "", ()) for offer in catalogue.offers]
        facts = [
            same.facts
            if (same := held.get(o.code)) and same.is_of(o, chain)
            else offer_facts(o, chain)
            for o, chain in zip(catalogue.offers, below, strict=True)
        ]
        self.rules = [self._rule(rule, facts) for rule in self._rules_in_order()]
        self.offers = [
            self._offer(offer, chain, known, held.get(offer.code))
            for offer, chain, known in zip(catalogue.offers, below, facts, strict=True)
        ]
        self.by_code: dict[str, CompiledOffer] = {offer.code: offer for offer in self.offers}
        self.category_of = {o.code: o.offer.category for o in self.offers}
        # whether a filter above the offers speaks of them, and so is asked for each
        tests = [self.filter, *self._tests.values()]
        self.asks_above = any(test is not None and test.asks_offer for test in tests)
        # whether a rule counts what the same call has chosen already
        self.counts_calls = any(rule.rule.count_this_call for rule in self.rules)
        self.moments = sorted(set(self._boundaries()))
        self._former = {}

    # --- compiling ---

    def test(self, rule: Checked | None) -> Test | None:
        if rule is None:
            return None
        return Test(rule, self.program([rule]), asks_offer(rule))

    def program(self, rules: Sequence[Checked]) -> Ask:
        """The function of these rules; the one of the former release when they are the same."""
        key = tuple(signature(rule) for rule in rules)
        found = self.programs.get(key) or self._former.get(key)
        if found is None:
            found = compile_rules(rules).evaluate
        self.programs[key] = found
        return found

    def _chain(self, name: str | None) -> Iterable[Category]:
        found: list[Category] = []
        while name is not None and name in self.categories and len(found) <= len(self.categories):
            found.append(self.categories[name])
            name = self.categories[name].parent
        return reversed(found)

    def _offer(
        self,
        offer: Offer,
        chain: tuple[Category, ...],
        facts: Mapping[str, Any],
        former: CompiledOffer | None,
    ) -> CompiledOffer:
        tests = [(category, self._tests[category.name]) for category in chain]
        ask, lines = (
            (former.ask, former.lines) if former and former.offer is offer else self._lines(offer)
        )
        return CompiledOffer(
            offer,
            chain,
            facts,
            ask,
            offer.filter is not None,
            lines,
            tuple((category, test) for category, test in tests if test is not None),
            tuple(r for r in self.rules if r.codes is None or offer.code in r.codes),
            frozenset(theme.strip().lower() for c in chain for theme in c.themes),
            chain[-1].name if chain else "",
            "/".join(category.name for category in chain),
        )

    def _lines(self, offer: Offer) -> tuple[Later | None, tuple[Line, ...]]:
        asked: list[Checked] = [offer.filter] if offer.filter else []
        lines = []
        for context in offer.contexts:
            filter_at = weight_at = constant = None
            if context.filter is not None:
                filter_at = len(asked)
                asked.append(context.filter)
            if is_the_same_for_all(context.weight.tree):
                (constant,) = self.program([context.weight])(NO_FACTS, EPOCH, UTC)
            else:
                weight_at = len(asked)
                asked.append(context.weight)
            lines.append(Line(context, filter_at, weight_at, constant))
        return (Later(asked) if asked else None), tuple(lines)

    def _rules_in_order(self) -> list[PresentationRule]:
        active = [rule for rule in self.catalogue.rules if rule.active]
        return sorted(active, key=lambda rule: (rule.order, rule.name))

    def _rule(self, rule: PresentationRule, facts: list[Mapping[str, Any]]) -> CompiledRule:
        applies = self.test(rule.applies_to)
        codes: frozenset[str] | None = None
        if rule.applies_to is None:
            codes = frozenset(known["code"] for known in facts)
        elif applies and only_asks_offer(rule.applies_to.tree):
            codes = frozenset(
                known["code"]
                for known in facts
                if applies.holds({**NO_FACTS, "offer": known}, EPOCH, self.zone)
            )
        reach = rule.period // MICROSECOND if rule.period is not None else None
        recipients, counts = self.test(rule.recipients), self.test(rule.propositions)
        return CompiledRule(rule, codes, applies, recipients, counts, reach)

    # --- moments ---

    def _boundaries(self) -> Iterator[datetime]:
        windows: list[Window] = []
        for category in self.catalogue.categories:
            windows += [category.window, category.multiplier_window]
        for offer in self.catalogue.offers:
            windows += [offer.window, *(context.window for context in offer.contexts)]
        for window in windows:
            if window.start is not None:
                yield window.start
            if window.end is not None:
                yield window.end

    def era(self, at: datetime) -> int:
        """Between two boundaries every window says the same."""
        return bisect_right(self.moments, at)


def signature(rule: Checked) -> object:
    """What makes two rules the same function: their tree, its kinds and its lists."""
    names = {node for node in walk(rule.tree) if isinstance(node, Name)}
    kinds = tuple(sorted((str(name), str(rule.kinds[name])) for name in names))
    return rule.tree, str(rule.kind), kinds, tuple(sorted(rule.lists.items()))


def asks_offer(rule: Checked) -> bool:
    """Whether its answer hangs on the offer that it is asked for."""
    return any(isinstance(node, Name) and node.path[0] == "offer" for node in walk(rule.tree))


def is_the_same_for_all(tree: Node) -> bool:
    return not any(isinstance(node, Name) for node in walk(tree))


def only_asks_offer(tree: Node) -> bool:
    return all(node.path[0] == "offer" for node in walk(tree) if isinstance(node, Name))


def offer_facts(offer: Offer, chain: Iterable[Category]) -> Mapping[str, Any]:
    """What rules may ask of an offer."""
    above = tuple(chain)
    return {
        "code": offer.code,
        "category": offer.category,
        "categories": [category.name for category in above],
        "themes": list(dict.fromkeys(theme for category in above for theme in category.themes)),
        "tags": list(offer.tags),
        "start": offer.window.start,
        "end": offer.window.end,
    }


def constant_weight(line: Line, factor: Decimal) -> int | None:
    """The weight of a line that is the same for everybody."""
    return effective(line.constant, factor)
