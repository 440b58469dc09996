"""Folders of coupons, and for whom they are."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions.granting import MayNotGrant, Stale
from accounts.rights import Right
from coupons.actions import folders as actions
from coupons.actions.refusing import FieldRefused, StillUsed
from coupons.forms.folders import FolderEditForm, FolderFilter, FolderForm
from coupons.models import Coupon, Folder
from coupons.models.folders import inherited
from coupons.views.letting import allowed
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Column, List

FOLDERS = List(
    name="folders",
    template="coupons/folder_list.html",
    columns=(
        Column("path", gettext_lazy("Folder"), sort="path", pinned=True),
        Column("coupons", gettext_lazy("Coupons"), sort="number_of_coupons", numeric=True),
        Column("access_labels", gettext_lazy("Access labels")),
    ),
    sort="path",
    filters=FolderFilter,
    row_key="pk",
)


@require_GET
@allowed(Right.CHANGE_COUPON)
def folder_list(request: StaffRequest) -> HttpResponse:
    coupons = Coupon.objects.visible_to(request.user)
    page = FOLDERS.page(request, Folder.objects.visible_to(request.user).for_folder_list(coupons))
    context = {"list": page, "inherited": inherited(row.path for row in page.rows)}
    return render_page(request, "coupons/folder_list.html", context, fragment="list")


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def folder_create(request: StaffRequest) -> HttpResponse:
    form = FolderForm(request.POST or None, user=request.user)

    def act() -> None:
        path, labels = form.cleaned_data["path"], form.labels or ()
        actions.create_folder(path=path, labels=labels, by=request.user, at=now())

    if form.is_valid() and is_done(form, act):
        messages.success(request, _("The folder is created."))
        return redirect("coupons:folder-list")
    return render_form(request, "coupons/folder_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def folder_edit(request: StaffRequest, pk: int) -> HttpResponse:
    folder = find_folder(request, pk)
    initial = {
        "path": folder.path,
        "access_labels": [label.code for label in folder.access_labels.all()],
        "version": folder.version,
    }
    form = FolderEditForm(request.POST or None, initial=initial, user=request.user)

    def act() -> None:
        actions.edit_folder(
            folder,
            path=form.cleaned_data["path"],
            labels=form.labels,
            version=form.cleaned_data["version"],
            by=request.user,
            at=now(),
        )

    if form.is_valid() and is_done(form, act):
        messages.success(request, _("The changes are saved."))
        return redirect("coupons:folder-list")
    context = {
        "form": form,
        "folder": folder,
        "inherited": inherited([folder.path])[folder.path],
    }
    return render_form(request, "coupons/folder_edit.html", context)


@require_http_methods(["GET", "POST"])
@allowed(Right.CHANGE_COUPON)
def folder_delete(request: StaffRequest, pk: int) -> HttpResponse:
    folder = find_folder(request, pk)
    return ask_and_act(
        request,
        lambda: actions.delete_folder(folder, by=request.user, at=now()),
        refusals=StillUsed,
        check=lambda: actions.check_empty(folder),
        title=_("Delete the folder %(folder)s?") % {"folder": folder},
        consequence=_("Only an empty folder can be deleted."),
        verb=_("Delete the folder"),
        back=reverse("coupons:folder-list"),
        done=_("The folder %(folder)s is deleted.") % {"folder": folder},
    )


def find_folder(request: StaffRequest, pk: int) -> Folder:
    return get_object_or_404(Folder.objects.visible_to(request.user), pk=pk)


def is_done(form: FolderForm, act: Callable[[], None]) -> bool:
    """Whether it was done; else the form says why not."""
    try:
        act()
    except FieldRefused as refusal:
        form.add_error("path", str(refusal))
    except (MayNotGrant, Stale) as refusal:
        form.add_error(None, str(refusal))
    else:
        return True
    return False
