"""Audiences: rules with a name, and lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import OperationalError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name, now
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import JournalEntry, User
from contacts import counting
from contacts.actions import audiences as actions
from contacts.actions.refusing import NameTaken, StillUsed
from contacts.audiences import members, sample
from contacts.blocking import Asking, asking, uses_of
from contacts.columns import known
from contacts.disclosing import may_see_personal
from contacts.discretion import Discretion, Figure, discretions_of, why_closed, why_nobody
from contacts.forms.audiences import (
    AudienceCreateForm,
    AudienceEditForm,
    AudienceFilter,
    ListCreateForm,
    ListEditForm,
    MembersForm,
)
from contacts.models import Audience
from contacts.vocabulary import audiences_naming, labels, naming_each_other
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Column, List
from rules.jsonform import from_json
from rules.refusals import BadRule
from rules.wording import complaint, sentence

may_view = permission_required("contacts.view_audience", raise_exception=True)
may_change = permission_required(
    ("contacts.view_audience", "contacts.change_audience"), raise_exception=True
)
LATEST = 10
UNKNOWN_KEYS_SHOWN = 10

AUDIENCES = List(
    name="audiences",
    template="contacts/audience_list.html",
    columns=(
        Column("label", gettext_lazy("Label"), sort="label", pinned=True),
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("kind", gettext_lazy("Kind"), sort="kind"),
        Column("last_count", gettext_lazy("People"), sort="last_count", numeric=True),
        Column("uses", gettext_lazy("Used by")),
        Column("access_labels", gettext_lazy("Access labels"), shown=False),
        Column("changed_at", gettext_lazy("Changed"), sort="changed_at", newest_first=True),
    ),
    sort="label",
    filters=AudienceFilter,
    row_key="name",
)


@require_GET
@may_view
def audience_list(request: StaffRequest) -> HttpResponse:
    visible = Audience.objects.visible_to(request.user)
    page = AUDIENCES.page(request, visible.for_audience_list())
    context = {
        "list": page,
        "uses": uses_of_all(set(visible.values_list("name", flat=True))),
        "counts": counts_of(page.rows, request.user),
    }
    return render_page(request, "contacts/audience_list.html", context, fragment="list")


def counts_of(rows: list[Audience], user: User) -> dict[str, Figure]:
    """The figures that were kept, as far as the person may be told."""
    told = {} if may_see_personal(user) else discretions_of(rows, known())
    figures = {row.name: Figure(row.last_count) for row in rows if row.last_count is not None}
    return {
        name: figure if told.get(name, Discretion.OPEN) is Discretion.OPEN else figure.rough
        for name, figure in figures.items()
        if told.get(name) is not Discretion.CLOSED
    }


def uses_of_all(visible: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Which audiences name which, as far as they may be seen; every rule is read once."""
    return {
        name: [use for use in uses if use[0] in visible]
        for name, uses in naming_each_other().items()
    }


@require_GET
@may_view
def audience_detail(request: StaffRequest, name: str) -> HttpResponse:
    audience = find(request, name)
    entries = JournalEntry.objects.about("contacts.audience", name).visible_to(request.user)
    shows_journal = request.user.has_perm("accounts.view_journal")
    context = {
        "audience": audience,
        "sentence": in_words(audience, request.user),
        "uses": audiences_naming(audience=name, by=request.user),
        "asking": asking(uses_of(audience, request.user)),
        "access_labels": audience.access_labels.order_by("name"),
        "entries": entries.for_journal_list()[:LATEST] if shows_journal else None,
    }
    return render(request, "contacts/audience_detail.html", context)


def in_words(audience: Audience, user: User) -> str:
    if not audience.is_rule:
        return ""
    seen = Audience.objects.visible_to(user)
    return sentence(from_json(audience.tree), language(), labels(audiences=seen))


def language() -> str:
    return (get_language() or "en")[:2]


@require_GET
@may_view
def audience_people(request: StaffRequest, name: str) -> HttpResponse:
    """How many they are now, and ten of them: what the page of an audience asks for when shown."""
    audience = find(request, name)
    context: dict[str, Any] = {
        "audience": audience,
        "personal": may_see_personal(request.user),
        "may_see_contacts": request.user.has_perm("contacts.view_contact"),
    }
    try:
        told = told_of(audience, request.user)
        if told is Discretion.CLOSED:
            return render(request, "contacts/audience_people.html", {"withheld": why_closed()})
        people = members(audience, at=now(), zone=get_current_timezone_name())
        figure = Figure(counting.count(people))
        if told is Discretion.OPEN:
            context |= {"count": figure, "sample": sample(people)}
        else:
            context |= {"count": figure.rough, "nobody": why_nobody()}
    except BadRule as refusal:
        context["problems"] = [complaint(each, language()) for each in refusal.mistakes]
    except OperationalError:
        context["problems"] = [_("Counting takes too long just now. Try again in a minute.")]
    return render(request, "contacts/audience_people.html", context)


def told_of(audience: Audience, user: User) -> Discretion:
    """How much a person is told of an audience."""
    if may_see_personal(user):
        return Discretion.OPEN
    return discretions_of([audience], known())[audience.name]


