"""From the forms that a release holds to the values that the engine decides from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache

import structlog

from catalog.rulechecks import check_value
from catalog.shapes import (
    CapShape,
    CategoryShape,
    ContextShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    PresentationRuleShape,
    Shape,
    SpaceShape,
)
from catalog.wordbook import call_kinds
from contacts.columns import Column
from decisioning.caps import key_of
from decisioning.engine import values
from rules.checking import Checked, check_rule, check_weight
from rules.keys import key_in
from rules.kinds import BOOL, Kind
from rules.parsing import parse
from rules.refusals import BadRule
from rules.tree import Literal, Node
from rules.vocabulary import PROPOSITION, Vocabulary, vocabulary

log = structlog.get_logger("overture.decisioning")


class Later(Checked):
    """A rule that is read when somebody asks it: of ten thousand offers few are asked."""

    read: Callable[[], Checked]

    def __init__(self, read: Callable[[], Checked]) -> None:
        object.__setattr__(self, "read", read)

    def __getattr__(self, name: str) -> object:
        """What a rule has, once it is there."""
        if name not in FIELDS:
            raise AttributeError(name)
        vars(self).update(vars(self.read()))
        return vars(self)[name]


Judge = Callable[[Node, Vocabulary], Checked]
FIELDS = frozenset({"tree", "kind", "kinds", "lists"})
NO = Literal(False, BOOL)  # noqa: FBT003 (a value of the rule language)
NEVER = Checked(NO, BOOL, {NO: BOOL})


@dataclass(frozen=True)
class Words:
    """What the rules of a release may name. What has been read of a text is kept."""

    rules: Vocabulary
    read: dict[tuple[str, str], Checked] = field(default_factory=dict, compare=False)

    @cached_property
    def counting(self) -> Vocabulary:
        """Of propositions as well."""
        names = {**self.rules.names, **PROPOSITION}
        return Vocabulary(names, self.rules.filters, {}, self.rules.lists)

    def rule(self, text: str | None) -> Checked | None:
        return self.checked("rule", text, check_rule, self.rules) if text else None

    def counts(self, text: str | None) -> Checked | None:
        return self.checked("counts", text, check_rule, self.counting) if text else None

    def weight(self, text: str) -> Checked:
        return self.checked("weight", text, check_weight, self.rules)

    def stored(self, text: str) -> Checked:
        return self.checked("stored", text, check_value, self.counting)

    def checked(self, way: str, text: str, judge: Judge, words: Vocabulary) -> Checked:
        """What was approved is a rule, and is read when it is asked; else it never holds."""
        found = self.read.get((way, text))
        if found is None:
            found = self.read[way, text] = Later(lambda: read(text, judge, words))
        return found


def read(text: str, judge: Judge, words: Vocabulary) -> Checked:
    try:
        return judge(parse(text), words)
    except BadRule as refusal:
        log.error("rule.unusable", rule=text, code=str(refusal.first.code))
        return NEVER


def words_of(
    environment: EnvironmentShape,
    filters: list[FilterShape],
    columns: Mapping[str, Column],
    lists: Mapping[str, int],
) -> Words:
    """Filters are those that were frozen; attributes and lists are those that there are."""
    own = {one.name: tree for one in filters if (tree := parsed(one))}
    data = {name: datum.model_dump() for name, datum in environment.call_data.items()}
    return Words(
        vocabulary(
            contact={name: column.kind for name, column in columns.items()},
            call=call_kinds(data),
            filters=own,
            lists={name: number for name, number in lists.items() if name not in own},
        )
    )


@lru_cache(maxsize=4_096)
def parsed(one: FilterShape) -> Node | None:
    try:
        return parse(one.rule)
    except BadRule:
        return None


def kinds_of_call(environment: EnvironmentShape) -> dict[str, Kind]:
    return call_kinds({name: one.model_dump() for name, one in environment.call_data.items()})


# --- the parts ---


def translate(shape: Shape, words: Words) -> object:
    """The engine's value of a form; None of what it does not know."""
    match shape:
        case OfferShape():
            return offer(shape, words)
        case FallbackOfferShape():
            spaces = frozenset(one.space for one in shape.representations)
            return values.FallbackOffer(code=shape.code, label=shape.label, spaces=spaces)
        case CategoryShape():
            return category(shape, words)
        case SpaceShape():
            return space(shape)
        case PresentationRuleShape():
            return presentation_rule(shape, words)
    return None


def offer(shape: OfferShape, words: Words) -> values.Offer:
    return values.Offer(
        code=shape.code,
        label=shape.label,
        category=shape.category,
        enabled=shape.enabled,
        window=window(shape.start, shape.end),
        filter=words.rule(shape.filter),
        key=key_in(shape.filter),
        contexts=tuple(context(one, words) for one in shape.contexts),
        spaces=frozenset(one.space for one in shape.representations),
        caps=tuple(cap(shape.code, one) for one in shape.caps),
        tags=shape.tags,
    )


def window(start: datetime | None, end: datetime | None) -> values.Window:
    return values.ALWAYS if start is None and end is None else values.Window(start, end)


def context(shape: ContextShape, words: Words) -> values.Context:
    return values.Context(
        label=shape.label,
        weight=words.weight(shape.weight),
        filter=words.rule(shape.filter),
        key=key_in(shape.filter),
        space=shape.space,
        window=window(shape.start, shape.end),
    )


def cap(code: str, shape: CapShape) -> values.Cap:
    every, unit = None, ""
    if shape.every is not None:
        ((unit, every),) = shape.every.model_dump(exclude_none=True).items()
    made = values.Cap(
        key="",
        limit=shape.limit,
        counts=shape.counts,
        per_contact=shape.per == "contact",
        every=every,
        unit=unit,
        each_space=shape.spaces == "each",
    )
    return replace(made, key=key_of(code, made))


def category(shape: CategoryShape, words: Words) -> values.Category:
    return values.Category(
        name=shape.name,
        label=shape.label,
        parent=shape.parent,
        enabled=shape.enabled,
        window=window(shape.start, shape.end),
        themes=shape.themes,
        multiplier=Decimal(repr(shape.multiplier)),
        multiplier_window=window(shape.multiplier_start, shape.multiplier_end),
        filter=words.rule(shape.filter),
        always_include=shape.always_include,
    )


def space(shape: SpaceShape) -> values.Space:
    return values.Space(
        name=shape.name,
        channel=shape.channel,
        default_count=shape.default_count,
        default_category=shape.default_category,
        default_themes=shape.default_themes,
        status_on_proposition=status(shape.status_on_proposition),
        fallback_offer=shape.fallback_offer,
        fill_with_fallback=shape.fill_with_fallback,
        tie_policy=values.TiePolicy(shape.tie_policy),
        max_per_category=shape.diversity.max_per_category,
        category_depth=shape.diversity.category_depth,
    )


def status(word: str) -> values.Status:
    return values.Status[word.upper()]


def presentation_rule(shape: PresentationRuleShape, words: Words) -> values.PresentationRule:
    return values.PresentationRule(
        name=shape.name,
        label=shape.label,
        channel=shape.channel,
        active=shape.active,
        order=shape.order,
        applies_to=words.rule(shape.applies_to),
        period=shape.period,
        max=shape.max,
        same_channel=shape.same_channel,
        scope=values.Scope(shape.scope),
        statuses=frozenset(map(status, shape.statuses)),
        recipients=words.rule(shape.recipients),
        propositions=words.counts(shape.propositions),
        count_this_call=shape.count_this_call,
    )
