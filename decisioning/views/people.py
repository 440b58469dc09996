"""What one person was offered: a tab of a contact, and of a visitor."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from contacts.disclosing import title_of
from contacts.views.contacts import find as find_person
from decisioning.forms.calls import CorrectionForm
from decisioning.forms.people import OfferedFilter
from decisioning.history import history_of, names_of
from decisioning.models import Proposition
from decisioning.reacting import react
from decisioning.recording import TooBusy
from decisioning.tokens import token_of
from offers_site.http import StaffRequest, render_confirmation, render_page
from offers_site.lists import Column, List

may_view = permission_required(
    ("contacts.view_contact", "decisioning.view_proposition"), raise_exception=True
)
may_correct = permission_required(
    ("contacts.view_contact", "decisioning.view_proposition", "decisioning.use_call_centre"),
    raise_exception=True,
)
OFFERED = List(
    name="offers-of-person",
    template="decisioning/person_offers.html",
    columns=(
        Column("offer", gettext_lazy("Offer"), sort="offer", pinned=True),
        Column("status", gettext_lazy("Status"), sort="status"),
        Column("space", gettext_lazy("Space"), sort="space"),
        Column("changed_at", gettext_lazy("Last modified"), sort="changed_at", newest_first=True),
        Column("at", gettext_lazy("Proposed"), sort="at", newest_first=True),
        Column("rank", gettext_lazy("Rank"), sort="rank", numeric=True),
        Column("weight", gettext_lazy("Weight"), sort="weight", numeric=True),
        Column("context", gettext_lazy("Context"), shown=False),
        Column("channel", gettext_lazy("Channel"), shown=False),
        Column("slot", gettext_lazy("Slot"), shown=False),
        Column("environment", gettext_lazy("Environment"), shown=False),
        Column("release", gettext_lazy("Release"), numeric=True, shown=False),
    ),
    sort="-changed_at",
    filters=OfferedFilter,
    size=25,
)


# --- what they were offered ---


@require_safe
@may_view
def person_offers(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """The last modified first, as far as the reader may see them."""
    contact = find_person(request, public_id)
    page = OFFERED.page(request, history_of(contact, request.user))
    context = {
        "list": page,
        "contact": contact,
        "title": title_of(contact, request.user),
        "current": "offers",
        "names": names_of(page.rows),
        "may_correct": request.user.has_perm("decisioning.use_call_centre"),
    }
    return render_page(request, "decisioning/person_offers.html", context, fragment="list")


@require_http_methods(["GET", "POST"])
@may_correct
def proposition_correct(request: StaffRequest, public_id: uuid.UUID, pk: uuid.UUID) -> HttpResponse:
    """Another status, and why: along the same moves as everybody's."""
    contact = find_person(request, public_id)
    row = get_object_or_404(history_of(contact, request.user), pk=pk)
    back = reverse("decisioning:person-offers", args=[contact.public_id])
    form = CorrectionForm(request.POST or None, proposition=row)
    if not form.is_valid():
        name = names_of([row])[row.pk].offer
        return render_confirmation(
            request,
            title=_("Correct the status of %(offer)s?") % {"offer": name},
            consequence=_(
                "It is “%(status)s” now. Presentation rules and caps count the new status at "
                "once; what was before stays in its history, with your name and the reason."
            )
            % {"status": row.get_status_display()},
            verb=_("Correct the status"),
            back=back,
            danger=False,
            form=form,
        )
    try:
        correct(request, row, form)
    except TooBusy:
        messages.error(request, _("Too much happens to this person at once: try again."))
    return redirect(back)


def correct(request: StaffRequest, row: Proposition, form: CorrectionForm) -> None:
    found = react(
        token_of(row.pk),
        form.cleaned_data["status"],
        call={},
        source="screen",
        by_name=str(request.user)[:200],
        occurred_at=now(),
        comment=form.cleaned_data["reason"].strip(),
    )
    for warned in found.warnings:
        messages.warning(request, warned["detail"])
    if found.changed.is_changed:
        messages.success(request, _("The status is corrected."))
