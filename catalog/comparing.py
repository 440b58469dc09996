"""What differs: between two releases, and between design and live."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog import releasing
from catalog.gathering import Bodies, Body, Key, Kind, gather, key_of
from catalog.models import (
    BUILT_IN_FIELDS,
    Cap,
    Category,
    Context,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Revision,
    Space,
)
from catalog.problems import language
from catalog.veiling import Veil, hidden_word, veil_of, what_hides
from catalog.wordbook import environment_labels
from rules.parsing import parse
from rules.refusals import BadRule
from rules.wording import Labels, sentence

Act = Literal["added", "changed", "removed"]
RULES = {"filter", "rule", "applies_to", "recipients", "propositions"}
# By what the members of a list are told from one another; others by where they stand.
IDENTITIES = {"representations": "space", "fields": "name", "samples": "name"}
MODELS: Mapping[str, type[Any]] = {
    Kind.ENVIRONMENT: Environment,
    Kind.FILTER: Filter,
    Kind.SPACE: Space,
    Kind.CATEGORY: Category,
    Kind.OFFER: Offer,
    Kind.FALLBACK_OFFER: Offer,
    Kind.PRESENTATION_RULE: PresentationRule,
}
PARTS: Mapping[str, type[Any]] = {"contexts": Context, "caps": Cap}
PART_NAMES = {
    "contexts": _("Weight"),
    "caps": _("Cap"),
    "representations": _("Representation"),
    "translations": _("Translation"),
    "content": _("Content"),
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field as it was and as it is. `field` is a path such as `contexts[0].weight`."""

    field: str
    name: str  # what people call it
    before: Any
    after: Any
    before_text: str
    after_text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one object."""

    kind: str
    name: str
    label: str
    act: Act
    fields: tuple[FieldChange, ...]

    @property
    def kind_label(self) -> str:
        return str(Revision.Kind(self.kind).label)


def difference(
    environment: Environment,
    a: int,
    b: int,
    *,
    user: User | None = None,
    most: int | None = None,
) -> list[Change]:
    """What release `b` has otherwise than release `a`; 0 is the time before the first.

    For a person it is what they may see of it. With `most`, only so many are put into words.
    """
    keys = differing(environment, a, b, user=user)[:most]
    return changes_between(environment, a, b, keys, user=user)


def changes_between(
    environment: Environment, a: int, b: int, keys: Sequence[Key], *, user: User | None = None
) -> list[Change]:
    before, after = (releasing.live_bodies(environment, number, keys=keys) for number in (a, b))
    veil = veil_of(environment, user)
    return [veiled(change, veil) for change in changes(environment, before, after)]


def differing(environment: Environment, a: int, b: int, *, user: User | None = None) -> list[Key]:
    """The objects that are otherwise in one release than in another, as far as a person sees them.

    In the order of kinds and names. What is hidden in either of the two is hidden.
    """
    low, high = min(a, b), max(a, b)
    revisions = Revision.objects.filter(environment=environment)
    ended = revisions.of_release(low).filter(until__lte=high)
    begun = revisions.of_release(high).filter(since__gt=low)
    digests = [
        {(kind, name): digest for kind, name, digest in rows.values_list("kind", "name", "digest")}
        for rows in (ended, begun)
    ]
    keys = {key for key in {*digests[0], *digests[1]} if digests[0].get(key) != digests[1].get(key)}
    veil = veil_of(environment, user)
    if not veil.is_open:
        for number, touched in ((low, ended), (high, begun)):
            around = revisions.of_release(number).filter(kind=Kind.CATEGORY)
            keys -= veil.hidden_among(what_hides(touched | around))
    return sorted(keys, key=lambda key: (ORDER[key[0]], key[1]))


def what_would_change(environment: Environment, offers: list[Offer]) -> list[Change]:
    """What is live against what would be if these offers, read `with_parts()`, went live now."""
    after = gather(environment, offers=offers).bodies
    before = releasing.live_bodies(environment, keys=list(after))
    found = changes(environment, before, after)
    mine = {key_of(offer) for offer in offers}
    return sorted(found, key=lambda change: (change.kind, change.name) not in mine)


def changes(environment: Environment, before: Bodies, after: Bodies) -> list[Change]:
    """What became of each object, in the order of kinds and names. Sentences are the reader's."""
    told = environment_labels(environment)
    keys = sorted({*before, *after}, key=lambda key: (ORDER[key[0]], key[1]))
    return [
        change_of(key, before.get(key), after.get(key), told)
        for key in keys
        if before.get(key) != after.get(key)
    ]


