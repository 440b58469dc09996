"""Suspending, activating and archiving coupons: one, or those that are ticked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.actions.granting import Stale
from accounts.rights import Right
from coupons.actions import coupons as actions
from coupons.actions.refusing import NotInState, StillUsed
from coupons.models import Coupon, Reservation
from coupons.views.letting import allowed, find_coupon
from offers_site.http import StaffRequest, ask_and_act, picked_rows, render_confirmation

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

REFUSALS = (NotInState, StillUsed, Stale)
MOST_NAMED = 10


@dataclass(frozen=True)
class Words:
    """How a page speaks of a move."""

    title: _StrOrPromise
    consequence: _StrOrPromise
    verb: _StrOrPromise
    done: _StrOrPromise
    danger: bool = False


WORDS: Mapping[str, Words] = {
    Coupon.Status.SUSPENDED: Words(
        gettext_lazy("Suspend %(coupon)s?"),
        gettext_lazy(
            "Nobody can redeem it, and no delivery gets codes of it, until it is activated again."
        ),
        gettext_lazy("Suspend"),
        gettext_lazy("%(coupon)s is suspended."),
        danger=True,
    ),
    Coupon.Status.ACTIVE: Words(
        gettext_lazy("Activate %(coupon)s?"),
        gettext_lazy("It can be redeemed and given out at once, within its dates."),
        gettext_lazy("Activate"),
        gettext_lazy("%(coupon)s is active."),
    ),
    Coupon.Status.ARCHIVED: Words(
        gettext_lazy("Archive %(coupon)s?"),
        gettext_lazy(
            "It is only read from then on: nothing of it can be redeemed, given out or changed. "
            "This cannot be undone."
        ),
        gettext_lazy("Archive"),
        gettext_lazy("%(coupon)s is archived."),
        danger=True,
    ),
}


def one(request: StaffRequest, code: str, status: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    words, names = WORDS[status], {"coupon": coupon}
    return ask_and_act(
        request,
        lambda: actions.set_status(coupon, status, by=request.user, at=now()),
        refusals=REFUSALS,
        title=str(words.title) % names,
        consequence=str(words.consequence),
        verb=str(words.verb),
        back=coupon.get_absolute_url(),
        done=str(words.done) % names,
        danger=words.danger,
        facts=lambda: waiting_for(coupon),
    )


def waiting_for(coupon: Coupon) -> list[tuple[str, str]]:
    """Deliveries that hold codes of it, for whoever decides."""
    names = Reservation.objects.filter(coupon=coupon, ended_at=None).order_by("delivery")
    found = list(names.values_list("delivery", flat=True).distinct()[: MOST_NAMED + 1])
    if not found:
        return []
    more = ", …" if len(found) > MOST_NAMED else ""
    return [(_("Deliveries with codes of it"), ", ".join(found[:MOST_NAMED]) + more)]


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def coupon_suspend(request: StaffRequest, code: str) -> HttpResponse:
    return one(request, code, Coupon.Status.SUSPENDED)


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def coupon_activate(request: StaffRequest, code: str) -> HttpResponse:
    return one(request, code, Coupon.Status.ACTIVE)


@require_http_methods(["GET", "POST"])
@allowed(Right.ARCHIVE_COUPON)
def coupon_archive(request: StaffRequest, code: str) -> HttpResponse:
    return one(request, code, Coupon.Status.ARCHIVED)


# --- those that are ticked ---


def many(request: StaffRequest, status: str) -> HttpResponse:
    visible = Coupon.objects.visible_to(request.user)
    coupons = list(visible.filter(code__in=picked_rows(request)).order_by("label", "pk"))
    if not coupons:
        messages.error(request, _("No coupon was selected."))
        return redirect("coupons:coupon-list")
    if request.method == "POST":
        move(request, coupons, status)
        return redirect("coupons:coupon-list")
    number = len(coupons)
    named = ngettext("%(number)d coupon", "%(number)d coupons", number) % {"number": number}
    more = ", …" if number > MOST_NAMED else ""
    names = ", ".join(str(coupon) for coupon in coupons[:MOST_NAMED]) + more
    return render_confirmation(
        request,
        title=str(WORDS[status].title) % {"coupon": named},
        consequence=str(WORDS[status].consequence),
        verb=str(WORDS[status].verb),
        back=reverse("coupons:coupon-list"),
        danger=WORDS[status].danger,
        facts=[(_("Coupons"), names)],
    )


def move(request: StaffRequest, coupons: list[Coupon], status: str) -> None:
    """Each for itself: one that cannot be moved does not keep the others."""
    moved = 0
    for coupon in coupons:
        try:
            moved += actions.set_status(coupon, status, by=request.user, at=now())
        except REFUSALS as refusal:
            messages.error(request, f"{coupon}: {refusal}")
    if moved:
        said = ngettext("%(number)d coupon is changed.", "%(number)d coupons are changed.", moved)
        messages.success(request, said % {"number": moved})


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def coupons_suspend(request: StaffRequest) -> HttpResponse:
    return many(request, Coupon.Status.SUSPENDED)


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def coupons_activate(request: StaffRequest) -> HttpResponse:
    return many(request, Coupon.Status.ACTIVE)


@require_http_methods(["GET", "POST"])
@allowed(Right.ARCHIVE_COUPON)
def coupons_archive(request: StaffRequest) -> HttpResponse:
    return many(request, Coupon.Status.ARCHIVED)
