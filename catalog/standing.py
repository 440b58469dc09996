"""How the design side stands to what is live, object by object, and what is live as forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog import releasing
from catalog.comparing import Change, change_of, leaves, name_of, text_of, visible
from catalog.contentwords import language_label
from catalog.gathering import Kind
from catalog.models import (
    Channel,
    Environment,
    PresentationRule,
    Revision,
    Status,
    TiePolicy,
)
from catalog.shapes import Shape, body_of, digest_of, shape_of
from catalog.wordbook import environment_labels

Standing = Literal["never", "changed", "live"]
WORDS: Mapping[str, Any] = {
    "never": gettext_lazy("Never live"),
    "changed": gettext_lazy("Changed since live"),
    "live": gettext_lazy("Live"),
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
    bodies = visible(environment, releasing.live_bodies(environment, kinds=sorted(kinds)), user)
    return {name: shape_of(own, body) for (own, name), body in bodies.items() if own == kind}


def since_live(environment: Environment, kind: Kind, shape: Any) -> Change | None:
    """What design says otherwise than live; None where nothing differs, or nothing is live."""
    key = (kind.value, shape.name)
    before = releasing.live_bodies(environment, keys=[key]).get(key)
    after = body_of(shape)
    if before is None or before == after:
        return None
    return change_of(key, before, after, environment_labels(environment))


# What is shown in a place of its own, or says nothing of itself.
APART = frozenset({"name", "label", "description", "call_data", "samples", "fields", "render"})
WORDS_OF_VALUES: Mapping[str, Mapping[str, Any]] = {
    "audience": dict(Environment.People.choices),
    "channel": {**dict(Channel.choices), PresentationRule.ALL: gettext_lazy("All channels")},
    "tie_policy": dict(TiePolicy.choices),
    "status_on_proposition": {each.word: each.label for each in Status},
    "status_on_acceptance": {each.word: each.label for each in Status},
}
WORDS_OF_FIELDS: Mapping[str, Any] = {"audience": gettext_lazy("People")}


def facts_of(
    environment: Environment, kind: Kind, shape: Shape, *, without: Collection[str] = ()
) -> list[tuple[str, str]]:
    """What a form says, as words and values; rules as sentences, and nothing of what is not so."""
    told = environment_labels(environment)
    hidden = APART | set(without)
    body = {name: value for name, value in body_of(shape).items() if name not in hidden}
    return [
        (
            str(WORDS_OF_FIELDS.get(path) or capped(name_of(kind.value, path))),
            value_in_words(path, value, text_of(path, value, told)),
        )
        for path, value in leaves(body)
        if value is not False
    ]


def value_in_words(path: str, value: Any, text: str) -> str:
    if value is True:
        return _("yes")
    if path == "language":
        return language_label(value)
    if path in WORDS_OF_VALUES:
        return str(WORDS_OF_VALUES[path].get(value, value))
    return text


def capped(text: str) -> str:
    return text[:1].upper() + text[1:]
