"""Tags, and the content fields of an environment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.granting import Stale
from catalog.actions import environments as fields
from catalog.actions import tags as actions
from catalog.asking import rules_naming
from catalog.contentwords import FieldOfForm, content_settings
from catalog.describing import content_field_shape
from catalog.forms.environments import ContentFieldForm
from catalog.forms.rules import TagFilter, TagForm, TagMergeForm, TagRenameForm
from catalog.gathering import Kind
from catalog.models import BUILT_IN_FIELDS, ContentField, Environment, Offer, Tag
from catalog.models.content import ContentType
from catalog.problems import NameTaken, StillUsed
from catalog.standing import WORDS, live_shapes, standings
from catalog.uses import uses_of_fields
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.saving import linked, saved, status_of
from contacts.actions.refusing import named
from offers_site.http import StaffRequest, ask_and_act, render_confirmation, render_page
from offers_site.lists import Column, List

may_view = permission_required("catalog.view_design_offer", raise_exception=True)
may_change = permission_required(
    ("catalog.view_design_offer", "catalog.change_offer"), raise_exception=True
)

TAGS = List(
    name="tags",
    template="catalog/tag_list.html",
    columns=(
        Column("name", gettext_lazy("Tag"), sort="name", pinned=True),
        Column("offers", gettext_lazy("Offers"), sort="number_of_offers", numeric=True),
        Column("created_at", gettext_lazy("Created"), sort="created_at", newest_first=True),
    ),
    sort="name",
    filters=TagFilter,
    row_key="pk",
)


@require_safe
@may_view
def tag_list(request: StaffRequest) -> HttpResponse:
    """The tags of all environments; offers that somebody may not see are not counted."""
    seen = Offer.objects.visible_to(request.user)
    counted = Count("offers", filter=Q(offers__in=seen), distinct=True)
    page = TAGS.page(request, Tag.objects.annotate(number_of_offers=counted))
    return render_page(request, "catalog/tag_list.html", {"list": page}, fragment="list")


@require_http_methods(["GET", "POST"])
@may_change
def tag_create(request: StaffRequest) -> HttpResponse:
    form = TagForm(request.POST or None)
    if form.is_valid():
        try:
            tag = actions.create_tag(**form.cleaned_data, by=request.user, at=now())
        except NameTaken as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The tag %(tag)s is created.") % {"tag": tag})
            return redirect("catalog:tag-list")
    return asked(request, form, title=_("Create a tag"), verb=_("Create the tag"))


@require_http_methods(["GET", "POST"])
@may_change
def tag_rename(request: StaffRequest, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    form = TagRenameForm(request.POST or None, initial={"name": tag.name, "version": tag.version})
    if form.is_valid():
        try:
            actions.rename_tag(tag, **form.cleaned_data, by=request.user, at=now())
        except NameTaken as refusal:
            form.add_error("name", str(refusal))
        except Stale as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The tag is called %(tag)s now.") % {"tag": tag})
            return redirect("catalog:tag-list")
    return asked(
        request,
        form,
        title=_("Rename the tag %(tag)s?") % {"tag": tag},
        consequence=again(request, tag),
        verb=_("Rename the tag"),
    )


@require_http_methods(["GET", "POST"])
@may_change
def tag_merge(request: StaffRequest, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    others = Tag.objects.exclude(pk=pk).order_by("name")
    form = TagMergeForm(request.POST or None, others=others)
    if form.is_valid():
        into = form.cleaned_data["into"]
        name = tag.name
        try:
            actions.merge_tag(tag, into, by=request.user, at=now())
        except Stale as refusal:
            form.add_error(None, str(refusal))
        else:
            words = {"tag": name, "into": into}
            messages.success(request, _("%(tag)s is merged into %(into)s.") % words)
            return redirect("catalog:tag-list")
    return asked(
        request,
        form,
        title=_("Merge the tag %(tag)s?") % {"tag": tag},
        consequence=again(request, tag),
        verb=_("Merge the tag"),
    )


def again(request: StaffRequest, tag: Tag) -> str:
    """What it means for the offers that carry a tag, and for the rules that name it."""
    number = Offer.objects.visible_to(request.user).filter(tags=tag).count()
    said = ngettext(
        "%(number)s offer carries it: where that waits for approval or is approved, its "
        "eligibility has to be approved again, because rules ask for tags by name.",
        "%(number)s offers carry it: where one waits for approval or is approved, its "
        "eligibility has to be approved again, because rules ask for tags by name.",
        number,
    ) % {"number": number}
    if naming := rules_naming(tag, request.user):
        message = _("These name it in their rules, which do not follow: %(uses)s. Change them too.")
        said += " " + message % {"uses": named(naming)}
    return said


def asked(
    request: StaffRequest, form: Any, *, title: str, verb: str, consequence: str = ""
) -> HttpResponse:
    return render_confirmation(
        request,
        title=title,
        consequence=consequence,
        verb=verb,
        back=reverse("catalog:tag-list"),
        danger=False,
        form=form,
    )


@require_http_methods(["GET", "POST"])
@may_change
def tag_delete(request: StaffRequest, pk: int) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk)
    return ask_and_act(
        request,
        lambda: actions.delete_tag(tag, by=request.user, at=now()),
        title=_("Delete the tag %(tag)s?") % {"tag": tag},
        consequence=_("Only a tag that no offer carries can be deleted."),
        verb=_("Delete the tag"),
        back=reverse("catalog:tag-list"),
        done=_("The tag %(tag)s is deleted.") % {"tag": tag},
        refusals=StillUsed,
        check=lambda: actions.check_uncarried(tag),
    )


# --- content fields ---


@require_safe
@sees("environment")
def field_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    return render_page(
        request,
        "catalog/content_field_list.html",
        fields_context(request, environment),
        fragment="fields",
    )


def fields_context(request: CatalogueRequest, environment: Environment) -> dict[str, Any]:
    """The built-in fields, then the declared ones in the order of forms."""
    types = dict(ContentType.choices)
    uses = uses_of_fields(environment)
    built_in = [
        (FieldOfForm(name, str(label), "text"), types[kind.value])
        for name, (kind, label) in BUILT_IN_FIELDS.items()
    ]
    rows = ContentField.objects.filter(environment=environment).order_by("position", "pk")
    shapes = {row.name: content_field_shape(row) for row in rows}
    found: dict[str, Any] = {}
    if request.place.is_live:
        shapes = live_shapes(environment, Kind.CONTENT_FIELD, request.user)
    else:
        found = dict(standings(environment, Kind.CONTENT_FIELD, shapes))
    return {
        "environment": environment,
        "built_in": built_in,
        "fields": [(shape, types[shape.type]) for shape in shapes.values()],
        "uses": {name: linked(environment, each) for name, each in uses.items()},
        "standings": {name: (each, WORDS[each]) for name, each in found.items()},
        "may_change": request.user.has_perm("catalog.change_environment")
        and not request.place.is_live,
    }


@require_http_methods(["GET", "POST"])
@changes("environment")
def field_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = ContentFieldForm(request.POST or None, user=request.user, environment=environment)
    if form.is_valid():
        field = saved(
            form,
            lambda: fields.create_content_field(
                environment, form.shape(), by=request.user, at=now()
            ),
        )
        if field is not None:
            said = _("%(field)s is declared: offers have it from now on.")
            messages.success(request, said % {"field": field})
            return redirect("catalog:content-field-list", environment.name)
    context = {"form": form, "environment": environment}
    template = "catalog/content_field_create.html"
    return render(request, template, context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@changes("environment")
def field_edit(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    field = find_field(environment, name)
    form = ContentFieldForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        shape=content_field_shape(field),
        version=field.version,
    )
    if form.is_valid():
        edited = saved(
            form,
            lambda: fields.edit_content_field(
                field, form.shape(), version=form.read_at, by=request.user, at=now()
            ),
        )
        if edited is not None:
            messages.success(request, _("%(field)s is saved.") % {"field": edited})
            return redirect("catalog:content-field-list", environment.name)
    uses = uses_of_fields(environment).get(name, [])
    context = {
        "form": form,
        "environment": environment,
        "field": field,
        "uses": linked(environment, uses),
    }
    template = "catalog/content_field_edit.html"
    return render(request, template, context, status=status_of(form))


@require_POST
@changes("environment")
def field_order(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Put one field a step up or down, or where it was dropped among all."""
    names = [each.name for each in content_settings(environment).fields]
    names = [name for name in names if name not in BUILT_IN_FIELDS]
    moved, place = target_of(request, names)
    if moved is not None:
        field = find_field(environment, moved)
        fields.move_content_field(field, place, by=request.user, at=now())
    if request.htmx:
        context = fields_context(request, environment)
        return render(request, "catalog/content_field_list.html#fields", context)
    return redirect("catalog:content-field-list", environment.name)


