"""Who stands in the way of a deletion, and what it takes out of live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.journal import Actor, record
from catalog import releasing
from catalog.gathering import Kind
from catalog.models import (
    Category,
    Context,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Representation,
    Space,
)
from catalog.naming import users_of_filters
from catalog.problems import StillUsed
from catalog.rows import Row, shape_of
from catalog.shapes import body_of
from catalog.telling import told

NAMED = 10  # of those in the way


def forget(row: Row, verb: str, *, by: Actor, at: datetime, comment: str = "") -> None:
    """Delete a row that nothing uses, and keep in the journal what its form was."""
    _was, before = told(None, body_of(shape_of(row)))
    record(verb, row, by=by, at=at, before=before, comment=comment)
    row.delete()


def out_of_live(
    environment: Environment,
    kind: Kind,
    names: Sequence[str],
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> None:
    """Make the release without these, where they are live; raises StillUsed."""
    try:
        releasing.remove(environment, kind, names, by=by, at=at, comment=comment)
    except releasing.StillLive as refusal:
        raise StillUsed(str(refusal)) from refusal


def listed(names: Iterable[str]) -> str:
    """The first few of those in the way."""
    found = sorted(set(names))
    more = len(found) - NAMED
    text = ", ".join(found[:NAMED])
    if more > 0:
        text += ngettext(" and %(more)s other", " and %(more)s others", more) % {"more": more}
    return text


def check_space_unused(space: Space) -> None:
    represented = Representation.objects.filter(space=space).values_list("offer__code", flat=True)
    weighed = Context.objects.filter(space=space).values_list("offer__code", flat=True)
    if offers := {*represented, *weighed}:
        raise StillUsed(_("These offers use it: %(offers)s.") % {"offers": listed(offers)})
    linked = Space.objects.filter(anonymous_space=space).values_list("name", flat=True)
    if linked:
        raise StillUsed(
            _("These spaces pass unidentified people on to it: %(spaces)s.")
            % {"spaces": listed(linked)}
        )


def check_category_unused(category: Category) -> None:
    below = Category.objects.filter(parent=category).values_list("name", flat=True)
    if below:
        raise StillUsed(
            _("These categories stand below it: %(categories)s.") % {"categories": listed(below)}
        )
    offers = Offer.objects.filter(category=category).values_list("code", flat=True)
    if offers:
        raise StillUsed(_("These offers stand in it: %(offers)s.") % {"offers": listed(offers)})
    spaces = Space.objects.filter(default_category=category).values_list("name", flat=True)
    if spaces:
        raise StillUsed(
            _("It is the default category of these spaces: %(spaces)s.")
            % {"spaces": listed(spaces)}
        )


def check_fallback_offer_unused(offer: Offer) -> None:
    spaces = Space.objects.filter(fallback_offer=offer).values_list("name", flat=True)
    if spaces:
        raise StillUsed(
            _("It is the fallback offer of these spaces: %(spaces)s.") % {"spaces": listed(spaces)}
        )


def check_filter_unused(row: Filter) -> None:
    users = users_of_filter(row)
    if users:
        raise StillUsed(_("These ask it: %(users)s.") % {"users": listed(users)})


def users_of_filter(row: Filter) -> list[str]:
    """The names and codes of what asks a predefined filter itself."""
    environment = row.environment
    using = users_of_filters(environment, [row.name])
    return [
        *([environment.name] if using.environment else []),
        *sorted(using.filters),
        *Category.objects.filter(pk__in=using.categories).values_list("name", flat=True),
        *Offer.objects.filter(pk__in=using.offers).values_list("code", flat=True),
        *PresentationRule.objects.filter(pk__in=using.rules).values_list("name", flat=True),
        *Space.objects.filter(pk__in=using.spaces).values_list("name", flat=True),
    ]