@require_http_methods(["GET", "POST"])
@may_change
def audience_create(request: StaffRequest) -> HttpResponse:
    form = AudienceCreateForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            audience = actions.create_audience(**form.cleaned_data, by=request.user, at=now())
        except (NameTaken, MayNotGrant) as refusal:
            form.add_error(None, str(refusal))
        except BadRule as refusal:
            add_mistakes(form, refusal)
        else:
            messages.success(request, _("%(audience)s is saved.") % {"audience": audience})
            return redirect(audience)

    return render_form(request, "contacts/audience_create.html", {"form": form})


def add_mistakes(form: Any, refusal: BadRule) -> None:
    for mistake in refusal.mistakes:
        form.add_error("rule", complaint(mistake, language()))


@require_http_methods(["GET", "POST"])
@may_change
def audience_create_list(request: StaffRequest) -> HttpResponse:
    form = ListCreateForm(request.POST or None, user=request.user)
    if form.is_valid():
        values = dict(form.cleaned_data)
        keys = values.pop("keys")
        at = now()
        try:
            audience = actions.create_audience(**values, rule=None, by=request.user, at=at)
        except (NameTaken, MayNotGrant) as refusal:
            form.add_error(None, str(refusal))
        else:
            if keys:
                done = actions.change_members(audience, keys, replaces=True, by=request.user, at=at)
                tell_members(request, *done)
            return redirect(audience)

    return render_form(request, "contacts/audience_create_list.html", {"form": form})


def tell_members(request: StaffRequest, number: int, unknown: list[str]) -> None:
    said = ngettext(
        "%(number)s contact is on the list.", "%(number)s contacts are on the list.", number
    )
    messages.success(request, said % {"number": number})
    if unknown:
        said = ngettext(
            "There is no contact with the key %(keys)s.",
            "There are no contacts with %(number)s of the keys: %(keys)s.",
            len(unknown),
        )
        shown = ", ".join(unknown[:UNKNOWN_KEYS_SHOWN])
        if len(unknown) > UNKNOWN_KEYS_SHOWN:
            shown += ", …"
        messages.warning(request, said % {"number": len(unknown), "keys": shown})


@require_http_methods(["GET", "POST"])
@may_change
def audience_edit(request: StaffRequest, name: str) -> HttpResponse:
    audience = find(request, name)
    initial = {
        "label": audience.label,
        "description": audience.description,
        "rule": audience.rule,
        "access_labels": [label.code for label in audience.access_labels.all()],
        "version": audience.version,
    }
    make = AudienceEditForm if audience.is_rule else ListEditForm
    form = make(request.POST or None, initial=initial, user=request.user)
    if form.is_valid():
        try:
            actions.edit_audience(audience, **form.cleaned_data, by=request.user, at=now())
        except (Stale, MayNotGrant) as refusal:
            form.add_error(None, str(refusal))
        except BadRule as refusal:
            add_mistakes(form, refusal)
        else:
            saved = _("%(audience)s is saved.") % {"audience": form.cleaned_data["label"]}
            messages.success(request, saved)
            return redirect(audience)

    return render_form(
        request,
        "contacts/audience_edit.html",
        {
            "form": form,
            "audience": audience,
            "uses": audiences_naming(audience=name, by=request.user),
            "asking": asking(uses_of(audience, request.user)),
        },
    )


@require_http_methods(["GET", "POST"])
@may_change
def audience_members(request: StaffRequest, name: str) -> HttpResponse:
    audience = find(request, name)
    if audience.is_rule:
        return redirect("contacts:audience-edit", audience.name)
    form = MembersForm(request.POST or None)
    if form.is_valid():
        done = actions.change_members(audience, **form.cleaned_data, by=request.user, at=now())
        tell_members(request, *done)
        return redirect(audience)
    return render_form(
        request, "contacts/audience_members.html", {"form": form, "audience": audience}
    )


@require_http_methods(["GET", "POST"])
@may_change
def audience_delete(request: StaffRequest, name: str) -> HttpResponse:
    audience = find(request, name)
    return ask_and_act(
        request,
        lambda: actions.delete_audience(audience, by=request.user, at=now()),
        refusals=StillUsed,
        check=lambda: actions.check_unnamed(audience, request.user),
        ways=lambda refusal: ways_to(
            audiences_naming(audience=name, by=request.user), asking(refusal.uses)
        ),
        title=_("Delete the audience %(audience)s?") % {"audience": audience},
        consequence=_("The people stay; only the rule or the list is deleted."),
        verb=_("Delete the audience"),
        back=audience.get_absolute_url(),
        then=reverse("contacts:audience-list"),
        done=_("%(audience)s is deleted.") % {"audience": audience},
    )


def ways_to(audiences: Iterable[tuple[str, str]], others: Asking) -> list[tuple[str, str]]:
    """(label, address) of what asks for something."""
    own = [(label, reverse("contacts:audience-detail", args=[name])) for name, label in audiences]
    return own + [(f"{use.label} · {use.place}", use.address) for use, _live in others.uses]


def find(request: StaffRequest, name: str) -> Audience:
    return get_object_or_404(Audience.objects.visible_to(request.user), name=name)
