"""Which offers hand out the codes of a coupon: while one does, the coupon does not go away."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.journal import Actor
from catalog.deleting import listed, seen_by
from catalog.models import Environment, Offer, Revision
from catalog.veiling import person_of, veil_of, what_hides
from coupons.blocking import ask_before_retiring
from coupons.models import Coupon


@ask_before_retiring
def offers_with(coupon: Coupon, by: Actor) -> list[str]:
    """A sentence that names them, in design and in live; none when there is none."""
    designed = Offer.objects.filter(coupon=coupon)
    names = set(designed.values_list("code", flat=True))
    seen = set(seen_by(designed, by).values_list("code", flat=True))
    for code, is_seen in live_with(coupon, by):
        names.add(code)
        if is_seen:
            seen.add(code)
    if not names:
        return []
    return [_("These offers hand out its codes: %(offers)s.") % {"offers": listed(seen, names)}]


def live_with(coupon: Coupon, by: Actor) -> Iterable[tuple[str, bool]]:
    """The codes of the live offers, and whether that person may see each."""
    live = Revision.objects.current().filter(kind=Revision.Kind.OFFER, body__coupon=coupon.code)
    for pk in live.values_list("environment", flat=True).distinct():
        environment = Environment.objects.get(pk=pk)
        revisions = Revision.objects.current().filter(environment=environment)
        around = revisions.filter(kind=Revision.Kind.CATEGORY)
        bodies = what_hides(around | live.filter(environment=environment))
        person = person_of(by)
        hidden = veil_of(environment, person).hidden_among(bodies)
        shown = person is None or Environment.objects.visible_to(person).filter(pk=pk).exists()
        for kind, name in bodies:
            if kind == Revision.Kind.OFFER:
                yield name, shown and (kind, name) not in hidden
