"""What is live, changed at once: by hand, off line, on line, back to what it was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.journal import Actor, entry_of, record_all
from catalog import releasing
from catalog.actions.approvals import AlreadyDone, Outcome, publish_agreed
from catalog.approving import is_agreed
from catalog.gathering import Bodies, Gathered, Kind
from catalog.models import Category, Environment, Offer, Release, Space
from catalog.publishing import follow_switches, go_live, locked, remember
from catalog.readiness import NotReady, broken_rules
from catalog.shapes import EnvironmentShape, Package, shape_of
from catalog.surroundings import Surroundings, surroundings_of_new, with_package


class MovedOn(Exception):
    """Another release has been made since somebody looked."""


class CannotBeDisabled(Exception):
    """A fallback offer knows no conditions: a space names it, or does not."""


@transaction.atomic(durable=True)
def publish_design(
    environment: Environment,
    *,
    categories: Collection[Category] = (),
    spaces: Collection[Space] = (),
    everything: bool = False,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> Release | None:
    """Publish these categories and spaces by hand, or all; raises NotReady.

    The environment itself and its presentation rules go along; offers only go when approved.
    """
    environment = releasing.hold(environment)
    return go_live(
        environment,
        [],
        categories=[category.pk for category in categories],
        spaces=[space.name for space in spaces],
        everything=everything,
        by=by,
        at=at,
        comment=comment,
    )


@transaction.atomic(durable=True)
def publish_approved(offers: Collection[Offer], *, by: Actor, at: datetime) -> Outcome:
    """Publish approved offers of one environment that something has kept from going live."""
    outcome = Outcome()
    if not offers:
        return outcome
    environment = releasing.hold(next(iter(offers)).environment)
    for offer in locked([offer.pk for offer in offers if offer.environment_id == environment.pk]):
        if is_agreed(offer):
            outcome.done.append(offer)
        else:
            outcome.refused.append((offer, _("It is not approved on both sides.")))
    publish_agreed(environment, outcome, by=by, at=at)
    return outcome


# --- off line and on line ---


@transaction.atomic(durable=True)
def switch(
    rows: Sequence[Offer | Category],
    *,
    enabled: bool,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> Release | None:
    """Enable or disable offers or categories of one environment, in design and in live at once.

    Nothing else of what was edited goes live, and no approval is asked for. Raises AlreadyDone
    when neither side changes. No release when none of them is live.
    """
    environment = releasing.hold(rows[0].environment)
    model = type(rows[0])
    pks = [
        row.pk for row in rows if isinstance(row, model) and row.environment_id == environment.pk
    ]
    these = model._default_manager.filter(pk__in=pks).order_by("pk")
    held = cast(Sequence[Offer | Category], these.select_for_update(no_key=True))
    if any(isinstance(row, Offer) and row.is_fallback for row in held):
        raise CannotBeDisabled(_("A fallback offer is taken off a space, not disabled."))
    changed = [row.pk for row in held if row.enabled != enabled]
    model._default_manager.filter(pk__in=changed).update(
        enabled=enabled, changed_at=at, version=F("version") + 1
    )
    kind = Kind.OFFER if model is Offer else Kind.CATEGORY
    names = [name_of(row) for row in held]
    made = releasing.switch(
        environment, kind, names, enabled=enabled, by=by, at=at, comment=comment
    )
    if made is None and not changed:
        raise AlreadyDone(
            _("%(names)s: enabled already.") % {"names": ", ".join(names)}
            if enabled
            else _("%(names)s: disabled already.") % {"names": ", ".join(names)}
        )
    if kind == Kind.OFFER:
        remember(environment, [(kind, name) for name in names], made=made, at=at)
    verb = f"{kind.value}.{'enabled' if enabled else 'disabled'}"
    record_all([entry_of(verb, row, by=by, at=at, comment=comment) for row in held])
    return made


def name_of(row: Offer | Category) -> str:
    return row.code if isinstance(row, Offer) else row.name


# --- back ---


@transaction.atomic(durable=True)
def roll_back(
    environment: Environment,
    number: int,
    *,
    seen: int | None = None,
    comment: str = "",
    by: Actor,
    at: datetime,
) -> Release | None:
    """A new release with the content of release `number`; None when that is what is live.

    Raises NoSuchRelease, NotReady when a rule of then means nothing any more, and MovedOn when
    another release is live than was `seen`.
    """
    environment = releasing.hold(environment)
    if seen not in (None, environment.release_number):
        raise MovedOn(
            _("Release %(number)s has gone live meanwhile: look again at what would change.")
            % {"number": environment.release_number}
        )
    known = releasing.releases_of(environment).filter(number=number).exists()
    if not known:
        raise releasing.NoSuchRelease(_("There is no release %(number)s.") % {"number": number})
    bodies, gone = releasing.differing(environment, number)
    check_rules(environment, number, bodies)
    before = releasing.live_bodies(environment, keys=list(bodies))
    made = releasing.back_to(environment, number, bodies, gone, by=by, at=at, comment=comment)
    follow_switches(environment, before, bodies, at)
    remember(environment, {*bodies, *gone}, made=made, at=at)
    return made


def check_rules(environment: Environment, number: int, bodies: Bodies) -> None:
    shapes = {key: shape_of(key[0], body) for key, body in bodies.items()}
    if found := broken_rules(Gathered(shapes), surroundings_then(environment, number)):
        raise NotReady(found)


# What other forms are judged against.
AROUND = {Kind.CONTENT_FIELD, Kind.FILTER, Kind.SPACE, Kind.CATEGORY, Kind.FALLBACK_OFFER}


def surroundings_then(environment: Environment, number: int) -> Surroundings:
    """The names of a release, with the attributes that people have now."""
    bodies = releasing.live_bodies(environment, number, kinds=[Kind.ENVIRONMENT, *AROUND])
    shapes = {key: shape_of(key[0], body) for key, body in bodies.items()}
    (around,) = (one for one in shapes.values() if isinstance(one, EnvironmentShape))
    found: dict[str, tuple[object, ...]] = {
        FIELDS_OF_A_PACKAGE[kind]: tuple(one for key, one in shapes.items() if key[0] == kind)
        for kind in AROUND
    }
    package = Package(format="overture-catalog/1", environment=around).model_copy(update=found)
    return with_package(surroundings_of_new(around), package)


FIELDS_OF_A_PACKAGE = {
    Kind.CONTENT_FIELD: "content_fields",
    Kind.FILTER: "filters",
    Kind.SPACE: "spaces",
    Kind.CATEGORY: "categories",
    Kind.FALLBACK_OFFER: "fallback_offers",
}
