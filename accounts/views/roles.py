"""Roles: what they allow, and who holds them."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import rights
from accounts.actions import roles as actions
from accounts.actions.granting import MayNotGrant, Stale
from accounts.forms.roles import RoleEditForm, RoleForm
from accounts.models import Role, User
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Column, List

may_manage_roles = permission_required("accounts.manage_roles", raise_exception=True)

ROLES = List(
    name="roles",
    template="accounts/role_list.html",
    columns=(
        Column("name", gettext_lazy("Name"), sort="pk", pinned=True),
        Column("explanation", gettext_lazy("Description")),
        Column("person_count", gettext_lazy("People"), sort="person_count", numeric=True),
        Column("right_count", gettext_lazy("Rights"), numeric=True),
        Column("labels", gettext_lazy("Access labels")),
    ),
    sort="name",
    row_key="code",
)


@require_GET
@may_manage_roles
def role_list(request: StaffRequest) -> HttpResponse:
    page = ROLES.page(request, Role.objects.for_role_list())
    return render_page(request, "accounts/role_list.html", {"list": page}, fragment="list")


@require_GET
@may_manage_roles
def role_detail(request: StaffRequest, code: str) -> HttpResponse:
    role = get_object_or_404(Role, code=code)
    context = {
        "role": role,
        "people": User.objects.filter(roles=role).order_by("last_name", "first_name", "email"),
        **rights_to_show(role.granted),
    }
    return render(request, "accounts/role_detail.html", context)


@require_http_methods(["GET", "POST"])
@may_manage_roles
def role_create(request: StaffRequest) -> HttpResponse:
    form = RoleForm(request.POST or None)
    return create_from(request, form, title=_("Create a role"))


@require_http_methods(["GET", "POST"])
@may_manage_roles
def role_duplicate(request: StaffRequest, code: str) -> HttpResponse:
    """The form of a new role, filled in with what this one allows."""
    role = get_object_or_404(Role, code=code)
    initial = {
        "name": _("Copy of %(role)s") % {"role": role},
        "description": role.explanation,
        "rights": [right.value for right in role.granted],
        "labels": list(role.labels.values_list("code", flat=True)),
    }
    form = RoleForm(request.POST or None, initial=initial)
    return create_from(request, form, title=_("Duplicate %(role)s") % {"role": role})


def create_from(request: StaffRequest, form: RoleForm, *, title: str) -> HttpResponse:
    if form.is_valid():
        try:
            role = actions.create_role(**form.cleaned_data, by=request.user, at=now())
        except (actions.NameTaken, MayNotGrant) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The role %(role)s is created.") % {"role": role})
            return redirect(role)

    return render_form(
        request,
        "accounts/role_create.html",
        {"form": form, "title": title, **rights_to_show(form.ticked)},
    )


@require_http_methods(["GET", "POST"])
@may_manage_roles
def role_edit(request: StaffRequest, code: str) -> HttpResponse:
    role = get_object_or_404(Role, code=code)
    initial = {
        "name": str(role),
        "description": role.explanation,
        "rights": [right.value for right in role.granted],
        "labels": list(role.labels.values_list("code", flat=True)),
        "version": role.version,
    }
    form = RoleEditForm(request.POST or None, initial=initial, role=role)
    if form.is_valid():
        try:
            actions.edit_role(role, **form.cleaned_data, by=request.user, at=now())
        except (actions.NameTaken, MayNotGrant, Stale) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(role)s is saved.") % {"role": role})
            return redirect(role)

    return render_form(
        request,
        "accounts/role_edit.html",
        {"form": form, "role": role, **rights_to_show(form.ticked)},
    )


@require_http_methods(["GET", "POST"])
@may_manage_roles
def role_delete(request: StaffRequest, code: str) -> HttpResponse:
    role = get_object_or_404(Role, code=code)
    return ask_and_act(
        request,
        lambda: actions.delete_role(role, by=request.user, at=now()),
        refusals=(actions.StillHeld, actions.BuiltInRole),
        check=lambda: actions.check_unheld(role),
        title=_("Delete the role %(role)s?") % {"role": role},
        consequence=_("This cannot be undone. The journal keeps what the role allowed."),
        verb=_("Delete the role"),
        back=role.get_absolute_url(),
        then=reverse("accounts:role-list"),
        done=_("The role %(role)s is deleted.") % {"role": role},
    )


def rights_to_show(granted: Collection[str]) -> dict[str, Any]:
    """What accounts/_rights.html needs."""
    return {"granted": granted, "matrix": rights.matrix(), "groups": rights.groups()}
