"""What is live now, as far as a person may see it: read from the revisions of the release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.models import Environment, Revision, RevisionQuerySet
from catalog.veiling import Veil

CATEGORY = Revision.Kind.CATEGORY
OFFERS = (Revision.Kind.OFFER, Revision.Kind.FALLBACK_OFFER)


@dataclass(frozen=True)
class LiveCategories:
    """The categories of a release, by name: their bodies, in no order."""

    by_name: Mapping[str, Mapping[str, Any]]

    def chain(self, name: str | None) -> list[str]:
        """A category with all above it, the topmost first."""
        found: list[str] = []
        while name is not None and name in self.by_name and name not in found:
            found.append(name)
            name = self.by_name[name]["parent"]
        return found[::-1]

    def seen_through(self, veil: Veil) -> LiveCategories:
        hidden = veil.hidden_among({(CATEGORY, name): body for name, body in self.by_name.items()})
        return LiveCategories(
            {name: body for name, body in self.by_name.items() if (CATEGORY, name) not in hidden}
        )

    def subtrees(self) -> dict[str, list[str]]:
        """Each category with all below it."""
        found: dict[str, list[str]] = {}
        for name in self.by_name:
            for above in self.chain(name):
                found.setdefault(above, []).append(name)
        return found

    def options(self) -> list[tuple[str, str]]:
        """As a tree of choices: those below others moved in."""
        paths = sorted(
            (([self.by_name[each]["label"].casefold() for each in self.chain(name)]), name)
            for name in self.by_name
        )
        return [
            (name, "\u2003" * (len(path) - 1) + self.by_name[name]["label"]) for path, name in paths
        ]

    def labels(self) -> dict[str, str]:
        return {name: body["label"] for name, body in self.by_name.items()}

    def window_of(self, body: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
        """From when until when something in a category can be proposed."""
        bodies = [*(self.by_name[name] for name in self.chain(body.get("category"))), body]
        starts = [moment(each["start"]) for each in bodies if each.get("start")]
        ends = [moment(each["end"]) for each in bodies if each.get("end")]
        return max(starts, default=None), min(ends, default=None)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def current(environment: Environment) -> RevisionQuerySet:
    return Revision.objects.filter(environment=environment).current()


def live_categories(environment: Environment) -> LiveCategories:
    rows = current(environment).filter(kind=Revision.Kind.CATEGORY)
    return LiveCategories(dict(rows.values_list("name", "body")))


def visible_revisions(
    environment: Environment, veil: Veil, categories: LiveCategories
) -> RevisionQuerySet:
    """The live offers and fallback offers that a person may see."""
    revisions = current(environment).filter(kind__in=OFFERS)
    if veil.held is None:
        return revisions
    hidden = set(categories.by_name) - set(categories.seen_through(veil).by_name)
    names = {kind: [name for own, name in veil.hidden if own == kind] for kind in OFFERS}
    return (
        revisions.filter(body__access_labels__contained_by=sorted(veil.held))
        .exclude(kind=Revision.Kind.OFFER, body__category__in=sorted(hidden))
        .exclude(kind=OFFERS[0], name__in=names[OFFERS[0]])
        .exclude(kind=OFFERS[1], name__in=names[OFFERS[1]])
    )
