"""Having codes made, and changing those that came together."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.rights import Right
from coupons.actions import batches as actions
from coupons.actions import generating
from coupons.actions.refusing import FieldRefused, NotInState
from coupons.forms.batches import BatchForm, GenerateForm
from coupons.models import Batch, Coupon
from coupons.views.codes import segments_of
from coupons.views.letting import allowed, find_pool
from jobs.models import Job
from offers_site.http import StaffRequest, render_form
from offers_site.idempotency import OtherBody


@require_http_methods(["GET", "POST"])
@allowed(Right.ADD_CODES)
def code_generate(request: StaffRequest, code: str) -> HttpResponse:
    """Ask for codes; the answer is the job that makes them."""
    coupon = find_pool(request, code)
    form = GenerateForm(request.POST or None, coupon=coupon, segments=segments_of(coupon))
    if form.is_valid() and (job := generate(request, coupon, form)):
        return redirect(job)
    return render_form(request, "coupons/code_generate.html", {"form": form, "coupon": coupon})


def generate(request: StaffRequest, coupon: Coupon, form: GenerateForm) -> Job | None:
    count = form.cleaned_data["count"]
    try:
        begun = generating.start_generating(coupon, count, **form.values, by=request.user, at=now())
    except FieldRefused as refusal:
        form.refuse(refusal.name, str(refusal))
    except NotInState as refusal:
        form.add_error(None, str(refusal))
    except OtherBody:
        form.add_error(None, _("This was sent before with other values. Begin again."))
    else:
        for sentence in begun.warnings.values():
            messages.warning(request, sentence)
        return begun.job
    return None


@require_http_methods(["GET", "POST"])
@allowed(Right.ADD_CODES)
def batch_edit(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    coupon = find_pool(request, code)
    batch = get_object_or_404(Batch, coupon=coupon, pk=pk)
    form = BatchForm(request.POST or None, coupon=coupon, segments=segments_of(coupon))
    if form.is_valid():
        try:
            job = actions.start_changing_batch(batch, form.values, by=request.user, at=now())
        except FieldRefused as refusal:
            form.refuse(refusal.name, str(refusal))
        except NotInState as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(job)
    context = {"form": form, "coupon": coupon, "batch": batch}
    return render_form(request, "coupons/batch_edit.html", context)
