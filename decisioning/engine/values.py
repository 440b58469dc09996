"""What the engine is handed and what it answers. All of it is values; nobody changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from decisioning.engine.records import immutable
from rules.checking import Checked
from rules.keys import Key
from rules.kinds import Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Status(IntEnum):
    """What became of a proposition."""

    GENERATED = 0
    PRESENTED = 1
    INTERESTED = 2
    ACCEPTED = 3
    SCHEDULED = 4
    REJECTED = 5
    CONTROL_GROUP = 6


class Step(StrEnum):
    """Where an offer leaves the walk, in the order in which it is asked."""

    SCOPE = "scope"
    REPRESENTATION = "representation"
    DISABLED = "disabled"
    DATES = "dates"
    CATEGORY_DATES = "category_dates"
    ENVIRONMENT_FILTER = "environment_filter"
    CATEGORY_FILTER = "category_filter"
    OFFER_FILTER = "offer_filter"
    CONTEXT = "context"
    PRESENTATION_RULE = "presentation_rule"
    CAP = "cap"
    DIVERSITY = "diversity"
    DUPLICATE = "duplicate"
    RANK = "rank"
    SELECTED = "selected"


class TiePolicy(StrEnum):
    ROTATE = "rotate"
    STICKY = "sticky"
    LEAST_SHOWN = "least_shown"
    FIXED = "fixed"


class Scope(StrEnum):
    """Whose propositions a presentation rule counts."""

    ALL = "all"
    OFFER = "offer"
    CATEGORY = "category"
    RULE = "rule"


# --- a catalogue ---


@dataclass(frozen=True, slots=True)
class Window:
    """From its start, up to but not including its end; a missing bound is open."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


ALWAYS = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    name: str
    label: str = ""
    parent: str | None = None
    enabled: bool = True
    window: Window = ALWAYS
    themes: tuple[str, ...] = ()
    multiplier: Decimal = Decimal(1)
    multiplier_window: Window = ALWAYS
    filter: Checked | None = None
    always_include: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    label: str
    weight: Checked
    filter: Checked | None = None
    key: Key | None = None  # what the filter asks at the least
    space: str | None = None
    window: Window = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """`key` is what its counters are kept under."""

    key: str
    limit: int
    counts: str = "proposition"
    per_contact: bool = False
    every: int | None = None
    unit: str = ""
    each_space: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    code: str
    label: str = ""
    category: str | None = None
    enabled: bool = True
    window: Window = ALWAYS
    filter: Checked | None = None
    key: Key | None = None  # what the filter asks at the least
    contexts: tuple[Context, ...] = ()
    spaces: frozenset[str] = frozenset()
    caps: tuple[Cap, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackOffer:
    code: str
    label: str = ""
    spaces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRule:
    name: str
    label: str = ""
    channel: str = "all"
    active: bool = True
    order: int = 0
    applies_to: Checked | None = None
    period: timedelta | None = None
    max: int = 1
    same_channel: bool = False
    scope: Scope = Scope.ALL
    statuses: frozenset[int] = frozenset()
    recipients: Checked | None = None
    propositions: Checked | None = None
    count_this_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    name: str
    channel: str
    default_count: int = 1
    default_category: str | None = None
    default_themes: tuple[str, ...] = ()
    status_on_proposition: int = Status.GENERATED
    fallback_offer: str | None = None
    fill_with_fallback: bool = False
    tie_policy: TiePolicy = TiePolicy.ROTATE
    max_per_category: int | None = None
    category_depth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything live in one release of an environment."""

    environment: str
    number: int
    zone: tzinfo
    filter: Checked | None = None
    categories: tuple[Category, ...] = ()
    offers: tuple[Offer, ...] = ()
    fallback_offers: tuple[FallbackOffer, ...] = ()
    rules: tuple[PresentationRule, ...] = ()
    spaces: tuple[Space, ...] = ()
    # The attributes that its rules may ask for; None: to know it all of them have to be read.
    asks: Mapping[str, Kind] | None = None


# --- a question ---


class Past(NamedTuple):
    """A proposition that somebody has had. There are many, and a tuple is made in no time.

    It has the form in which it is read and kept, so there is nothing to work out for most.
    """

    offer: str
    space: str
    channel: str
    status: int
    microseconds: int  # from 1970 to when it was made
    category: str | None = None  # where its offer stood then; "" is nowhere as well
    weight: float = 0.0
    rank: int = 1
    is_fallback: bool = False

    @property
    def at(self) -> datetime:
        return EPOCH + timedelta(microseconds=self.microseconds)


def microseconds_at(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


@immutable
class Slot:
    """A place of a page that asks. `ranks` are those it shows of what its space answers."""

    slot: str
    space: str
    count: int | None = None
    categories: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    call: Mapping[str, Any] = field(default_factory=dict)
    unusable: frozenset[str] = frozenset()  # offers whose content cannot be shown here


@immutable
class Question:
    """Who asks for what, when. `target` and `seed` settle ties."""

    at: datetime
    target: str
    seed: str
    slots: tuple[Slot, ...]
    contact: Mapping[str, Any] = field(default_factory=dict)
    identification: str = "anonymous"
    history: tuple[Past, ...] = ()
    used: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (cap, space or "")
    deduplicate: bool = True
    explain: bool = False


# --- an answer ---


@immutable
class Proposition:
    offer: str
    rank: int
    weight: Decimal
    context: str = ""
    is_fallback: bool = False
    formula: Decimal | None = None
    multipliers: tuple[tuple[str, Decimal], ...] = ()


@immutable
class Explained:
    """Where one offer of the environment left, and why; or its weight taken apart."""

    offer: str
    step: Step
    subject: str = ""  # the category, rule or cap that turned it away
    test: Checked | None = None  # the condition that did not hold
    count: int | None = None
    limit: int | None = None
    window: tuple[datetime | None, datetime | None] | None = None
    weight: Decimal | None = None
    context: str = ""
    formula: Decimal | None = None
    multipliers: tuple[tuple[str, Decimal], ...] = ()
    rank: int | None = None


class Reason(StrEnum):
    """Why a list is shorter than was asked."""

    NO_ELIGIBLE_OFFER = "no_eligible_offer"
    ALL_CAPPED = "all_capped"


@immutable
class Answer:
    slot: str
    space: str
    asked: int
    propositions: tuple[Proposition, ...]
    reason: Reason | None = None
    explained: tuple[Explained, ...] = ()


@immutable
class Decision:
    environment: str
    release: int
    answers: tuple[Answer, ...]
