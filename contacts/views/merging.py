"""Two keys that turn out to be one person, and visitors who turn out to be a contact."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions.granting import Stale
from contacts.actions import contacts as actions
from contacts.actions.refusing import NotLinkable, NotMergeable
from contacts.columns import known
from contacts.disclosing import may_see_personal, title_of
from contacts.facts import read_people
from contacts.forms.contacts import MergeForm, OtherContactForm, VisitorLinkForm
from contacts.models import Contact
from contacts.views.contacts import find, may_change
from offers_site.http import StaffRequest, render_form


@require_http_methods(["GET", "POST"])
@may_change
def contact_merge(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Whom to merge with; the answer leads to the choice field by field."""
    contact = find(request, public_id)
    form = OtherContactForm(request.POST or None)
    if form.is_valid():
        other: Contact = form.cleaned_data["other"]
        if other.pk != contact.pk and contact.is_contact:
            return redirect("contacts:contact-merge-with", contact.public_id, other.public_id)
        form.add_error("other", _("Choose two different contacts."))
    return render_form(
        request,
        "contacts/contact_merge.html",
        {"form": form, "contact": contact, "title": title_of(contact, request.user)},
    )


@require_http_methods(["GET", "POST"])
@may_change
def contact_merge_with(
    request: StaffRequest, public_id: uuid.UUID, other_id: uuid.UUID
) -> HttpResponse:
    contact, other = find(request, public_id), get_object_or_404(Contact, public_id=other_id)
    columns = known()
    facts = dict(read_people([contact.pk, other.pk], columns))
    form = MergeForm(
        request.POST or None,
        initial={"version": contact.version, "other_version": other.version},
        facts=facts[contact.pk],
        other_facts=facts[other.pk],
        columns=columns,
        personal=may_see_personal(request.user),
    )
    if form.is_valid():
        versions = form.cleaned_data["version"], form.cleaned_data["other_version"]
        try:
            actions.merge_contacts(
                contact, other, versions=versions, take=form.take, by=request.user, at=now()
            )
        except (Stale, NotMergeable) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The two contacts are one now."))
            return redirect(contact)
    return render_form(
        request,
        "contacts/contact_merge_with.html",
        {
            "form": form,
            "contact": contact,
            "other": other,
            "title": title_of(contact, request.user),
            "other_title": title_of(other, request.user),
        },
    )


@require_http_methods(["GET", "POST"])
@may_change
def visitor_link(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    visitor = find(request, public_id)
    linked = visitor.linked_contact
    form = VisitorLinkForm(request.POST or None, initial={"contact": linked.key if linked else ""})
    if form.is_valid():
        contact = form.cleaned_data["contact"]
        try:
            actions.link_visitor(visitor, contact, by=request.user, at=now())
        except NotLinkable as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("The visitor is linked.") if contact else _("The link is removed.")
            )
            return redirect(visitor)
    return render_form(
        request,
        "contacts/visitor_link.html",
        {"form": form, "contact": visitor, "title": title_of(visitor, request.user)},
    )
