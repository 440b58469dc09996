"""People: who they are and what they may do."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import CharField, Value
from django.db.models.functions import Concat, Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions import people as actions
from accounts.actions.granting import (
    LastAdministrator,
    MayNotGrant,
    MayNotManage,
    Stale,
    check_may_manage,
)
from accounts.forms.people import PersonEditForm, PersonFilter, PersonInviteForm
from accounts.models import JournalEntry, User, held_labels
from offers_site.http import (
    StaffRequest,
    ask_and_act,
    picked_rows,
    render_confirmation,
    render_form,
    render_page,
)
from offers_site.lists import Bulk, Column, List

may_manage_people = permission_required("accounts.manage_people", raise_exception=True)
LATEST = 10  # entries of the journal on a person's page

PEOPLE = List(
    name="people",
    template="accounts/person_list.html",
    columns=(
        Column(
            "name",
            gettext_lazy("Name"),
            sort=Lower(
                Concat(
                    "last_name",
                    Value(" "),
                    "first_name",
                    Value(" "),
                    "email",
                    output_field=CharField(),
                )
            ),
            pinned=True,
        ),
        Column("email", gettext_lazy("Email address"), sort="email"),
        Column("roles", gettext_lazy("Roles")),
        Column("state", gettext_lazy("State")),
        Column("last_login", gettext_lazy("Last sign-in"), sort="last_login", newest_first=True),
        Column(
            "created_at",
            gettext_lazy("Added"),
            sort="created_at",
            newest_first=True,
            shown=False,
        ),
    ),
    sort="name",
    filters=PersonFilter,
    bulk=(
        Bulk(
            "deactivate",
            gettext_lazy("Deactivate"),
            url="accounts:people-deactivate",
            right="accounts.manage_people",
            danger=True,
            icon="user-x",
        ),
    ),
    row_key="public_id",
)


@require_GET
@may_manage_people
def person_list(request: StaffRequest) -> HttpResponse:
    page = PEOPLE.page(request, User.objects.for_person_list())
    return render_page(request, "accounts/person_list.html", {"list": page}, fragment="list")


@require_GET
@may_manage_people
def person_detail(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    person = get_object_or_404(User, public_id=public_id)
    entries = JournalEntry.objects.concerning(person).visible_to(request.user).for_journal_list()
    shows_journal = request.user.has_perm("accounts.view_journal")
    context = {
        "person": person,
        "labels": held_labels(person),
        "entries": entries[:LATEST] if shows_journal else None,
        "is_oneself": person == request.user,
    }
    return render(request, "accounts/person_detail.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@may_manage_people
def person_invite(request: StaffRequest) -> HttpResponse:
    """The answer shows the link, once: mail may not be configured."""
    form = PersonInviteForm(request.POST or None)
    if form.is_valid():
        try:
            person, link = actions.invite_person(**form.cleaned_data, by=request.user, at=now())
        except (actions.AddressTaken, MayNotGrant) as refusal:
            form.add_error(None, str(refusal))
        else:
            context = {"person": person, "link": link, "title": _("Invitation sent")}
            return render(request, "accounts/person_link.html", context)

    return render_form(request, "accounts/person_invite.html", {"form": form})


@require_http_methods(["GET", "POST"])
@may_manage_people
def person_edit(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    person = get_object_or_404(User, public_id=public_id)
    initial = {
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "roles": [role.code for role in person.held_roles],
        "version": person.version,
    }
    form = PersonEditForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            actions.edit_person(person, **form.cleaned_data, by=request.user, at=now())
        except (
            Stale,
            MayNotGrant,
            MayNotManage,
            LastAdministrator,
            actions.AddressTaken,
        ) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(person)s is saved.") % {"person": person})
            if person.state == User.State.INVITED and form.cleaned_data["email"] != person.email:
                lost = _("The link that was mailed no longer works: send the invitation again.")
                messages.warning(request, lost)
            return redirect(person)

    return render_form(request, "accounts/person_edit.html", {"form": form, "person": person})


@require_http_methods(["GET", "POST"])
@may_manage_people
def person_deactivate(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    person = get_object_or_404(User, public_id=public_id)
    return ask_and_act(
        request,
        lambda: actions.deactivate_person(person, by=request.user, at=now()),
        refusals=actions.DEACTIVATION_REFUSED,
        check=lambda: actions.check_may_deactivate(request.user, person),
        facts=lambda: what_goes_on(person),
        title=_("Deactivate %(person)s?") % {"person": person},
        consequence=_(
            "They are signed out everywhere at once and cannot sign in. What they have done "
            "stays, and you can reactivate them."
        ),
        verb=_("Deactivate"),
        back=person.get_absolute_url(),
        done=_("%(person)s is deactivated.") % {"person": person},
    )


def what_goes_on(person: User) -> list[tuple[str, str]]:
    """What is easily forgotten of somebody who leaves: the keys that they made."""
    names = person.keys.usable_at(now()).order_by("name").values_list("name", flat=True)
    return [(_("API keys they made, which go on working"), ", ".join(names))] if names else []


@require_http_methods(["GET", "POST"])
@may_manage_people
def people_deactivate(request: StaffRequest) -> HttpResponse:
    people = find_people(picked_rows(request))
    if request.method == "GET":
        return render_confirmation(
            request,
            title=ngettext(
                "Deactivate %(number)s person?", "Deactivate %(number)s people?", len(people)
            )
            % {"number": len(people)},
            consequence=_(
                "They are signed out everywhere at once and cannot sign in. What they have done "
                "stays, and you can reactivate them."
            ),
            verb=_("Deactivate"),
            back=reverse("accounts:person-list"),
            facts=[
                (person.name, person.email if person.email != person.name else "")
                for person in people
            ],
        )
    done, refused = actions.deactivate_people(people, by=request.user, at=now())
    for sentence in dict.fromkeys(refused):
        messages.error(request, sentence)
    if done:
        deactivated = ngettext(
            "%(number)s person is deactivated.", "%(number)s people are deactivated.", len(done)
        )
        messages.success(request, deactivated % {"number": len(done)})
    return redirect("accounts:person-list")


@require_http_methods(["GET", "POST"])
@may_manage_people
def person_activate(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    person = get_object_or_404(User, public_id=public_id)
    return ask_and_act(
        request,
        lambda: actions.activate_person(person, by=request.user, at=now()),
        refusals=(actions.NotInactive, MayNotManage),
        check=lambda: check_may_manage(request.user, person),
        title=_("Reactivate %(person)s?") % {"person": person},
        consequence=_("They can sign in again, with the roles and the password they had."),
        verb=_("Reactivate"),
        back=person.get_absolute_url(),
        danger=False,
        done=_("%(person)s can sign in again.") % {"person": person},
    )


@never_cache
@require_http_methods(["GET", "POST"])
@may_manage_people
def person_link(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make a link to choose a password, mail it, and show it once."""
    person = get_object_or_404(User, public_id=public_id)
    if request.method == "GET":
        try:
            check_may_manage(request.user, person)
        except MayNotManage as refusal:
            question = {**question_about_link(person), "refused": str(refusal)}
        else:
            question = question_about_link(person)
        return render_confirmation(request, **question, danger=False)
    try:
        link = actions.make_link(person, by=request.user, at=now())
    except (actions.NotActive, MayNotManage) as refusal:
        messages.error(request, str(refusal))
        return redirect(person)
    context = {"person": person, "link": link, "title": _("Link sent")}
    return render(request, "accounts/person_link.html", context)


def question_about_link(person: User) -> dict[str, Any]:
    if person.state == User.State.INVITED:
        title = _("Send the invitation again?")
    else:
        title = _("Send %(person)s a link to choose another password?") % {"person": person}
    return {
        "title": title,
        "consequence": _(
            "A link goes to %(email)s. It works once, for three days. Their current password works "
            "until they choose another one."
        )
        % {"email": person.email},
        "verb": _("Send the link"),
        "back": person.get_absolute_url(),
    }


def find_people(keys: list[str]) -> list[User]:
    """Those of these public ids that there are."""
    try:
        return list(User.objects.filter(public_id__in=keys).order_by("email"))
    except ValidationError:
        return []