def target_of(request: CatalogueRequest, names: list[str]) -> tuple[str | None, int]:
    """(which field, its place then): the one whose place differs most is the one that was moved."""
    for step, by in (("up", -1), ("down", 1)):
        name = request.POST.get(step)
        if name in names:
            return name, max(names.index(name) + by, 0)
    wanted = [name for name in request.POST.getlist("name") if name in names]
    if sorted(wanted) != sorted(names):
        return None, 0
    moves = {name: abs(wanted.index(name) - names.index(name)) for name in names}
    moved = max(moves, key=lambda name: moves[name], default=None)
    return (moved, wanted.index(moved)) if moved and moves[moved] else (None, 0)


@require_http_methods(["GET", "POST"])
@changes("environment")
def field_delete(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    field = find_field(environment, name)
    return ask_and_act(
        request,
        lambda: fields.delete_content_field(field, by=request.user, at=now()),
        title=_("Delete the content field %(field)s?") % {"field": field},
        consequence=_("Only a field that no space asks for and no offer fills can be deleted."),
        verb=_("Delete the field"),
        back=reverse("catalog:content-field-list", args=[environment.name]),
        done=_("%(field)s is deleted.") % {"field": field},
        refusals=StillUsed,
        check=lambda: fields.check_field_unused(field),
    )


def find_field(environment: Environment, name: str) -> ContentField:
    rows = ContentField.objects.select_related("environment").filter(environment=environment)
    field: ContentField = get_object_or_404(rows, name=name)
    return field
