"""Who stands in the way of a deletion, and what it takes out of live."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.journal import Actor, record
from catalog import releasing
from catalog.blocking import blockers_of
from catalog.gathering import Kind
from catalog.models import (
    Category,
    Environment,
    Filter,
    Offer,
    PresentationRule,
    Space,
)
from catalog.naming import users_of_filters
from catalog.problems import StillUsed
from catalog.rows import Row, shape_of
from catalog.shapes import body_of
from catalog.telling import told
from catalog.veiling import person_of

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


def listed(names: Iterable[str], among: Iterable[str] | None = None) -> str:
    """The first few of those in the way; what stands `among` them and is not named is counted."""
    found = sorted(set(names))
    more = len({*found, *(found if among is None else among)}) - len(found[:NAMED])
    if not found:
        return _("some that you may not see")
    text = ", ".join(found[:NAMED])
    if more > 0:
        text += ngettext(" and %(more)s other", " and %(more)s others", more) % {"more": more}
    return text


def seen_by(rows: Any, by: Actor) -> Any:
    """Those that whoever asks may see: a refusal names no others."""
    person = person_of(by)
    return rows if person is None else rows.visible_to(person)


def listed_of(rows: Any, column: str, by: Actor) -> str:
    """The names of rows that are in the way, as far as whoever asks may see them; else nothing."""
    names = set(rows.values_list(column, flat=True))
    return listed(seen_by(rows, by).values_list(column, flat=True), names) if names else ""


def check_space_unused(space: Space, by: Actor) -> None:
    using = Q(representations__space=space) | Q(contexts__space=space)
    offers = Offer.objects.filter(using).distinct()
    if named := listed_of(offers, "code", by):
        raise StillUsed(_("These offers use it: %(offers)s.") % {"offers": named})
    linked = Space.objects.filter(anonymous_space=space).values_list("name", flat=True)
    if linked:
        raise StillUsed(
            _("These spaces pass unidentified people on to it: %(spaces)s.")
            % {"spaces": listed(linked)}
        )


def check_category_unused(category: Category, by: Actor) -> None:
    if named := listed_of(Category.objects.filter(parent=category), "name", by):
        raise StillUsed(
            _("These categories stand below it: %(categories)s.") % {"categories": named}
        )
    if named := listed_of(Offer.objects.filter(category=category), "code", by):
        raise StillUsed(_("These offers stand in it: %(offers)s.") % {"offers": named})
    spaces = Space.objects.filter(default_category=category).values_list("name", flat=True)
    if spaces:
        raise StillUsed(
            _("It is the default category of these spaces: %(spaces)s.")
            % {"spaces": listed(spaces)}
        )


def check_offers_unused(offers: Collection[Offer]) -> None:
    """Deliveries and whatever else stands above may need them."""
    if sentences := blockers_of(offers):
        raise StillUsed(" ".join(sentences))


def check_fallback_offer_unused(offer: Offer) -> None:
    spaces = Space.objects.filter(fallback_offer=offer).values_list("name", flat=True)
    if spaces:
        raise StillUsed(
            _("It is the fallback offer of these spaces: %(spaces)s.") % {"spaces": listed(spaces)}
        )


def check_filter_unused(row: Filter, by: Actor) -> None:
    environment = row.environment
    using = users_of_filters(environment, [row.name])
    categories = Category.objects.filter(pk__in=using.categories)
    offers = Offer.objects.filter(pk__in=using.offers)
    rules = PresentationRule.objects.filter(pk__in=using.rules).values_list("name", flat=True)
    spaces = Space.objects.filter(pk__in=using.spaces).values_list("name", flat=True)
    open_names = {*([environment.name] if using.environment else []), *using.filters}
    open_names |= {*rules, *spaces}
    names, seen = set(open_names), set(open_names)
    for rows, column in ((categories, "name"), (offers, "code")):
        names |= set(rows.values_list(column, flat=True))
        seen |= set(seen_by(rows, by).values_list(column, flat=True))
    if names:
        raise StillUsed(_("These ask it: %(users)s.") % {"users": listed(seen, names)})