ORDER: Mapping[str, int] = {
    str(kind): number
    for number, kind in enumerate(
        (
            Kind.OFFER,
            Kind.FALLBACK_OFFER,
            Kind.CATEGORY,
            Kind.PRESENTATION_RULE,
            Kind.FILTER,
            Kind.SPACE,
            Kind.ENVIRONMENT,
            Kind.CONTENT_FIELD,
            Kind.ATTRIBUTE,
        )
    )
}


def change_of(key: Key, before: Body | None, after: Body | None, told: Labels) -> Change:
    kind, name = key
    label = str((after or before or {}).get("label") or name)
    if before is None or after is None:
        return Change(kind, name, label, "added" if before is None else "removed", ())
    was, became = dict(leaves(before)), dict(leaves(after))
    paths = [*was, *(path for path in became if path not in was)]
    fields = tuple(
        FieldChange(
            field=path,
            name=name_of(kind, path),
            before=was.get(path),
            after=became.get(path),
            before_text=text_of(path, was.get(path), told),
            after_text=text_of(path, became.get(path), told),
        )
        for path in paths
        if was.get(path) != became.get(path)
    )
    return Change(kind, name, label, "changed", fields)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value of a body, by its path; what is empty has none."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        identity = IDENTITIES.get(path.rpartition(".")[2])
        for number, each in enumerate(value):
            yield from leaves(each, f"{path}[{each[identity] if identity else number}]")
    elif value not in (None, "", []):
        yield path, value


def text_of(path: str, value: Any, told: Labels) -> str:
    """A value as people read it: a rule as a sentence, the rest as it is written."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if path.rpartition(".")[2] in RULES and isinstance(value, str):
        try:
            return sentence(parse(value), language(), told)
        except BadRule:
            return value
    return str(value)


def name_of(kind: str, path: str) -> str:
    """What people call a field: `contexts[0].filter` is “Weight 1: filter”."""
    part, _dot, rest = path.partition(".")
    found = re.fullmatch(r"(\w+)\[(.+)\]", part)
    if found:
        number = found[2] if not found[2].isdigit() else str(int(found[2]) + 1)
        head = f"{PART_NAMES.get(found[1], found[1])} {number}"
        if not rest or (found[1] == "contexts" and rest == "weight"):
            return head
        return f"{head}: {field_name(PARTS.get(found[1]), rest)}"
    if part in PART_NAMES and rest:
        return field_name(None, rest)
    return field_name(MODELS.get(kind), path)


def field_name(model: type[Any] | None, path: str) -> str:
    last = path.rpartition(".")[2]
    if last in BUILT_IN_FIELDS:
        return str(BUILT_IN_FIELDS[last][1])
    fields = {field.name: field for field in model._meta.get_fields()} if model else {}
    return str(getattr(fields.get(last), "verbose_name", last.replace("_", " ")))


# --- who may see what of it ---


def veiled(change: Change, veil: Veil) -> Change:
    """A change without the names of what is hidden."""
    if change.kind != Kind.SPACE or veil.is_open:
        return change
    return replace(change, fields=tuple(veiled_field(field, veil) for field in change.fields))


def veiled_field(field: FieldChange, veil: Veil) -> FieldChange:
    hidden = hidden_word()
    if veil.hides(field.field, field.before):
        field = replace(field, before=hidden, before_text=hidden)
    if veil.hides(field.field, field.after):
        field = replace(field, after=hidden, after_text=hidden)
    return field


def visible(environment: Environment, bodies: Bodies, user: User | None) -> Bodies:
    """Those of one release that a person may see; its categories are among them."""
    hidden = veil_of(environment, user).hidden_among(bodies)
    return {key: body for key, body in bodies.items() if key not in hidden}
