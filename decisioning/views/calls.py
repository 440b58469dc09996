"""The call centre: find who calls, offer them something, and note what they say."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import disclosing
from contacts.columns import known
from contacts.disclosing import may_see_personal, title_of
from contacts.facts import read_person
from contacts.models import Contact
from contacts.searching import search
from decisioning import callcentre
from decisioning.callcentre import FINAL, MOST_DECISIONS, Desk, desks_of
from decisioning.engine.values import Status
from decisioning.forms.calls import AnswerForm
from decisioning.history import history_of, names_of
from decisioning.reacting import react
from decisioning.recording import TooBusy
from decisioning.statuses import NoSuchProposition
from decisioning.tokens import proposition_of
from offers_site.http import StaffRequest, render_page

may_call = permission_required(
    ("decisioning.use_call_centre", "contacts.view_contact"), raise_exception=True
)
MOST_PEOPLE = 8
LONGEST = 200
BESIDE = ("birth_date", "email", "phone", "city", "language")
DESK_KEY = "call_space"  # where the session keeps the space that was used last


@require_http_methods(["GET", "POST"])
@may_call
def call_find(request: StaffRequest) -> HttpResponse:
    """Who calls? What is looked for is posted: names and addresses do not stand in addresses."""
    desks = desks_of(request.user)
    text = request.POST.get("q", "").replace("\0", "")[:LONGEST].strip()
    context = {
        "desks": desks,
        "desk": chosen(request, desks),
        "text": text,
        "people": people(request, text),
    }
    return render_page(request, "decisioning/call_find.html", context, fragment="people")


def people(request: StaffRequest, text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    personal = may_see_personal(request.user)
    found = search(
        Contact.objects.contacts(), text, kind=Contact.Kind.CONTACT, personal=personal
    ).order_by("key")[:MOST_PEOPLE]
    return [
        {
            "contact": contact,
            "title": title_of(contact, request.user),
            "birth_date": contact.birth_date if personal else None,
            "city": contact.city if personal else "",
        }
        for contact in found
    ]


def chosen(request: StaffRequest, desks: list[Desk]) -> Desk | None:
    """The space that was asked for, else the one that was used last, else the first."""
    for name in (asked(request, "space"), request.session.get(DESK_KEY)):
        found = next((desk for desk in desks if desk.name == name), None)
        if found is not None:
            return found
    return desks[0] if desks else None


def asked(request: StaffRequest, name: str) -> str:
    given = request.POST if request.method == "POST" else request.GET
    return given.get(name, "").replace("\0", "")


def decisions_asked(request: StaffRequest) -> list[UUID]:
    """The decisions of this call, in the order in which they were taken."""
    given = request.POST if request.method == "POST" else request.GET
    found: dict[UUID, None] = {}
    for text in given.getlist("decision")[:MOST_DECISIONS]:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)


@require_safe
@may_call
def call_detail(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """One person on the line: the offers of this call with their scripts, and what was before."""
    contact = find(public_id)
    desks = desks_of(request.user)
    desk = chosen(request, desks)
    decisions = decisions_asked(request)
    at = now()
    cards = callcentre.cards_of(desk, contact, decisions, user=request.user, at=at) if desk else []
    shows_history = request.user.has_perm("decisioning.view_proposition")
    latest = callcentre.latest_of(contact, request.user, decisions) if shows_history else []
    names = names_of(latest)
    context = {
        "contact": contact,
        "title": title_of(contact, request.user),
        "desks": desks,
        "desk": desk,
        "decisions": decisions,
        "cards": cards,
        "has_decided": bool(decisions),
        "current": next((card.number for card in cards if card.is_open), 0),
        "facts": facts_of(contact, personal=may_see_personal(request.user)),
        "closed": contact.phone_opt_out,
        "history": [(row, names[row.pk]) for row in latest],
        "shows_history": shows_history,
        "text": "",
    }
    return render_page(request, "decisioning/call_detail.html", context, fragment="call")


def facts_of(contact: Contact, *, personal: bool) -> list[tuple[str, str]]:
    """What tells who is on the line."""
    columns = known()
    facts = read_person(contact.pk, columns)
    shown = (disclosing.shown(columns[name], facts, personal=personal) for name in BESIDE)
    return [(each.label, each.text) for each in shown if each.text]


@require_POST
@may_call
def call_offers(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """The best offers for somebody now: a decision, stored as it is for a program."""
    contact = find(public_id)
    desk = chosen(request, desks_of(request.user))
    if desk is None:
        return without_a_desk(request, contact)
    request.session[DESK_KEY] = desk.name
    try:
        answered = callcentre.propose(desk, contact, by=request.user, at=now())
    except TooBusy:
        messages.error(request, _("Too much happens to this person at once: try again."))
        return redirect(address_of(contact, desk, []))
    if answered.refusal:
        messages.error(request, answered.refusal)
    found = [answered.interaction] if answered.interaction else []
    return redirect(address_of(contact, desk, found))


@require_POST
@may_call
def call_answer(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """What they said to an offer; after a yes or a no the next best one comes."""
    contact = find(public_id)
    desk = chosen(request, desks_of(request.user))
    if desk is None:
        return without_a_desk(request, contact)
    decisions = decisions_asked(request)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
        return redirect(address_of(contact, desk, decisions))
    token, status = form.cleaned_data["token"], form.cleaned_data["status"]
    proposition = proposition_of(token)
    mine = history_of(contact, request.user)
    if proposition is None or not mine.filter(pk=proposition).exists():
        raise Http404
    try:
        note(request, token, status, form.cleaned_data["reason"])
        if status in FINAL and len(decisions) < MOST_DECISIONS:
            decisions += next_best(request, desk, contact, decisions)
    except NoSuchProposition:
        messages.error(request, _("This proposition is not kept any more."))
    except TooBusy:
        messages.error(request, _("Too much happens to this person at once: try again."))
    return redirect(address_of(contact, desk, decisions))


def without_a_desk(request: StaffRequest, contact: Contact) -> HttpResponse:
    messages.error(request, _("No space of the call centre is live."))
    return redirect("decisioning:call-detail", contact.public_id)


def note(request: StaffRequest, token: str, status: Status, reason: str) -> None:
    """As a program tells it: what cannot follow is refused, and said."""
    found = react(
        token,
        status,
        call={},
        source="screen",
        by_name=str(request.user)[:200],
        occurred_at=now(),
        comment=reason.strip(),
    )
    for warned in found.warnings:
        messages.warning(request, warned["detail"])


def next_best(
    request: StaffRequest, desk: Desk, contact: Contact, decisions: list[UUID]
) -> list[UUID]:
    """One more offer, of those that were not on the table in this call."""
    at = now()
    told = callcentre.rows_of(desk, contact, decisions)
    if not told:
        return []
    answered = callcentre.propose(
        desk, contact, by=request.user, at=at, count=1, without={row.offer for row in told}
    )
    if not answered.number:
        messages.info(request, _("There is no further offer for this person now."))
        return []
    return [answered.interaction] if answered.interaction else []


def address_of(contact: Contact, desk: Desk, decisions: list[UUID]) -> str:
    query = urlencode([("space", desk.name), *(("decision", str(each)) for each in decisions)])
    return f"{reverse('decisioning:call-detail', args=[contact.public_id])}?{query}"


def find(public_id: uuid.UUID) -> Contact:
    return get_object_or_404(Contact.objects.contacts(), public_id=public_id)
