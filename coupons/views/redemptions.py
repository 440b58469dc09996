"""Every use of a coupon; redeeming by hand, and taking back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.rights import Right
from coupons.actions import redemptions as actions
from coupons.disclosing import eyes_of
from coupons.forms.redemptions import RedeemForm, RedemptionFilter, RollBackForm
from coupons.judging import Refused
from coupons.models import Code, Coupon, Redemption
from coupons.redeeming import AlreadyReversed, Use
from coupons.views.letting import allowed, find_code, find_coupon
from coupons.views.tabs import frame_of
from offers_site.http import StaffRequest, render_confirmation, render_form, render_page
from offers_site.idempotency import OtherBody
from offers_site.lists import Column, List

SCREEN = "screen"  # where a use comes from that somebody noted by hand

REDEMPTIONS = List(
    name="redemptions",
    template="coupons/redemption_list.html",
    columns=(
        Column(
            "redeemed_on",
            gettext_lazy("Date"),
            sort="redeemed_on",
            pinned=True,
            newest_first=True,
        ),
        Column("code", gettext_lazy("Code")),
        Column("state", gettext_lazy("State")),
        Column("customer", gettext_lazy("Customer")),
        Column("order_id", gettext_lazy("Order")),
        Column("store", gettext_lazy("Store")),
        Column("channel", gettext_lazy("Channel")),
        Column("amount", gettext_lazy("Amount"), numeric=True),
        Column("discount", gettext_lazy("Discount"), numeric=True),
        Column("remarks", gettext_lazy("Remarks")),
        Column("delivery", gettext_lazy("Delivery"), shown=False),
        Column("source", gettext_lazy("Source"), shown=False),
        Column("external_id", gettext_lazy("Ticket"), shown=False),
        Column("recorded_at", gettext_lazy("Recorded"), shown=False),
        Column("by", gettext_lazy("By"), shown=False),
    ),
    sort="-redeemed_on",
    filters=RedemptionFilter,
)


@require_GET
@allowed()
def redemption_list(request: StaffRequest, code: str) -> HttpResponse:
    coupon, at = find_coupon(request, code), now()
    uses = Redemption.objects.uses().filter(coupon=coupon)
    page = REDEMPTIONS.page(request, uses.select_related("code", "reversal", "by", "key"))
    context = frame_of(request, coupon, "redemption-list", at=at)
    context |= {
        "list": page,
        "may_redeem": request.user.has_perm(Right.REDEEM_CODES)
        and coupon.status == Coupon.Status.ACTIVE,
        "export_url": export_url(request, coupon),
    }
    return render_page(request, "coupons/redemption_list.html", context, fragment="list")


def export_url(request: StaffRequest, coupon: Coupon) -> str:
    if not request.user.has_perm("transfers.export_data"):
        return ""
    return f"{reverse('transfers:export-create')}?subject=redemptions&coupon={coupon.code}"


@require_http_methods(["GET", "POST"])
@allowed(Right.REDEEM_CODES)
def coupon_redeem(request: StaffRequest, code: str) -> HttpResponse:
    """A use of a coupon; of a pool, somebody types which code."""
    return redeem(request, find_coupon(request, code))


@require_http_methods(["GET", "POST"])
@allowed(Right.REDEEM_CODES)
def code_redeem(request: StaffRequest, pk: int) -> HttpResponse:
    code = find_code(request, pk)
    return redeem(request, code.coupon, code)


def redeem(request: StaffRequest, coupon: Coupon, code: Code | None = None) -> HttpResponse:
    has_code = code is not None or not coupon.is_individual
    form = RedeemForm(request.POST or None, has_code=has_code)
    if form.is_valid():
        text = form.cleaned_data.get("code") or (code.code if code else coupon.code)
        try:
            done = actions.redeem(use_of(form, coupon, text), by=request.user, at=now())
        except Refused as refusal:
            form.add_error("code" if "code" in form.fields else None, refusal.sentence)
        except OtherBody:
            form.add_error(None, _("This was sent before with other values. Begin again."))
        else:
            messages.success(request, _("The redemption is noted."))
            number = done.redemption.code_id
            if number is None:
                return redirect("coupons:redemption-list", coupon.code)
            return redirect("coupons:code-detail", number)
    context = {
        "form": form,
        "coupon": coupon,
        "code": code,
        "shown": eyes_of(request.user).code(code),
        "back": reverse("coupons:code-detail", args=[code.pk])
        if code
        else reverse("coupons:redemption-list", args=[coupon.code]),
    }
    return render_form(request, "coupons/redeem.html", context)


def use_of(form: RedeemForm, coupon: Coupon, text: str) -> Use:
    given = form.cleaned_data
    names = ("customer_key", "order_id", "store", "channel", "amount", "discount", "currency")
    return Use(
        code=text,
        coupon_code=coupon.code,
        source=SCREEN,
        external_id=str(given["name"]),
        comment=given["comment"],
        **{name: given[name] for name in names},
    )


@require_http_methods(["GET", "POST"])
@allowed(Right.ROLLBACK_REDEMPTION)
def redemption_roll_back(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    coupons = Coupon.objects.visible_to(request.user)
    uses = Redemption.objects.uses().select_related("coupon", "code")
    redemption = get_object_or_404(uses, pk=pk, coupon__in=coupons)
    back = back_from(redemption)
    form = RollBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.roll_back(
                redemption,
                reason=form.cleaned_data["reason"],
                source=SCREEN,
                by=request.user,
                at=now(),
            )
        except AlreadyReversed:
            messages.error(request, _("This redemption was taken back before."))
        else:
            messages.success(request, _("The redemption is taken back."))
        return redirect(back)
    return render_confirmation(
        request,
        title=_("Take this redemption back?"),
        consequence=_(
            "The use is given back. After the end of the coupon the code cannot be used again "
            "all the same. The redemption and its reversal stay in the history."
        ),
        verb=_("Take it back"),
        back=back,
        form=form,
        facts=[(_("Coupon"), str(redemption.coupon))],
    )


def back_from(redemption: Redemption) -> str:
    if redemption.code_id is not None:
        return reverse("coupons:code-detail", args=[redemption.code_id])
    return reverse("coupons:redemption-list", args=[redemption.coupon.code])
