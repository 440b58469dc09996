"""How the design side stands to what is live, object by object, and what is live as forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog import releasing
from catalog.comparing import Change, change_of, leaves, name_of, text_of, visible
from catalog.gathering import Kind
from catalog.models import Environment, Revision
from catalog.shapes import Shape, body_of, digest_of, shape_of
from contacts.vocabulary import labels

Standing = Literal["never", "changed", "live"]
WORDS: Mapping[str, Any] = {
    "never": _("Never live"),
    "changed": _("Changed since live"),
    "live": _("Live"),
}


def standings(
    environment: Environment, kind: Kind, shapes: Mapping[str, Shape]
) -> dict[str, Standing]:
    """Of each form by name: was it ever live, and is what is live the same? One query."""
    keys = [(kind.value, name) for name in shapes]
    live = releasing.live_digests(environment, keys)
    return {name: standing(live.get((kind.value, name)), shape) for name, shape in shapes.items()}


def standing(live: str | None, shape: Shape) -> Standing:
    if live is None:
        return "never"
    return "live" if live == digest_of(body_of(shape)) else "changed"


def live_since(environment: Environment, kind: Kind) -> dict[str, int]:
    """The release since which each object of a kind is live as it is."""
    rows = Revision.objects.filter(environment=environment, kind=kind).current()
    return dict(rows.values_list("name", "since"))


def live_shapes(environment: Environment, kind: Kind, user: User) -> dict[str, Any]:
    """What is live of a kind, as far as a person may see it, by name."""
    kinds = {kind.value, Kind.ENVIRONMENT.value, Kind.CATEGORY.value}
    bodies = visible(releasing.live_bodies(environment, kinds=sorted(kinds)), user)
    return {name: shape_of(own, body) for (own, name), body in bodies.items() if own == kind}


def since_live(environment: Environment, kind: Kind, shape: Any) -> Change | None:
    """What design says otherwise than live; None where nothing differs, or nothing is live."""
    key = (kind.value, shape.name)
    before = releasing.live_bodies(environment, keys=[key]).get(key)
    after = body_of(shape)
    if before is None or before == after:
        return None
    return change_of(key, before, after, labels())


def facts_of(kind: Kind, shape: Shape, *, without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Everything that a form says, as words and values; rules as sentences."""
    told = labels()
    body = {name: value for name, value in body_of(shape).items() if name not in without}
    return [
        (capped(name_of(kind.value, path)), text_of(path, value, told))
        for path, value in leaves(body)
    ]


def capped(text: str) -> str:
    return text[:1].upper() + text[1:]
