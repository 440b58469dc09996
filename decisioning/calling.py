"""What callers ask, as they write it; what they tell besides is held against its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Annotated, Any, TypedDict
from weakref import WeakKeyDictionary

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from contacts.values import MOST_ELEMENTS, BadValue, bad, element
from decisioning.engine.compiled import Release
from decisioning.engine.slots import MOST_OFFERS
from decisioning.live import Live
from offers_site.values import LAST_YEAR, moment_by
from rules.kinds import Kind

MOST_SLOTS = 50
MOST_SCOPES = 200  # categories or themes that a slot names
MOST_DATA = 200  # what a call tells besides


def has_no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text cannot hold the character NUL")
    return value


Word = Annotated[str, StringConstraints(max_length=120), AfterValidator(has_no_nul)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=254), AfterValidator(has_no_nul)]
Data = Annotated[dict[Word, Any], Field(max_length=MOST_DATA)]
Scope = Annotated[list[Word], Field(max_length=MOST_SCOPES)]


class Told(BaseModel):
    """Whom a decision is for, as the caller says: one way, and a visitor beside it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # the contact's own key
    key: Key | None = None
    # values in the order of the space's identification fields
    keys: Annotated[tuple[Key, ...], Field(max_length=10)] = ()
    # signed identification, from POST /tokens
    token: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    # the id of a visitor, as an earlier answer gave it
    visitor: Annotated[Key, StringConstraints(max_length=120)] | None = None

    @property
    def says_nothing(self) -> bool:
        return self.key is self.token is self.visitor is None and not self.keys


NOTHING_TOLD = Told()


class SlotCall(BaseModel):
    """A place of the page. A space's name with a rank, `hero_2`, shows that rank alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slot: Annotated[Word | None, Field(description="the space's name unless it is given")] = None
    space: Word
    count: Annotated[int, Field(ge=1, le=MOST_OFFERS, strict=True)] | None = None
    # made anew rather than copied, which takes longer
    categories: Scope = Field(default_factory=list)
    themes: Scope = Field(default_factory=list)
    call: Data = Field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.space if self.slot is None else self.slot


class DecisionCall(BaseModel):
    """One call for the whole page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: Word
    target: Told | None = None
    slots: Annotated[list[SlotCall], Field(min_length=1, max_length=MOST_SLOTS)]
    call: Data = Field(description="call data, for all slots", default_factory=dict)
    deduplicate: Annotated[bool, Field(description="no offer in two slots")] = True
    consent: Annotated[bool, Field(description="without it nothing is stored")] = True
    record: bool = True
    explain: Annotated[bool, Field(description="needs the scope decide:at")] = False
    at: Annotated[Word | None, Field(description="another date; needs decide:at")] = None
    seed: Annotated[Word | None, Field(description="what settles ties; needs decide:at")] = None
    language: Annotated[Word | None, Field(description="of content; else the contact's own")] = None

    @property
    def is_privileged(self) -> bool:
        return self.explain or self.at is not None or self.seed is not None

    @property
    def records(self) -> bool:
        return self.record and self.consent and self.at is None and self.seed is None


class Warned(TypedDict):
    """Something that was passed over."""

    code: str
    detail: str
    pointer: str


def warning(code: str, detail: str, pointer: str) -> Warned:
    return {"code": code, "detail": detail, "pointer": pointer}


def moment_of(text: str, zone: tzinfo) -> datetime:
    """ISO 8601, without an offset in the environment's zone; raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        found = moment_by(moment, zone)
    except OverflowError:
        raise ValueError("out of the calendar") from None
    if not 1 < found.year <= LAST_YEAR:
        raise ValueError("out of the calendar")
    return found


@dataclass
class CallData:
    """What calls of an environment may tell."""

    kinds: Mapping[str, Kind]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, live: Live) -> CallData:
        """Worked out once for each release that a process holds."""
        found = _call_data.get(live.engine.release)
        if found is None:
            found = _call_data[live.engine.release] = cls.declared_in(live)
        return found

    @classmethod
    def declared_in(cls, live: Live) -> CallData:
        declared = live.environment.call_data
        return cls(
            live.call_kinds, {name: one.choices for name, one in declared.items() if one.choices}
        )

    def read(
        self, given: Mapping[str, Any], pointer: str, warnings: list[Warned]
    ) -> dict[str, Any]:
        """What is declared and of its kind. The rest is passed over, with a warning each."""
        found: dict[str, Any] = {}
        for name, value in given.items():
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            kind = self.kinds.get(name)
            if kind is None:
                detail = "The environment declares no call data of this name."
                warnings.append(warning("call_data_unknown", detail, place))
                continue
            try:
                read = value_of(kind, value)
            except BadValue as refusal:
                detail = f"Expected {kind}: {refusal.code}."
                warnings.append(warning("call_data_type", detail, place))
                continue
            if read is None:
                continue
            found[name] = read
            self.check_choices(name, read, place, warnings)
        return found

    def check_choices(self, name: str, value: Any, place: str, warnings: list[Warned]) -> None:
        choices = self.choices.get(name)
        values = value if isinstance(value, tuple) else (value,)
        if choices and not {str(each) for each in values} <= set(choices):
            detail = f"Declared are {', '.join(choices)}."
            warnings.append(warning("call_data_choice", detail, place))


_call_data: WeakKeyDictionary[Release, CallData] = WeakKeyDictionary()


def value_of(kind: Kind, value: object) -> Any:
    """The value of something in JSON, None of what is empty; raises BadValue."""
    if value is None or value == "" or value == []:
        return None
    if not kind.is_list:
        return storable(element(kind, value))
    if not isinstance(value, list):
        raise bad("not_a_list")
    if len(value) > MOST_ELEMENTS:
        raise bad("too_long")
    return tuple(dict.fromkeys(storable(element(kind.element, each)) for each in value))


def storable(value: Any) -> Any:
    """The value, unless it is a text with half a character: JSON can write that."""
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise bad("has_nul") from None
    return value
