"""People: finding them, seeing what is known of them, and changing it."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from contacts import counting, disclosing
from contacts.actions import contacts as actions
from contacts.actions.refusing import KeyTaken
from contacts.columns import asked, known
from contacts.disclosing import may_see_personal, title_of
from contacts.facts import read_person
from contacts.forms.contacts import (
    ContactCreateForm,
    ContactEditForm,
    ContactFilter,
    EraseForm,
    MaskedVisitorFilter,
    OptOutForm,
    PeopleFilter,
    VisitorFilter,
)
from contacts.models import Contact
from offers_site.filters import ListFilter
from offers_site.http import StaffRequest, render_confirmation, render_form, render_page
from offers_site.lists import Column, List, ListPage

may_view = permission_required("contacts.view_contact", raise_exception=True)
may_change = permission_required(
    ("contacts.view_contact", "contacts.change_contact"), raise_exception=True
)
may_erase = permission_required("contacts.erase_contact", raise_exception=True)
may_export = permission_required(
    ("contacts.view_contact", "contacts.view_personal_data"), raise_exception=True
)
LATEST = 10  # entries of the journal, and changes of consent, on a person's page


def people_list(name: str, template: str, filters: type[ListFilter]) -> List:
    return List(
        name=name,
        template=template,
        columns=(
            Column("key", gettext_lazy("Key"), sort="key", pinned=True),
            Column("name", gettext_lazy("Name")),
            Column("email", gettext_lazy("Email address")),
            Column("phone", gettext_lazy("Phone")),
            Column("city", gettext_lazy("City"), shown=False),
            Column("country", gettext_lazy("Country"), shown=False),
            Column("opt_outs", gettext_lazy("Closed channels")),
            Column("created_at", gettext_lazy("Added"), sort="created_at", newest_first=True),
        ),
        sort="key",
        filters=filters,
        row_key="public_id",
    )


# Which of them answers depends on what the person may see.
CONTACTS = {
    True: people_list("contacts", "contacts/contact_list.html", ContactFilter),
    False: people_list("contacts", "contacts/contact_list.html", PeopleFilter),
}
VISITORS = {
    True: people_list("visitors", "contacts/visitor_list.html", VisitorFilter),
    False: people_list("visitors", "contacts/visitor_list.html", MaskedVisitorFilter),
}


@require_GET
@may_view
def contact_list(request: StaffRequest) -> HttpResponse:
    personal = may_see_personal(request.user)
    page = CONTACTS[personal].page(request, Contact.objects.contacts())
    context = {
        "list": page,
        "personal": personal,
        "about": rough_count(page, "contact"),
        "export_url": export_url(page) if request.user.has_perm("transfers.export_data") else "",
    }
    return render_page(request, "contacts/contact_list.html", context, fragment="list")


def export_url(page: ListPage[Contact]) -> str:
    """The list as it is shown now, to choose what of it leaves."""
    asked = {
        "subject": "contacts",
        "q": page.form.asked("q") or "",
        "sort": page.sort,
        "columns": ",".join(page.shown),
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('transfers:export-create')}?{query}"


@require_GET
@may_view
def visitor_list(request: StaffRequest) -> HttpResponse:
    personal = may_see_personal(request.user)
    people = Contact.objects.visitors().select_related("linked_contact")
    page = VISITORS[personal].page(request, people)
    context = {
        "list": page,
        "personal": personal,
        "about": rough_count(page, "visitor"),
        "kept_days": settings.VISITOR_RETENTION_DAYS,
    }
    return render_page(request, "contacts/visitor_list.html", context, fragment="list")


def rough_count(page: ListPage[Contact], kind: str) -> int | None:
    """About how many there are, to two digits, where counting them would take time."""
    if page.is_narrowed or not page.has_more_than_count:
        return None
    number = counting.estimate(kind)
    return round(number, 2 - len(str(number)))


@require_GET
@may_view
def contact_detail(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    contact = find(request, public_id)
    columns = asked()
    facts = read_person(contact.pk, columns)
    personal = may_see_personal(request.user)
    entries = JournalEntry.objects.about("contacts.contact", str(contact.public_id))
    shows_journal = request.user.has_perm("accounts.view_journal")
    shows_audiences = request.user.has_perm("contacts.view_audience")
    at, zone = now(), get_current_timezone_name()
    context = {
        "contact": contact,
        "title": title_of(contact, request.user),
        "groups": disclosing.shown_groups(facts, columns, personal=personal),
        "personal": personal,
        "channels": disclosing.channels_of(contact),
        "changes": contact.opt_out_changes.order_by("-at", "-pk")[:LATEST],
        "audiences": disclosing.audiences_of(contact, facts, request.user, at=at, zone=zone)
        if shows_audiences
        else None,
        "aliases": contact.aliases.order_by("key"),
        "visitors": contact.visitors.order_by("pk"),
        "entries": entries.for_journal_list()[:LATEST] if shows_journal else None,
    }
    return render(request, "contacts/contact_detail.html", context)


@require_http_methods(["GET", "POST"])
@may_change
def contact_create(request: StaffRequest) -> HttpResponse:
    columns = known()
    form = ContactCreateForm(
        request.POST or None, columns=columns, personal=may_see_personal(request.user)
    )
    if form.is_valid():
        try:
            contact = actions.create_contact(
                form.values, by=request.user, at=now(), columns=columns
            )
        except KeyTaken as refusal:
            form.add_error("key", str(refusal))
        else:
            messages.success(request, _("The contact is added."))
            warn_of(request, form, contact)
            return redirect(contact)

    return render_form(request, "contacts/contact_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
@may_change
def contact_edit(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    contact = find(request, public_id)
    columns = known()
    form = ContactEditForm(
        request.POST or None,
        columns=columns,
        facts=read_person(contact.pk, columns),
        version=contact.version,
        personal=may_see_personal(request.user),
    )
    if form.is_valid():
        try:
            actions.edit_contact(
                contact,
                form.values,
                version=form.cleaned_data["version"],
                by=request.user,
                at=now(),
                columns=columns,
            )
        except KeyTaken as refusal:
            form.add_error("key", str(refusal))
        except Stale as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The changes are saved."))
            warn_of(request, form, contact)
            return redirect(contact)

    return render_form(
        request,
        "contacts/contact_edit.html",
        {"form": form, "contact": contact, "title": title_of(contact, request.user)},
    )


def warn_of(request: StaffRequest, form: ContactCreateForm, contact: Contact) -> None:
    """Say what is odd, though it is saved. Messages are kept for a while: no values in them."""
    for warning in form.warnings:
        messages.warning(request, warning)
    if form.cleaned_data.get("email") and counting.shares_address(form.cleaned_data, contact):
        messages.warning(request, _("Another contact has the same email address."))


@require_http_methods(["GET", "POST"])
@may_change
def contact_opt_outs(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    contact = find(request, public_id)
    form = OptOutForm(request.POST or None, initial=actions.opt_outs_of(contact))
    if form.is_valid():
        actions.change_opt_outs(
            contact,
            form.opt_outs,
            proof=form.cleaned_data["proof"],
            source="screen",
            by=request.user,
            at=now(),
        )
        messages.success(request, _("The channels are saved."))
        return redirect(contact)

    return render_form(
        request,
        "contacts/contact_opt_outs.html",
        {"form": form, "contact": contact, "title": title_of(contact, request.user)},
    )


@require_POST
@never_cache
@may_export
def contact_export(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Everything that is stored of one person, as they may ask for it."""
    contact = find(request, public_id)
    at = now()
    actions.note_export(contact, by=request.user, at=at)
    answer = JsonResponse(
        disclosing.everything_about(contact, at=at),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    name = f"person-{str(contact.public_id)[:8]}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(["GET", "POST"])
@may_erase
def contact_erase(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    contact = find(request, public_id)
    form = EraseForm(request.POST or None, contact=contact)
    if not form.is_valid():
        visitors = contact.visitors.count()
        facts = []
        if visitors:
            linked = ngettext("%(number)s visitor", "%(number)s visitors", visitors)
            facts.append((_("Erased with them"), linked % {"number": visitors}))
        return render_confirmation(
            request,
            title=_("Erase this person for good?"),
            consequence=_(
                "Everything that is known of them is removed, the history of their consent "
                "included. Totals and statistics stay. Nothing brings it back."
            ),
            verb=_("Erase for good"),
            back=contact.get_absolute_url(),
            form=form,
            facts=facts,
        )
    actions.erase_contact(contact, by=request.user, at=now())
    messages.success(request, _("The person is erased. A proof without their data is kept."))
    return redirect(reverse("contacts:contact-list"))


def find(request: StaffRequest, public_id: uuid.UUID) -> Contact:
    people = Contact.objects.select_related("linked_contact")
    contact = get_object_or_404(people, public_id=public_id)
    request.belongs_to = contact.get_list_url()
    return contact
