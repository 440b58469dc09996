"""What a person may not see of what is live, and of what was in former releases.

A label hides its object from the moment it stands in design: nobody has to publish it first. What
carried a label in a release is hidden there for good, whatever it carries now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.journal import Actor
from accounts.models import AccessLabel, User, labels_missing
from catalog.models import Category, Environment, Offer, OfferTemplate, Revision, RevisionQuerySet
from catalog.models.categories import hidden_categories
from catalog.shapes import SpaceShape

Key = tuple[str, str]
Bodies = Mapping[Key, Mapping[str, Any]]
Kind = Revision.Kind
# What a space names that may be hidden, by the field in which it does.
NAMED_BY_SPACES: Mapping[str, str] = {
    "fallback_offer": Kind.FALLBACK_OFFER,
    "default_category": Kind.CATEGORY,
}


@dataclass(frozen=True)
class Veil:
    """The labels that a person holds (None: all there are), and what design hides from them."""

    held: frozenset[str] | None = None
    hidden: frozenset[Key] = frozenset()

    @property
    def is_open(self) -> bool:
        return self.held is None

    def hidden_among(self, bodies: Bodies) -> set[Key]:
        """Those of one release that the person may not see; its categories are among them."""
        if self.held is None:
            return set()
        parents = {
            name: body.get("parent") for (kind, name), body in bodies.items() if kind == "category"
        }
        bare = {name for name in parents if self.covers((Kind.CATEGORY, name), bodies)}

        def is_below(name: str | None) -> bool:
            steps = 0
            while name is not None and steps <= len(parents):
                if name in bare or (Kind.CATEGORY, name) in self.hidden:
                    return True
                name, steps = parents.get(name), steps + 1
            return False

        return {
            key
            for key, body in bodies.items()
            if self.covers(key, bodies) or is_below(body.get("category") or body.get("parent"))
        }

    def covers(self, key: Key, bodies: Bodies) -> bool:
        """Whether an object is hidden by itself, wherever it stands."""
        carried = set(bodies[key].get("access_labels") or ())
        return key in self.hidden or bool(carried - (self.held or frozenset()))

    # --- what spaces name ---

    def hides(self, field: str, name: str | None) -> bool:
        """Whether a space names something hidden there."""
        kind = NAMED_BY_SPACES.get(field)
        return kind is not None and name is not None and (kind, name) in self.hidden

    def without_names(self, space: SpaceShape, instead: str | None = None) -> SpaceShape:
        """A space that does not name what is hidden."""
        found = [name for name in NAMED_BY_SPACES if self.hides(name, getattr(space, name))]
        return space.model_copy(update=dict.fromkeys(found, instead)) if found else space

    def with_names_of(self, before: SpaceShape, space: SpaceShape) -> SpaceShape:
        """A space as somebody wants it who could not name what it named before."""
        kept = {
            name: getattr(before, name)
            for name in NAMED_BY_SPACES
            if getattr(space, name) is None and self.hides(name, getattr(before, name))
        }
        return space.model_copy(update=kept) if kept else space


def what_hides(revisions: RevisionQuerySet) -> Bodies:
    """Of each revision what a veil asks about: bodies are long, and there are thousands."""
    return {
        (kind, name): dict(zip(WHAT_HIDES, said, strict=True))
        for kind, name, *said in revisions.values_list(
            "kind", "name", *(f"body__{name}" for name in WHAT_HIDES)
        )
    }


WHAT_HIDES = ("access_labels", "category", "parent")


def hidden_word() -> str:
    """What stands in the place of a name that somebody may not see."""
    return _("one you may not see")


def person_of(by: Actor) -> User | None:
    """Whose labels count: a program has those of whoever made its key; the console has all."""
    return by if by is None or isinstance(by, User) else by.created_by


def veil_of(environment: Environment, user: User | None) -> Veil:
    """What an environment that a person may see still hides from them; None is the console."""
    if user is None or user.is_administrator:
        return Veil()
    held = AccessLabel.objects.held_by(user).values_list("code", flat=True)
    return Veil(frozenset(held), frozenset(hidden_in_design(environment, user)))


def templates_seen(
    templates: Iterable[OfferTemplate], environment: Environment, user: User
) -> list[OfferTemplate]:
    """Those that say nothing of what the person may not see."""
    if user.is_administrator:
        return list(templates)
    held = set(AccessLabel.objects.held_by(user).values_list("code", flat=True))
    seen = Category.objects.visible_to(user).filter(environment=environment)
    categories = {None, "", *seen.values_list("name", flat=True)}
    return [
        each
        for each in templates
        if set(each.form.get("access_labels") or ()) <= held
        and each.form.get("category") in categories
    ]


def hidden_in_design(environment: Environment, user: User) -> Iterable[Key]:
    if not labels_missing(user).exists():
        return
    categories = Category.objects.filter(environment=environment, pk__in=hidden_categories(user))
    for name in categories.values_list("name", flat=True):
        yield (Kind.CATEGORY, name)
    offers = Offer.objects.filter(environment=environment).filter(
        Q(access_labels__in=labels_missing(user)) | Q(category__in=hidden_categories(user))
    )
    for kind, code in offers.values_list("kind", "code"):
        yield (Kind.OFFER if kind == Offer.Kind.OFFER else Kind.FALLBACK_OFFER, code)
