"""The form of every object of the catalogue, as packages, releases and pages hand it around.

A shape is a value: strict, frozen, and without an unknown key. The same shape is read from a
package, made from rows (`catalog.describing`), frozen in a revision and compiled for decisions.
Whether it means something — names that exist, rules that type-check — is `catalog.checking`'s.

Moments are read in the zone of `context={"zone": …}` and are aware from then on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from catalog.models.names import RANK_SUFFIX
from catalog.scalars import (
    Channel,
    Code,
    Content,
    Counted,
    DataType,
    FieldValue,
    Label,
    Language,
    Moment,
    Name,
    Note,
    OfferLabel,
    Period,
    Rule,
    Status,
    Text,
    Translations,
    Word,
    write_period,
)

FORMAT: Final = "overture-catalog/1"


class Shape(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, ser_json_timedelta="iso8601"
    )


# --- the parts ---


class CallDatum(Shape):
    type: DataType
    label: Text = ""
    choices: tuple[Text, ...] = ()


class Sample(Shape):
    name: Name
    label: Text = ""
    data: Mapping[str, Any] = {}


class EnvironmentShape(Shape):
    name: Name
    label: Label
    description: Note = ""
    audience: Literal["contacts", "visitors"] = "contacts"
    timezone: Annotated[Text, Field(max_length=64)] = "UTC"
    language: Language = "en"
    filter: Rule | None = None
    four_eyes: bool = False
    sandbox: bool = False
    call_data: Mapping[Name, CallDatum] = {}
    samples: tuple[Sample, ...] = ()
    access_labels: tuple[Text, ...] = ()

    @field_validator("timezone")
    @classmethod
    def zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise PydanticCustomError("zone", "There is no time zone of this name.") from None
        return name


class AttributeShape(Shape):
    type: DataType
    label: Annotated[Text, Field(max_length=80)] = ""
    choices: tuple[Text, ...] = ()
    personal: bool = False


class FilterShape(Shape):
    name: Name
    label: Label
    description: Annotated[Text, Field(max_length=500)] = ""
    rule: Annotated[Rule, Field(min_length=1)]


class ContentFieldShape(Shape):
    name: Name
    label: Label
    type: Literal["text", "long_text", "html", "url", "image"] = "text"
    help: Annotated[Text, Field(max_length=200)] = ""


class FieldOfSpace(Shape):
    name: Name
    required: bool = False


class Rendering(Shape):
    html: FieldValue | None = None
    text: FieldValue | None = None
    json_: Annotated[FieldValue | None, Field(alias="json")] = None


class Diversity(Shape):
    max_per_category: Annotated[int, Field(ge=1, le=1000)] | None = None
    category_depth: Annotated[int, Field(ge=1, le=1000)] | None = None


class SpaceShape(Shape):
    name: Name
    label: Label
    description: Note = ""
    channel: Channel
    unitary: bool = False
    default_count: Annotated[int, Field(ge=1, le=50)] = 1
    default_category: Name | None = None
    default_themes: tuple[Word, ...] = ()
    fields: tuple[FieldOfSpace, ...] = ()
    render: Rendering = Rendering()
    identification: tuple[Name, ...] = ()
    implicit_identification: bool = False
    needs_token: bool = False
    anonymous_space: Name | None = None
    record: bool = True
    status_on_proposition: Status = "generated"
    status_on_acceptance: Status = "accepted"
    store_on_proposition: Mapping[Name, Rule] = {}
    store_on_status: Mapping[Name, Rule] = {}
    fallback_offer: Code | None = None
    fill_with_fallback: bool = False
    tie_policy: Literal["rotate", "sticky", "least_shown", "fixed"] = "rotate"
    diversity: Diversity = Diversity()

    @field_validator("name")
    @classmethod
    def asks_for_no_rank(cls, name: str) -> str:
        if re.search(RANK_SUFFIX, name):
            raise PydanticCustomError(
                "rank_suffix", "The name of a space does not end in an underscore and digits."
            )
        return name


def ends_too_early(start: datetime | None, end: datetime | None) -> bool:
    return start is not None and end is not None and end <= start


class Windowed(Shape):
    start: Moment | None = None
    end: Moment | None = None

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> Windowed:
        if ends_too_early(self.start, self.end):
            raise PydanticCustomError("empty_window", "The end must be after the start.")
        return self


class CategoryShape(Windowed):
    name: Name
    label: Label
    description: Note = ""
    parent: Name | None = None
    enabled: bool = True
    themes: tuple[Word, ...] = ()
    multiplier: Annotated[int | float, Field(gt=0, lt=1_000_000, allow_inf_nan=False)] = 1
    multiplier_start: Moment | None = None
    multiplier_end: Moment | None = None
    filter: Rule | None = None
    always_include: bool = False
    access_labels: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def multiplier_ends_after_it_starts(self) -> CategoryShape:
        if ends_too_early(self.multiplier_start, self.multiplier_end):
            raise PydanticCustomError("empty_multiplier_window", "The end must be after the start.")
        return self


class ContextShape(Windowed):
    label: Annotated[Text, Field(min_length=1, max_length=80)] = "New"
    weight: Annotated[Rule, Field(min_length=1)] = "1"
    filter: Rule | None = None
    space: Name | None = None


class RepresentationShape(Shape):
    space: Name
    content: Content = {}
    translations: Translations = {}


class Every(Shape):
    days: Annotated[int, Field(ge=1, le=730)] | None = None
    weeks: Annotated[int, Field(ge=1, le=104)] | None = None
    months: Annotated[int, Field(ge=1, le=24)] | None = None

    @model_validator(mode="after")
    def is_one_length(self) -> Every:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise PydanticCustomError(
                "one_length", "Expected exactly one of days, weeks and months."
            )
        return self


class CapShape(Shape):
    limit: Annotated[int, Field(ge=1, le=2_000_000_000)]
    counts: Counted = "proposition"
    per: Literal["contact", "total"] = "total"
    every: Every | None = None
    spaces: Literal["together", "each"] = "together"


class FallbackOfferShape(Shape):
    code: Code
    label: OfferLabel
    description: Note = ""
    content: Content = {}
    translations: Translations = {}
    representations: Annotated[tuple[RepresentationShape, ...], Field(max_length=1000)] = ()
    tags: tuple[Word, ...] = ()
    access_labels: tuple[Text, ...] = ()


class OfferShape(Windowed):
    code: Code
    label: OfferLabel
    description: Note = ""
    category: Name | None = None
    enabled: bool = True
    filter: Rule | None = None
    contexts: Annotated[tuple[ContextShape, ...], Field(max_length=1000)] = ()
    content: Content = {}
    translations: Translations = {}
    representations: Annotated[tuple[RepresentationShape, ...], Field(max_length=1000)] = ()
    caps: Annotated[tuple[CapShape, ...], Field(max_length=10)] = ()
    tags: tuple[Word, ...] = ()
    access_labels: tuple[Text, ...] = ()
    coupon: Code | None = None


class PresentationRuleShape(Shape):
    name: Name
    label: Label
    description: Note = ""
    channel: Channel | Literal["all"] = "all"
    active: bool = True
    order: Annotated[int, Field(ge=-1_000_000, le=1_000_000)] = 0
    applies_to: Rule | None = None
    period: Period | None = None
    max: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    same_channel: bool = False
    scope: Literal["all", "offer", "category", "rule"] = "all"
    statuses: tuple[Status, ...] = ()
    recipients: Rule | None = None
    propositions: Rule | None = None
    count_this_call: bool = False


class Package(Shape):
    format: Literal["overture-catalog/1"]
    environment: EnvironmentShape
    attributes: Mapping[Name, AttributeShape] = {}
    content_fields: tuple[ContentFieldShape, ...] = ()
    filters: tuple[FilterShape, ...] = ()
    spaces: tuple[SpaceShape, ...] = ()
    categories: tuple[CategoryShape, ...] = ()
    offers: tuple[OfferShape, ...] = ()
    fallback_offers: tuple[FallbackOfferShape, ...] = ()
    presentation_rules: tuple[PresentationRuleShape, ...] = ()


# --- what is frozen ---

# The fields of an offer's form that its content approval is about; all others are eligibility.
CONTENT_FIELDS = frozenset(
    {"label", "description", "content", "translations", "representations", "coupon"}
)
SHAPES: Mapping[str, type[Shape]] = {
    "environment": EnvironmentShape,
    "attribute": AttributeShape,
    "content_field": ContentFieldShape,
    "filter": FilterShape,
    "space": SpaceShape,
    "category": CategoryShape,
    "offer": OfferShape,
    "fallback_offer": FallbackOfferShape,
    "presentation_rule": PresentationRuleShape,
}


def body_of(shape: Shape) -> dict[str, Any]:
    """The shape as JSON with every key, moments in UTC: what a revision keeps."""
    body: dict[str, Any] = shape.model_dump(mode="json", by_alias=True)
    if isinstance(shape, PresentationRuleShape):
        body["period"] = write_period(shape.period)
    return body


def shape_of(kind: str, body: Mapping[str, Any]) -> Shape:
    """The shape that a revision keeps."""
    return SHAPES[kind].model_validate_json(json.dumps(body))


def digest_of(body: Mapping[str, Any]) -> str:
    """The same for the same form, whatever the order of its keys."""
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def content_side(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name in CONTENT_FIELDS}


def eligibility_side(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in CONTENT_FIELDS}
