"""What administrators declare about people."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions.granting import Stale
from accounts.models import User
from contacts.actions import attributes as actions
from contacts.actions.refusing import NameTaken, NotAttributable, NotInState, StillUsed
from contacts.blocking import asking, uses_of
from contacts.counting import count_having
from contacts.forms.attributes import AttributeCreateForm, AttributeEditForm, AttributeFilter
from contacts.models import Attribute
from contacts.views.audiences import ways_to
from contacts.vocabulary import audiences_naming
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Column, List

may_view = permission_required("contacts.view_contact", raise_exception=True)
may_change = permission_required("contacts.change_attribute", raise_exception=True)

ATTRIBUTES = List(
    name="attributes",
    template="contacts/attribute_list.html",
    columns=(
        Column("label", gettext_lazy("Label"), sort="label", pinned=True),
        Column("name", gettext_lazy("Name"), sort="name"),
        Column("type", gettext_lazy("Type"), sort="type"),
        Column("choices", gettext_lazy("Choices")),
        Column("is_personal", gettext_lazy("Personal data"), sort="is_personal"),
        Column("state", gettext_lazy("State")),
        Column("created_at", gettext_lazy("Declared"), sort="created_at", newest_first=True),
    ),
    sort="label",
    filters=AttributeFilter,
    row_key="name",
)


@require_GET
@may_view
def attribute_list(request: StaffRequest) -> HttpResponse:
    page = ATTRIBUTES.page(request, Attribute.objects.all())
    return render_page(request, "contacts/attribute_list.html", {"list": page}, fragment="list")


@require_http_methods(["GET", "POST"])
@may_change
def attribute_create(request: StaffRequest) -> HttpResponse:
    form = AttributeCreateForm(request.POST or None)
    if form.is_valid():
        try:
            attribute = actions.declare_attribute(**form.cleaned_data, by=request.user, at=now())
        except (NameTaken, NotAttributable) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("%(attribute)s is declared: rules, files and pages know it from now on.")
                % {"attribute": attribute},
            )
            return redirect("contacts:attribute-list")

    return render_form(request, "contacts/attribute_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
@may_change
def attribute_edit(request: StaffRequest, name: str) -> HttpResponse:
    attribute = get_object_or_404(Attribute, name=name)
    initial = {
        "label": attribute.label,
        "choices": "\n".join(f"{value} = {label}" for value, label in attribute.choices),
        "is_personal": attribute.is_personal,
        "description": attribute.description,
        "version": attribute.version,
    }
    form = AttributeEditForm(request.POST or None, initial=initial, of_type=attribute.type)
    if form.is_valid():
        try:
            actions.edit_attribute(attribute, **form.cleaned_data, by=request.user, at=now())
        except Stale as refusal:
            form.add_error(None, str(refusal))
        else:
            saved = _("%(attribute)s is saved.") % {"attribute": form.cleaned_data["label"]}
            messages.success(request, saved)
            return redirect("contacts:attribute-list")

    return render_form(
        request,
        "contacts/attribute_edit.html",
        {
            "form": form,
            "attribute": attribute,
            "uses": audiences_naming(attribute=name, by=request.user),
            "asking": asking(uses_of(attribute, request.user)),
        },
    )


@require_http_methods(["GET", "POST"])
@may_change
def attribute_retire(request: StaffRequest, name: str) -> HttpResponse:
    attribute = get_object_or_404(Attribute, name=name)
    return ask_and_act(
        request,
        lambda: actions.retire_attribute(attribute, by=request.user, at=now()),
        refusals=(StillUsed, NotInState),
        check=lambda: actions.check_unused(attribute, request.user),
        ways=lambda refusal: ways_from(refusal, attribute, request.user),
        title=_("Retire %(attribute)s?") % {"attribute": attribute},
        consequence=_(
            "Rules, files and pages no longer know it. Its values stay, and you can restore it."
        ),
        verb=_("Retire the attribute"),
        back=reverse("contacts:attribute-list"),
        done=_("%(attribute)s is retired.") % {"attribute": attribute},
    )


@require_http_methods(["GET", "POST"])
@may_change
def attribute_restore(request: StaffRequest, name: str) -> HttpResponse:
    attribute = get_object_or_404(Attribute, name=name)
    return ask_and_act(
        request,
        lambda: actions.restore_attribute(attribute, by=request.user, at=now()),
        refusals=NotInState,
        title=_("Restore %(attribute)s?") % {"attribute": attribute},
        consequence=_("Rules, files and pages know it again, with the values that it had."),
        verb=_("Restore the attribute"),
        back=reverse("contacts:attribute-list"),
        danger=False,
        done=_("%(attribute)s is in use again.") % {"attribute": attribute},
    )


@require_http_methods(["GET", "POST"])
@may_change
def attribute_purge(request: StaffRequest, name: str) -> HttpResponse:
    attribute = get_object_or_404(Attribute, name=name)
    return ask_and_act(
        request,
        lambda: actions.purge_attribute(attribute, by=request.user, at=now()),
        refusals=(StillUsed, NotInState, NotAttributable),
        check=lambda: actions.check_unused(attribute, request.user),
        ways=lambda refusal: ways_from(refusal, attribute, request.user),
        title=_("Purge %(attribute)s?") % {"attribute": attribute},
        consequence=_("The attribute and all its values are removed. Nothing brings them back."),
        verb=_("Purge the attribute"),
        back=reverse("contacts:attribute-list"),
        facts=lambda: [(_("People who have a value"), str(count_having(attribute)))],
        done=_("%(attribute)s is purged.") % {"attribute": attribute},
    )


def ways_from(refusal: StillUsed, attribute: Attribute, user: User) -> list[tuple[str, str]]:
    """To what asks for it, as far as it may be seen."""
    audiences = audiences_naming(attribute=attribute.name, by=user)
    return ways_to(audiences, asking(refusal.uses))
