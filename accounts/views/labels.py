"""Access labels."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions import labels as actions
from accounts.actions.granting import Stale
from accounts.forms.labels import LabelCreateForm, LabelEditForm
from accounts.models import AccessLabel
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Column, List

may_manage_labels = permission_required("accounts.manage_labels", raise_exception=True)

LABELS = List(
    name="labels",
    template="accounts/label_list.html",
    columns=(
        Column("name", gettext_lazy("Name"), sort="name", pinned=True),
        Column("code", gettext_lazy("Code"), sort="code"),
        Column("description", gettext_lazy("Description")),
        Column("roles", gettext_lazy("Held by")),
    ),
    sort="name",
    row_key="code",
)


@require_GET
@may_manage_labels
def label_list(request: StaffRequest) -> HttpResponse:
    page = LABELS.page(request, AccessLabel.objects.for_label_list())
    return render_page(request, "accounts/label_list.html", {"list": page}, fragment="list")


@require_http_methods(["GET", "POST"])
@may_manage_labels
def label_create(request: StaffRequest) -> HttpResponse:
    form = LabelCreateForm(request.POST or None)
    if form.is_valid():
        try:
            label = actions.create_label(**form.cleaned_data, by=request.user, at=now())
        except actions.NameTaken as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("The label %(label)s is created. Give it to roles next.") % {"label": label},
            )
            return redirect("accounts:label-list")

    return render_form(request, "accounts/label_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
@may_manage_labels
def label_edit(request: StaffRequest, code: str) -> HttpResponse:
    label = get_object_or_404(AccessLabel, code=code)
    initial = {
        "name": label.name,
        "description": label.description,
        "version": label.version,
    }
    form = LabelEditForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            actions.edit_label(label, **form.cleaned_data, by=request.user, at=now())
        except (actions.NameTaken, Stale) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("%(label)s is saved.") % {"label": form.cleaned_data["name"]}
            )
            return redirect("accounts:label-list")

    return render_form(request, "accounts/label_edit.html", {"form": form, "label": label})


@require_http_methods(["GET", "POST"])
@may_manage_labels
def label_delete(request: StaffRequest, code: str) -> HttpResponse:
    label = get_object_or_404(AccessLabel, code=code)
    return ask_and_act(
        request,
        lambda: actions.delete_label(label, by=request.user, at=now()),
        refusals=actions.StillUsed,
        check=lambda: actions.check_uncarried(label),
        title=_("Delete the label %(label)s?") % {"label": label},
        consequence=_("A label can be deleted only when no role and no object carries it."),
        verb=_("Delete the label"),
        back=reverse("accounts:label-list"),
        done=_("The label %(label)s is deleted.") % {"label": label},
    )
