"""Coupons: the list, the form, the page with its tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import JournalEntry
from accounts.rights import Right
from coupons.actions import coupons as actions
from coupons.actions.refusing import FieldRefused, NotInState, StillUsed
from coupons.forms.coupons import CouponCreateForm, CouponForm
from coupons.forms.editing import CouponEditForm
from coupons.forms.lists import CouponFilter, coupon_filter
from coupons.models import Coupon, CouponUse
from coupons.models.folders import labels_of
from coupons.projecting import exhaustion_of
from coupons.reporting import is_low
from coupons.stock import stocks_of
from coupons.views.letting import allowed, find_coupon
from coupons.views.tabs import frame_of
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Bulk, Column, List, ListPage

T = TypeVar("T")

COUPONS = List(
    name="coupons",
    template="coupons/coupon_list.html",
    columns=(
        Column("label", gettext_lazy("Label"), sort="label", pinned=True),
        Column("code", gettext_lazy("Code"), sort="code"),
        Column("type", gettext_lazy("Type"), sort="type"),
        Column("start", gettext_lazy("Start"), sort="start_at"),
        Column("end", gettext_lazy("End"), sort="end_at"),
        Column("status", gettext_lazy("Status"), sort="status"),
        Column("available", gettext_lazy("Available"), numeric=True),
        Column("reserved", gettext_lazy("Reserved"), numeric=True),
        Column("issued", gettext_lazy("Assigned"), numeric=True),
        Column("redeemed", gettext_lazy("Redeemed"), numeric=True),
        Column("folder", gettext_lazy("Folder"), sort="folder__path", shown=False),
        Column("owner", gettext_lazy("Owner"), shown=False),
        Column("tags", gettext_lazy("Tags"), shown=False),
        Column("access_labels", gettext_lazy("Access labels"), shown=False),
        Column(
            "changed_at", gettext_lazy("Changed"), sort="changed_at", newest_first=True, shown=False
        ),
    ),
    sort="-changed_at",
    filters=CouponFilter,
    bulk=(
        Bulk("suspend", gettext_lazy("Suspend"), "coupons:coupons-suspend", Right.CHANGE_COUPON),
        Bulk("activate", gettext_lazy("Activate"), "coupons:coupons-activate", Right.CHANGE_COUPON),
        Bulk("archive", gettext_lazy("Archive"), "coupons:coupons-archive", Right.ARCHIVE_COUPON),
    ),
    row_key="code",
)


@require_GET
@allowed()
def coupon_list(request: StaffRequest) -> HttpResponse:
    coupons = Coupon.objects.visible_to(request.user).for_coupon_list()
    definition = replace(COUPONS, filters=coupon_filter(request.user))
    page = definition.page(request, coupons)
    context = {
        "list": page,
        "stocks": stocks_on(page),
        "export_url": export_url(request, page),
    }
    return render_page(request, "coupons/coupon_list.html", context, fragment="list")


def stocks_on(page: ListPage[Coupon]) -> dict[str, dict[str, Any]]:
    """The stock of each pool on the page, and how often anonymous coupons were used."""
    pools = {coupon.pk: coupon for coupon in page.rows if coupon.is_individual}
    stocks = stocks_of(pools)
    found: dict[str, dict[str, Any]] = {
        coupon.code: {**stocks[pk], "is_low": is_low(coupon, stocks[pk])}
        for pk, coupon in pools.items()
    }
    others = {coupon.pk: coupon.code for coupon in page.rows if not coupon.is_individual}
    for pk, used in CouponUse.objects.used_of(others).items():
        found[others[pk]] = {"redeemed": used}
    return found


def export_url(request: StaffRequest, page: ListPage[Coupon]) -> str:
    if not request.user.has_perm("transfers.export_data"):
        return ""
    query = f"?subject=coupons&sort={page.sort}"
    return reverse("transfers:export-create") + query


@require_GET
@allowed()
def coupon_detail(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    at = now()
    context = frame_of(request, coupon, "coupon-detail", at=at)
    context["exhaustion"] = exhaustion_of(coupon, context["stock"], at=at)
    context["used"] = CouponUse.objects.used_of([coupon.pk])[coupon.pk]
    return render(request, "coupons/coupon_detail.html", context)


@require_GET
@allowed()
def coupon_others(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    context = frame_of(request, coupon, "coupon-others", at=now())
    context["folder_labels"] = labels_of(coupon.folder) if coupon.folder else ()
    return render(request, "coupons/coupon_others.html", context)


@require_GET
@allowed(Right.VIEW_JOURNAL)
def coupon_journal(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    context = frame_of(request, coupon, "coupon-journal", at=now())
    entries = JournalEntry.objects.about("coupons.coupon", str(coupon.public_id))
    context["entries"] = entries.visible_to(request.user).for_journal_list()[:MOST_ENTRIES]
    return render(request, "coupons/coupon_journal.html", context)


MOST_ENTRIES = 100


# --- writing ---


@require_http_methods(["GET", "POST"])
@allowed(Right.ADD_COUPON)
def coupon_create(request: StaffRequest) -> HttpResponse:
    form = CouponCreateForm(request.POST or None, initial=fresh(request), user=request.user)
    if form.is_valid() and (coupon := create(request, form)):
        messages.success(request, _("%(coupon)s is saved, and in use.") % {"coupon": coupon})
        if coupon.is_individual:  # which has no codes yet
            return redirect("coupons:code-list", coupon.code)
        return redirect(coupon)
    return render_form(request, "coupons/coupon_create.html", {"form": form})


def fresh(request: StaffRequest) -> dict[str, Any]:
    """With what a new form begins: a code that is free, and whose zone the days are in."""
    if request.method == "POST":
        return {}
    code = actions.propose_code()
    return {
        "code": code,
        "proposed": code,
        "timezone": get_current_timezone_name(),
        "max_redemptions_per_code": 1,
    }


def create(request: StaffRequest, form: CouponCreateForm) -> Coupon | None:
    def act() -> Coupon:
        return actions.create_coupon(
            values_of(form),
            code=form.typed_code,
            labels=form.labels or (),
            by=request.user,
            at=now(),
        )

    return tried(form, act)


def values_of(form: CouponForm, was: Coupon | None = None) -> dict[str, Any]:
    """What the form says. How often each code may be used says nothing of an anonymous coupon."""
    values = form.values
    if values["type"] == Coupon.Type.ANONYMOUS:
        values["max_redemptions_per_code"] = (
            was.max_redemptions_per_code if was is not None and not was.is_individual else None
        )
    return values


def tried(form: CouponForm, act: Callable[[], T]) -> T | None:
    """What `act` gives, or nothing when it refuses and the form says why."""
    try:
        return act()
    except FieldRefused as refusal:
        form.refuse(refusal.name, str(refusal))
    except (Stale, NotInState, MayNotGrant) as refusal:
        form.add_error(None, str(refusal))
    return None


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def coupon_edit(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    if coupon.status == Coupon.Status.ARCHIVED:
        messages.error(request, _("An archived coupon is only read."))
        return redirect(coupon)
    form = CouponEditForm(request.POST or None, coupon=coupon, user=request.user)
    if form.is_valid() and edit(request, coupon, form):
        messages.success(request, _("The changes are saved."))
        return redirect("coupons:coupon-detail", form.cleaned_data["code"])
    return render_form(request, "coupons/coupon_edit.html", {"form": form, "coupon": coupon})


def edit(request: StaffRequest, coupon: Coupon, form: CouponEditForm) -> bool:
    given = form.cleaned_data
    deliveries = actions.needing(coupon, end_at=given["end_at"])
    if deliveries and not given["shortens"]:
        form.ask_to_shorten(deliveries)
        return False

    def act() -> bool:
        actions.edit_coupon(
            coupon,
            {**values_of(form, coupon), "code": given["code"]},
            version=given["version"],
            labels=form.labels,
            by=request.user,
            at=now(),
        )
        return True

    return bool(tried(form, act))


@require_http_methods(["GET", "POST"])
@allowed(Right.ADD_COUPON)
def coupon_duplicate(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    made: list[Coupon] = []
    answer = ask_and_act(
        request,
        lambda: made.append(actions.duplicate_coupon(coupon, by=request.user, at=now())),
        refusals=(FieldRefused, MayNotGrant),
        title=_("Duplicate %(coupon)s?") % {"coupon": coupon},
        consequence=_(
            "The copy has the same settings and a code of its own, but no codes, and it counts "
            "its uses from nothing."
        ),
        verb=_("Duplicate the coupon"),
        danger=False,
        back=coupon.get_absolute_url(),
        done=_("The copy is made: give it a name of its own."),
    )
    return redirect("coupons:coupon-edit", made[0].code) if made else answer


@require_http_methods(["GET", "POST"])
@allowed(Right.ARCHIVE_COUPON)
def coupon_delete(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_coupon(request, code)
    return ask_and_act(
        request,
        lambda: actions.delete_coupon(coupon, by=request.user, at=now()),
        refusals=(StillUsed, Stale),
        title=_("Delete %(coupon)s for good?") % {"coupon": coupon},
        consequence=_(
            "Only a coupon that was never given out, reserved or used can be deleted. Its codes "
            "are deleted with it."
        ),
        verb=_("Delete the coupon"),
        back=coupon.get_absolute_url(),
        then=reverse("coupons:coupon-list"),
        done=_("%(coupon)s is deleted.") % {"coupon": coupon},
    )
