"""The options of all coupons, for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.granting import Stale
from accounts.rights import Right
from coupons.actions import options as actions
from coupons.forms.options import OptionsForm
from offers_site.http import StaffRequest, render_confirmation, render_form

may_change = permission_required(Right.CHANGE_COUPON_OPTIONS, raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_change
def options_edit(request: StaffRequest) -> HttpResponse:
    """Also while coupons are switched off: here they are switched on again."""
    options = actions.current()
    initial = {
        "is_on": options.is_on,
        "days_kept_ready": options.days_kept_ready,
        "version": options.version,
    }
    form = OptionsForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            actions.edit_options(**form.cleaned_data, by=request.user, at=now())
        except Stale as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The options are saved."))
            return redirect("coupons:options-edit")
    return render_form(request, "coupons/options_edit.html", {"form": form, "options": options})


@require_http_methods(["GET", "POST"])
@may_change
def codes_everywhere(request: StaffRequest) -> HttpResponse:
    """Whether a code may stand in several coupons, which a job brings about."""
    wanted = not actions.current().codes_unique_globally
    if request.method == "POST":
        job = actions.start_making_codes_unique(wanted=wanted, by=request.user, at=now())
        return redirect(job)
    if wanted:
        title = _("Make codes unique across coupons?")
        consequence = _(
            "Tills can then redeem by the code alone. It fails, and changes nothing, while equal "
            "codes stand in several coupons. Imports wait for some seconds."
        )
        verb = _("Make codes unique")
    else:
        title = _("Allow the same code in several coupons?")
        consequence = _(
            "Tills must then say which coupon they mean wherever a code stands in several active "
            "ones: without that they are refused."
        )
        verb = _("Allow equal codes")
    return render_confirmation(
        request,
        title=title,
        consequence=consequence,
        verb=verb,
        back=reverse("coupons:options-edit"),
        danger=not wanted,
    )
