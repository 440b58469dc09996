"""What of the catalogue asks for an attribute or an audience: while something does, it stays.

The database looks for the name in all texts, and only those that have it are read. The number of
queries does not grow with the catalogue.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.journal import Actor
from accounts.models import User
from catalog.gathering import CONTENT_FIELDS, attributes_in, filters_in, mentioned, texts_of
from catalog.models import (
    Category,
    Context,
    Environment,
    Filter,
    Offer,
    OfferTemplate,
    PresentationRule,
    Representation,
    Revision,
    Space,
    Tag,
)
from catalog.naming import ASKS, leading_to
from catalog.rendering.pieces import scan
from catalog.rendering.refusals import BadTemplate
from catalog.veiling import person_of, templates_seen, veil_of, what_hides
from contacts.blocking import Use, ask_before_taking_away, hold_before_taking_away
from contacts.models import Attribute, Audience

Kind = Revision.Kind
LiveKey = tuple[str, str, str]  # kind, name, label
CHUNK = 2_000
LITERAL = re.compile(r'"[^"]*"|\'[^\']*\'')
TEMPLATE = "offer_template"
# The page of a thing of each kind, and the right to see it: `catalog.view_<side>_<thing>`.
PAGES: Mapping[str, tuple[str, str]] = {
    Kind.ENVIRONMENT: ("environment-detail", "environment"),
    Kind.FILTER: ("filter-detail", "filter"),
    Kind.SPACE: ("space-detail", "space"),
    Kind.CATEGORY: ("category-detail", "category"),
    Kind.OFFER: ("offer-detail", "offer"),
    Kind.FALLBACK_OFFER: ("fallback-offer-detail", "offer"),
    Kind.PRESENTATION_RULE: ("presentation-rule-list", "presentation_rule"),
    TEMPLATE: ("template-list", "administration_branch"),
}
OF_ALL = {"environment-detail", "presentation-rule-list", "template-list"}
KINDS_OF_OFFERS = {Offer.Kind.OFFER: Kind.OFFER, Offer.Kind.FALLBACK: Kind.FALLBACK_OFFER}


@dataclass(frozen=True)
class Wanted:
    """An attribute, an audience or a tag, by its name, and where it stands in texts."""

    name: str
    kind: Literal["attribute", "audience", "tag"]

    def is_in_rule(self, text: str) -> bool:
        if self.name not in text:
            return False
        if self.kind == "tag":
            said = {found[1:-1] for found in LITERAL.findall(text)}
            return "tags" in text and self.name in said
        if "\\" in text or "//" in text:  # escapes and comments hide names
            names_in = filters_in if self.kind == "audience" else attributes_in
            return self.name in names_in(text)
        if self.kind == "audience":
            return self.name in mentioned([text])[0]
        return self.name in mentioned([LITERAL.sub('""', text)])[1]

    def is_in_template(self, text: str) -> bool:
        if self.kind != "attribute" or self.name not in text:
            return False
        named = re.compile(rf"\bcontact\s*\.\s*{self.name}\b")
        try:
            return any(piece.kind != "text" and named.search(piece.inner) for piece in scan(text))
        except BadTemplate:
            return False

    def is_in_body(self, body: Mapping[str, Any]) -> bool:
        """Whether a form asks for it: one that is live, or that new offers begin with."""
        if self.kind == "attribute" and self.name in body.get("identification", ()):
            return True
        content = texts_below({field: body.get(field) for field in CONTENT_FIELDS})
        return any(map(self.is_in_rule, texts_of(body))) or any(map(self.is_in_template, content))


def texts_below(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_below(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_below(each)


@dataclass(frozen=True)
class Found:
    """Something that asks for it."""

    kind: str
    environment: int
    name: str
    label: str
    is_seen: bool = True  # as far as labels go
    is_live: bool = False


@hold_before_taking_away
def hold_environments() -> None:
    """Everybody who writes a rule or publishes holds the environment: see `saving.hold`."""
    rows = Environment.objects.select_for_update(no_key=True).order_by("pk")
    list(rows.values_list("pk", flat=True))


@ask_before_taking_away
def uses_in_catalogue(asked: Attribute | Audience, by: Actor) -> Iterator[Use]:
    """What asks for it in design and in live, in every environment."""
    wanted = Wanted(asked.name, "audience" if isinstance(asked, Audience) else "attribute")
    person = person_of(by)
    environments = Environment.objects.all()
    if wanted.kind == "audience":  # an environment's own filter of this name comes first
        own = Filter.objects.filter(name=wanted.name).values("environment")
        environments = environments.exclude(pk__in=own)
    around = {each.pk: each for each in environments}
    found = [*in_design(wanted, person), *in_live(wanted, around, person)]
    yield from uses_among(found, around, person)


def rules_naming(tag: Tag, by: Actor) -> list[Use]:
    """What asks in design whether an offer carries a tag: a rule keeps the name that it says."""
    person = person_of(by)
    around = {each.pk: each for each in Environment.objects.all()}
    return sorted(uses_among(in_design(Wanted(tag.name, "tag"), person), around, person))


def uses_among(
    found: Iterable[Found], around: Mapping[int, Environment], person: User | None
) -> Iterator[Use]:
    environments = Environment.objects.filter(pk__in=around)
    open_ones = environments if person is None else environments.visible_to(person)
    shown = set(open_ones.values_list("pk", flat=True))
    for each in found:
        environment = around.get(each.environment)
        if environment is not None:
            yield use_of(each, environment, person, is_open=environment.pk in shown)


def use_of(found: Found, environment: Environment, person: User | None, *, is_open: bool) -> Use:
    page, thing = PAGES[found.kind]
    side = "live" if found.is_live else "design"
    may = person is None or person.has_perm(f"catalog.view_{side}_{thing}")
    names = [] if page in OF_ALL else [found.name]
    return Use(
        place=environment.label,
        label=found.label,
        name=found.name,
        page=f"catalog:{page}",
        arguments=(environment.name, *names),
        is_live=found.is_live,
        is_seen=found.is_seen and may and is_open,
    )


# --- in design ---


@dataclass(frozen=True)
class Source:
    """Rows of one kind, and their columns that rules and templates stand in."""

    rows: QuerySet[Any]
    kind: str
    rules: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    of: str = ""  # the way to what these rows are a part of
    name: str = "name"

    def asking(self, wanted: Wanted) -> Iterator[tuple[int, str, int, str, str]]:
        """(key, kind, environment, name, label) of those that do."""
        texts = (*self.rules, *self.content)
        named = Q()
        for column in texts:
            named |= Q(**{f"{column}__icontains": wanted.name})
        told = [f"{self.of}{each}" for each in ("pk", "environment", self.name, "label")]
        kinds = [f"{self.of}kind"] if self.name == "code" else []
        for row in self.rows.filter(named).values_list(*told, *kinds, *texts):
            pk, environment, name, label, *rest = row
            kind = KINDS_OF_OFFERS[rest.pop(0)] if kinds else self.kind
            rules, content = rest[: len(self.rules)], rest[len(self.rules) :]
            if any(map(wanted.is_in_rule, texts_below(rules))) or any(
                map(wanted.is_in_template, texts_below(content))
            ):
                yield pk, kind, environment, name, label


def sources() -> Iterator[Source]:
    content = ("content", "translations")
    yield Source(Filter.objects.all(), Kind.FILTER, ("rule",))
    yield Source(Category.objects.all(), Kind.CATEGORY, ("filter",))
    rules = ("applies_to", "recipients", "propositions")
    yield Source(PresentationRule.objects.all(), Kind.PRESENTATION_RULE, rules)
    stored = ("store_on_proposition", "store_on_status")
    render = ("render_html", "render_text", "render_json")
    yield Source(Space.objects.all(), Kind.SPACE, stored, render)
    yield Source(Offer.objects.all(), Kind.OFFER, ("filter",), content, name="code")
    of_offers: dict[str, Any] = {"of": "offer__", "name": "code"}
    yield Source(Context.objects.all(), Kind.OFFER, ("filter", "weight"), **of_offers)
    yield Source(Representation.objects.all(), Kind.OFFER, (), content, **of_offers)


def in_design(wanted: Wanted, person: User | None) -> Iterator[Found]:
    for pk, name, label, rule in Environment.objects.values_list("pk", "name", "label", "filter"):
        if wanted.is_in_rule(rule):
            yield Found(Kind.ENVIRONMENT, pk, name, label)
    found = {row for source in sources() for row in source.asking(wanted)}
    if wanted.kind == "attribute":
        spaces = Space.objects.filter(identification__contains=[wanted.name])
        for pk, place, name, label in spaces.values_list("pk", "environment", "name", "label"):
            found.add((pk, Kind.SPACE, place, name, label))
    seen = {
        Kind.CATEGORY: seen_among(Category.objects, found, {Kind.CATEGORY}, person),
        Kind.OFFER: seen_among(Offer.objects, found, set(KINDS_OF_OFFERS.values()), person),
    }
    for pk, kind, environment, name, label in found:
        among = seen.get(Kind.OFFER if kind == Kind.FALLBACK_OFFER else Kind(kind))
        yield Found(kind, environment, name, label, is_seen=among is None or pk in among)
    yield from templates_asking(wanted, person)


def seen_among(rows: Any, found: Iterable[Any], kinds: set[str], person: User | None) -> set[int]:
    pks = {pk for pk, kind, *_rest in found if kind in kinds}
    if person is None or not pks:
        return pks
    return set(rows.visible_to(person).filter(pk__in=pks).values_list("pk", flat=True))


def templates_asking(wanted: Wanted, person: User | None) -> Iterator[Found]:
    """What new offers would begin with."""
    rows = OfferTemplate.objects.filter(form__icontains=wanted.name).select_related("environment")
    for each in rows:
        if wanted.is_in_body(each.form):
            seen = person is None or bool(templates_seen([each], each.environment, person))
            yield Found(TEMPLATE, each.environment_id, each.name, each.name, is_seen=seen)


# --- in live ---


def in_live(
    wanted: Wanted, environments: Mapping[int, Environment], person: User | None
) -> Iterator[Found]:
    live = Revision.objects.current().filter(environment__in=environments)
    live = live.exclude(kind=Kind.ATTRIBUTE)
    written = live.annotate(text=Cast("body", TextField())).filter(text__contains=wanted.name)
    found: dict[int, set[LiveKey]] = defaultdict(set)
    filters: dict[int, set[str]] = defaultdict(set)
    for pk, kind, name, label in bodies_asking(wanted, written):
        if kind == Kind.FILTER:
            filters[pk].add(name)
        else:
            found[pk].add((kind, name, label))
    for pk, names in filters.items():
        found[pk].update(through_filters(live.filter(environment=pk), names))
    for pk, keys in found.items():
        veil = veil_of(environments[pk], person)
        hidden: set[tuple[str, str]] = set()
        if not veil.is_open:
            hidden = veil.hidden_among(what_hides(live.filter(environment=pk)))
        for kind, name, label in keys:
            yield Found(kind, pk, name, label, is_seen=(kind, name) not in hidden, is_live=True)


def bodies_asking(
    wanted: Wanted, written: QuerySet[Revision]
) -> Iterator[tuple[int, str, str, str]]:
    """(environment, kind, name, label). Contents are long: only where rules do not ask already."""
    told = ("environment", "kind", "name", "body__label")
    others: list[int] = []
    rules = written.values_list("pk", *told, "body__filter", "body__contexts")
    for pk, environment, kind, name, label, rule, contexts in rules:
        if wanted.is_in_body({"filter": rule, "contexts": contexts or ()}):
            yield environment, kind, name, label
        else:
            others.append(pk)
    for start in range(0, len(others), CHUNK):
        some = Revision.objects.filter(pk__in=others[start : start + CHUNK])
        for environment, kind, name, label, body in some.values_list(*told, "body"):
            if wanted.is_in_body(body):
                yield environment, kind, name, label


def through_filters(live: QuerySet[Revision], names: set[str]) -> Iterator[LiveKey]:
    """What asks these filters of one release: nobody publishes a filter by itself.

    One that nothing asks any more stays live, and is nobody's.
    """
    filters = dict(live.filter(kind=Kind.FILTER).values_list("name", "body__rule"))
    asked = names | leading_to(names, filters)
    naming = live.exclude(kind=Kind.FILTER).filter(body__icontains=ASKS)
    for kind, name, body in naming.values_list("kind", "name", "body"):
        if mentioned(texts_of(body))[0] & asked:
            yield kind, name, body["label"]
