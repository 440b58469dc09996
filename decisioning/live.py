"""What is live, as this process holds it: read once, compiled once, and never changed.

A release is loaded from the one that is held nearest to it: what is the same in both is neither
read nor compiled again. Several are kept, because calls are on their way and old ones are replayed.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from catalog.gathering import Bodies, Key, gather
from catalog.models import Environment, Offer
from catalog.models.content import BUILT_IN_FIELDS
from catalog.releasing import changes_between
from catalog.rendering import KIND_OF_TYPE, Plan, plan_for
from catalog.rendering import Kind as ContentKind
from catalog.shapes import (
    ContentFieldShape,
    EnvironmentShape,
    FallbackOfferShape,
    FilterShape,
    OfferShape,
    Shape,
    SpaceShape,
    shape_of,
)
from contacts.columns import ON_LISTS, Column, known
from contacts.formerly import former_columns, former_lists
from contacts.models import Audience
from contacts.values import to_json
from decisioning.engine import values
from decisioning.engine.compiled import Facts, Release
from decisioning.engine.decide import Engine
from decisioning.translating import Words, kinds_of_call, translate, words_of
from rules.checking import Checked
from rules.compiling import compile_rules
from rules.kinds import Kind

KEPT = 4  # releases of an environment in a process, besides those that calls are using
NAMED = re.compile(r"\bcontact\s*\.\s*([a-z][a-z0-9_]*)")  # in rules and in templates
FILTERS = re.compile(r"""\bfilter\s*\(\s*\\?["']([^"'\\]+)""")
# What is read of everybody, whatever the rules ask: who they are, and in which language they read.
# Where a form says something instead of asking: what stands there is not kept with decisions.
CONTENT = frozenset(
    {"content", "translations", "representations", "render"}
    | {"store_on_proposition", "store_on_status"}
)
ALWAYS_READ = frozenset({"key", "language"})


class NothingLive(Exception):
    """The environment has no release of this number."""


@dataclass(frozen=True)
class Stored:
    """The expressions of a space whose values are kept with a proposition."""

    names: tuple[str, ...]
    rules: tuple[Checked, ...]

    @cached_property
    def ask(self) -> Callable[..., tuple[Any, ...]]:
        return compile_rules(self.rules).evaluate

    def values_for(self, facts: Facts, at: datetime, zone: tzinfo) -> dict[str, Any]:
        """What is kept; what is missing is not."""
        answers = zip(self.names, self.ask(facts, at, zone), strict=True)
        return {name: to_json(value) for name, value in answers if value is not None}


@dataclass(frozen=True)
class Live:
    """One release of one environment: what decides, and what says what offers show."""

    environment_pk: int
    number: int
    shapes: Mapping[Key, Shape]
    words: Words
    translated: Mapping[Key, object]
    engine: Engine
    rule_names: frozenset[str]  # what its rules may name of people
    filter_names: frozenset[str]  # and the filters and lists
    content_names: frozenset[str]
    columns: Mapping[str, Column]  # what is read of a person for it
    plans: dict[tuple[str, str, str | None, bool, str], Plan] = field(default_factory=dict)
    ways: dict[str, frozenset[str]] = field(default_factory=dict)  # see `showing`
    # what offers show to everybody alike, by what is told with the call: see `fitting`
    fits: dict[str, dict[Any, Any]] = field(default_factory=dict)

    @cached_property
    def engine_for_many(self) -> Engine:
        """The same engine, made to be asked for many people."""
        return Engine(self.engine.release, for_many=True)

    @cached_property
    def environment(self) -> EnvironmentShape:
        (found,) = (one for one in self.shapes.values() if isinstance(one, EnvironmentShape))
        return found

    @cached_property
    def spaces(self) -> Mapping[str, SpaceShape]:
        return {one.name: one for one in self.shapes.values() if isinstance(one, SpaceShape)}

    @cached_property
    def names(self) -> frozenset[str]:
        """What is read of a person for it."""
        return frozenset(self.columns)

    @cached_property
    def call_kinds(self) -> Mapping[str, Kind]:
        return kinds_of_call(self.environment)

    @cached_property
    def content_kinds(self) -> Mapping[str, ContentKind]:
        """How each field of content is read and written."""
        kinds = {name: KIND_OF_TYPE[kind.value] for name, (kind, _label) in BUILT_IN_FIELDS.items()}
        own = (one for one in self.shapes.values() if isinstance(one, ContentFieldShape))
        return kinds | {one.name: KIND_OF_TYPE[one.type] for one in own}

    @cached_property
    def stored_on_proposition(self) -> Mapping[str, Stored]:
        return {n: self.stored(one.store_on_proposition) for n, one in self.spaces.items()}

    @cached_property
    def stored_on_status(self) -> Mapping[str, Stored]:
        return {n: self.stored(one.store_on_status) for n, one in self.spaces.items()}

    def stored(self, texts: Mapping[str, str]) -> Stored:
        return Stored(tuple(texts), tuple(map(self.words.stored, texts.values())))

    def offer(self, code: str, *, is_fallback: bool) -> OfferShape | FallbackOfferShape:
        kind = "fallback_offer" if is_fallback else "offer"
        found = self.shapes[kind, code]
        assert isinstance(found, OfferShape | FallbackOfferShape)  # noqa: S101 (its kind)
        return found

    def plan(
        self, code: str, space: str, language: str | None, *, is_fallback: bool, base_url: str
    ) -> Plan:
        """What an offer shows in a space, its templates read once; raises BadContent."""
        key = (code, space, language, is_fallback, base_url)
        found = self.plans.get(key)
        if found is None:
            found = self.plans[key] = plan_for(
                self.offer(code, is_fallback=is_fallback),
                self.spaces[space],
                language=language,
                default_language=self.environment.language,
                kinds=self.content_kinds,
                base_url=base_url,
            )
        return found


# --- what this process holds ---

held: defaultdict[int, OrderedDict[int, Live]] = defaultdict(OrderedDict)
locks: defaultdict[int, threading.RLock] = defaultdict(threading.RLock)
guard = threading.Lock()


def engine_for(environment_pk: int, number: int) -> Engine:
    """The engine of a release; raises NothingLive."""
    return live_for(environment_pk, number).engine


def live_for(environment_pk: int, number: int) -> Live:
    """A release as this process holds it, loaded if it is not; raises NothingLive.

    Costs nothing when it is held, and four queries when it is not.
    """
    found = held[environment_pk].get(number)
    if found is None:
        with guard:
            lock = locks[environment_pk]
        with lock:  # threads that miss the same release wait for the one that loads it
            found = held[environment_pk].get(number)
            if found is None:
                found = load(environment_pk, number, nearest(environment_pk, number))
                keep(found)
    return found


def latest(environment_pk: int) -> Live | None:
    """The youngest release that is held. It may be live no more."""
    numbers = list(held[environment_pk])
    return held[environment_pk].get(max(numbers)) if numbers else None


def forget() -> None:
    """Hold nothing: for those who change the past, as tests do."""
    held.clear()


def nearest(environment_pk: int, number: int) -> Live | None:
    known_ones = list(held[environment_pk].values())
    return min(known_ones, key=lambda live: abs(live.number - number), default=None)


def keep(live: Live) -> None:
    """Hold it, in place of the one that was loaded first; the youngest always stays."""
    mine = held[live.environment_pk]
    mine[live.number] = live
    while len(mine) > KEPT:
        oldest = next(number for number in list(mine) if number not in {max(mine), live.number})
        mine.pop(oldest, None)


# --- loading ---


def load(environment_pk: int, number: int, former: Live | None) -> Live:
    bodies, gone = changes_between(environment_pk, former.number if former else 0, number)
    changed = {(kind, name): shape_of(kind, body) for (kind, name), body in bodies.items()}
    shapes = {**former.shapes, **changed} if former else changed
    for key in gone:
        del shapes[key]
    return build(environment_pk, number, shapes, changed, bodies, former)


def design_of(environment: Environment) -> Live:
    """What would be live if everything were approved as it stands; nobody holds it."""
    offers = Offer.objects.filter(environment=environment).with_parts().select_related("category")
    gathered = gather(environment, offers=offers, everything=True)
    shapes = dict(gathered.shapes)
    number = environment.release_number
    return build(environment.pk, number, shapes, shapes, gathered.bodies, None)


def build(
    environment_pk: int,
    number: int,
    shapes: Mapping[Key, Shape],
    changed: Mapping[Key, Shape],
    bodies: Bodies,
    former: Live | None,
) -> Live:
    """What decides by these forms, of which `changed` are not those of the former release."""
    environment = next((one for one in shapes.values() if isinstance(one, EnvironmentShape)), None)
    if environment is None:
        raise NothingLive
    rule_names = names_in(bodies.values(), content=False)
    content_names = names_in(bodies.values(), content=True)
    filters = [one for one in shapes.values() if isinstance(one, FilterShape)]
    lists = dict(Audience.objects.filter(kind=Audience.Kind.LIST).values_list("name", "pk"))
    filter_names = filters_in(bodies.values())
    if former:
        rule_names |= former.rule_names
        content_names |= former.content_names
        filter_names |= former.filter_names
    columns = known()
    columns |= former_columns((rule_names | content_names) - columns.keys())
    lists |= former_lists(filter_names - lists.keys() - {one.name for one in filters})
    words = words_of(environment, filters, columns, lists)
    translated: dict[Key, object]
    if former and former.words == words:
        words = former.words
        kept = {key: value for key, value in former.translated.items() if key in shapes}
        translated = kept | {key: translate(shape, words) for key, shape in changed.items()}
    else:
        translated = {key: translate(shape, words) for key, shape in shapes.items()}
    asks = {name: column.kind for name, column in columns.items() if name in rule_names}
    if lists:
        asks[ON_LISTS.name] = ON_LISTS.kind
    read = rule_names | content_names | ALWAYS_READ
    release = Release(
        catalogue(environment, number, shapes, translated, words, asks),
        former.engine.release if former else None,
    )
    return Live(
        environment_pk=environment_pk,
        number=number,
        shapes=shapes,
        words=words,
        translated=translated,
        engine=Engine(release),
        rule_names=rule_names,
        filter_names=filter_names,
        content_names=content_names,
        columns={
            **{name: column for name, column in columns.items() if name in read},
            ON_LISTS.name: ON_LISTS,
        },
    )


def catalogue(
    environment: EnvironmentShape,
    number: int,
    shapes: Mapping[Key, Shape],
    translated: Mapping[Key, object],
    words: Words,
    asks: Mapping[str, Kind],
) -> values.Catalogue:
    """Always in the same order: a release is the same in every process."""
    parts: dict[type, list[Any]] = defaultdict(list)
    for key in sorted(shapes):
        parts[type(translated[key])].append(translated[key])
    return values.Catalogue(
        environment=environment.name,
        number=number,
        zone=ZoneInfo(environment.timezone),
        filter=words.rule(environment.filter),
        categories=tuple(parts[values.Category]),
        offers=tuple(parts[values.Offer]),
        fallback_offers=tuple(parts[values.FallbackOffer]),
        rules=tuple(parts[values.PresentationRule]),
        spaces=tuple(parts[values.Space]),
        asks=asks,
    )


def names_in(bodies: Iterable[Mapping[str, Any]], *, content: bool) -> frozenset[str]:
    """What the rules, or the content, of some forms may name of people."""
    found: set[str] = set()
    for body in bodies:
        part = {name: value for name, value in body.items() if (name in CONTENT) == content}
        found.update(NAMED.findall(json.dumps(part)))
        if content:
            found.update(body.get("identification", ()))
    return frozenset(found)


def filters_in(bodies: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The filters and lists that the rules of some forms may name."""
    return frozenset(name for body in bodies for name in FILTERS.findall(json.dumps(body)))
