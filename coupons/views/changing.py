"""Voiding, putting back and deleting codes: those that are ticked, or all that a filter shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.rights import Right
from coupons import wording
from coupons.actions import codes as actions
from coupons.browsing import choose
from coupons.forms.codes import ReasonForm, filter_of
from coupons.models import Batch, BulkChange, Code, Coupon, Standing
from coupons.outcomes import Done
from coupons.views.codes import batches_of, segments_of, wanted_of
from coupons.views.letting import allowed, find_pool
from offers_site.filters import ListFilter, display, is_nothing, valid_part
from offers_site.http import StaffRequest, picked_rows, render_confirmation

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Status = Standing.Status


@dataclass(frozen=True)
class Way:
    """One thing that can be done to codes, and how a page speaks of it."""

    kind: BulkChange.Kind
    act: Callable[..., Done]
    statuses: tuple[str, ...]  # of all that a filter shows, those that it can be done to
    title: Any
    consequence: _StrOrPromise
    verb: _StrOrPromise
    done: Any
    asks_why: bool = True
    danger: bool = True


WAYS: Mapping[str, Way] = {
    "void": Way(
        BulkChange.Kind.VOID,
        actions.void_codes,
        (Status.AVAILABLE, Status.RESERVED, Status.ISSUED),
        ngettext_lazy("Void %(number)s code?", "Void %(number)s codes?", "count"),
        gettext_lazy(
            "Nobody can use them any more, whoever has them. A delivery that has reserved one "
            "must be prepared again."
        ),
        gettext_lazy("Void the codes"),
        ngettext_lazy("%(number)s code is voided.", "%(number)s codes are voided.", "count"),
    ),
    "put-back": Way(
        BulkChange.Kind.PUT_BACK,
        actions.put_back_codes,
        (Status.VOID,),
        ngettext_lazy("Put %(number)s code back?", "Put %(number)s codes back?", "count"),
        gettext_lazy("Voided codes that were never given to anybody become available again."),
        gettext_lazy("Put the codes back"),
        ngettext_lazy(
            "%(number)s code is available again.", "%(number)s codes are available again.", "count"
        ),
        danger=False,
    ),
    "delete": Way(
        BulkChange.Kind.DELETE,
        actions.delete_codes,
        (Status.AVAILABLE,),
        ngettext_lazy("Delete %(number)s code?", "Delete %(number)s codes?", "count"),
        gettext_lazy(
            "Only available codes are deleted. The same code may then be added again; whoever "
            "wants to keep it from being used voids it."
        ),
        gettext_lazy("Delete the codes"),
        ngettext_lazy("%(number)s code is deleted.", "%(number)s codes are deleted.", "count"),
        asks_why=False,
    ),
}


def counted(words: Any, number: int) -> str:
    return str(words % {"count": number, "number": number_format(number, force_grouping=True)})


# --- those that are ticked ---


def ticked(request: StaffRequest, name: str) -> HttpResponse:
    way = WAYS[name]
    codes = codes_ticked(request)
    if not codes:
        messages.error(request, _("No code was selected."))
        return redirect("coupons:coupon-list")
    coupon = codes[0].coupon
    pks = [code.pk for code in codes]
    back = back_to(coupon)
    form = ReasonForm(request.POST or None) if way.asks_why else None
    if request.method == "POST" and (form is None or form.is_valid()):
        reason = form.cleaned_data["reason"] if form else ""
        tell(request, way, way.act(coupon, pks, reason=reason, by=request.user, at=now()))
        return redirect(back)
    return render_confirmation(
        request,
        title=counted(way.title, len(pks)),
        consequence=str(way.consequence),
        verb=str(way.verb),
        back=back,
        danger=way.danger,
        form=form,
        facts=facts_of(way, codes),
    )


def codes_ticked(request: StaffRequest) -> list[Code]:
    """Of one pool that the person may see."""
    pks = [int(key) for key in picked_rows(request) if key.isascii() and key.isdigit()][:1_000]
    visible = Coupon.objects.visible_to(request.user)
    codes = Code.objects.filter(pk__in=pks, coupon__in=visible)
    found = list(codes.select_related("coupon", "standing").order_by("pk"))
    return [code for code in found if code.coupon_id == found[0].coupon_id]


def back_to(coupon: Coupon) -> str:
    return reverse("coupons:code-list", args=[coupon.code])


def facts_of(way: Way, codes: list[Code]) -> list[tuple[str, str]]:
    """What whoever voids codes must know: who has them."""
    if way.kind != BulkChange.Kind.VOID:
        return []
    given = sum(code.status == Status.ISSUED for code in codes)
    losing = {code.standing.delivery for code in codes if code.status == Status.RESERVED}
    return told_before(given, sorted(losing - {""}))


def told_before(given: int, deliveries: list[str]) -> list[tuple[str, str]]:
    facts = []
    if given:
        people = ngettext("%(number)s customer", "%(number)s customers", given)
        number = number_format(given, force_grouping=True)
        facts.append((_("Who have one already"), people % {"number": number}))
    if deliveries:
        facts.append((_("Deliveries to be prepared again"), ", ".join(deliveries)))
    return facts


def tell(request: StaffRequest, way: Way, done: Done) -> None:
    if done.count:
        messages.success(request, counted(way.done, done.count))
    for sentence in wording.refusals_in_words(done.refused):
        messages.warning(request, sentence)
    if done.deliveries:
        names = ", ".join(sorted(done.deliveries))
        messages.warning(
            request, _("These deliveries must be prepared again: %(names)s.") % {"names": names}
        )


@require_http_methods(["GET", "POST"])
@allowed(Right.VOID_CODES)
def codes_void(request: StaffRequest) -> HttpResponse:
    return ticked(request, "void")


@require_http_methods(["GET", "POST"])
@allowed(Right.VOID_CODES)
def codes_put_back(request: StaffRequest) -> HttpResponse:
    return ticked(request, "put-back")


@require_http_methods(["GET", "POST"])
@allowed(Right.VOID_CODES)
def codes_delete(request: StaffRequest) -> HttpResponse:
    return ticked(request, "delete")


# --- all that a filter shows, as a job ---


def all_shown(request: StaffRequest, code: str, name: str) -> HttpResponse:
    way, coupon = WAYS[name], find_pool(request, code)
    form_of_list = valid_part(
        filter_of(segments_of(coupon), batches_of(request, coupon)), request.GET
    )
    wanted = wanted_of(form_of_list)
    statuses = [each for each in way.statuses if wanted.status in ("", each)]
    back = f"{back_to(coupon)}?{request.GET.urlencode()}"
    if not statuses:
        messages.error(request, _("That cannot be done to these codes."))
        return redirect(back)
    form = ReasonForm(request.POST or None) if way.asks_why else None
    if request.method == "POST" and (form is None or form.is_valid()):
        job = actions.start_bulk_change(
            coupon,
            way.kind,
            statuses=statuses,
            segment=wanted.segment,
            batch=batch_of(coupon, wanted.batch),
            reason=form.cleaned_data["reason"] if form else "",
            by=request.user,
            at=now(),
        )
        return redirect(job)
    return render_confirmation(
        request,
        title=str(TITLES_OF_ALL[name]) % {"coupon": coupon},
        consequence=str(way.consequence),
        verb=str(way.verb),
        back=back,
        danger=way.danger,
        form=form,
        facts=facts_of_all(coupon, form_of_list, statuses),
    )


TITLES_OF_ALL = {
    "void": gettext_lazy("Void all these codes of %(coupon)s?"),
    "put-back": gettext_lazy("Put all these codes of %(coupon)s back?"),
    "delete": gettext_lazy("Delete all these codes of %(coupon)s?"),
}


def facts_of_all(
    coupon: Coupon, form: ListFilter, statuses: Sequence[str]
) -> list[tuple[str, str]]:
    """How many they are as far as that is counted, and which."""
    wanted = wanted_of(form)
    counts = {
        each: choose(coupon, replace(wanted, status=each), at=now()).count for each in statuses
    }
    facts = [
        (str(bound.label), display(bound, value))
        for bound in form
        if not is_nothing(value := form.cleaned_data.get(bound.name))
    ]
    if all(count is not None for count in counts.values()):
        number = sum(count or 0 for count in counts.values())
        facts.insert(0, (_("Codes"), number_format(number, force_grouping=True)))
    return facts + told_before(counts.get(Status.ISSUED) or 0, [])


def batch_of(coupon: Coupon, pk: int | None) -> Batch | None:
    return Batch.objects.filter(coupon=coupon, pk=pk).first() if pk else None


@require_http_methods(["GET", "POST"])
@allowed(Right.VOID_CODES)
def all_codes_void(request: StaffRequest, code: str) -> HttpResponse:
    return all_shown(request, code, "void")


@require_http_methods(["GET", "POST"])
@allowed(Right.VOID_CODES)
def all_codes_put_back(request: StaffRequest, code: str) -> HttpResponse:
    return all_shown(request, code, "put-back")


@require_http_methods(["GET", "POST"])
@allowed(Right.VOID_CODES)
def all_codes_delete(request: StaffRequest, code: str) -> HttpResponse:
    return all_shown(request, code, "delete")
