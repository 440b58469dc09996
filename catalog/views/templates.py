"""What offers begin with, and who approves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.granting import Stale
from catalog.actions import templates as actions
from catalog.actions.templates import beginning
from catalog.forms.templates import TemplateForm
from catalog.gathering import Kind
from catalog.models import Environment, OfferTemplate
from catalog.problems import NameTaken, NotAcceptable
from catalog.standing import facts_of
from catalog.veiling import templates_seen
from catalog.views.doors import CatalogueRequest, changes
from catalog.views.saving import entries_of, status_of
from offers_site.http import ask_and_act

reads = changes("administration_branch", right="catalog.view_design_administration_branch")
writes = changes("administration_branch")


@require_safe
@reads
def template_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    context = {"environment": environment, "templates": seen(request, environment)}
    return render(request, "catalog/template_list.html", context)


def seen(request: CatalogueRequest, environment: Environment) -> list[OfferTemplate]:
    """Those that say nothing of what the person may not see."""
    rows = OfferTemplate.objects.filter(environment=environment).select_related("environment")
    rows = rows.prefetch_related("reviewers", "reviewer_roles").order_by("name", "pk")
    return templates_seen(rows, environment, request.user)


def find(request: CatalogueRequest, environment: Environment, pk: int) -> OfferTemplate:
    for row in seen(request, environment):
        if row.pk == pk:
            return row
    raise Http404


@require_http_methods(["GET", "POST"])
@writes
def template_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = TemplateForm(request.POST or None, environment=environment, user=request.user)
    if form.is_valid():
        made = kept(
            form,
            lambda: actions.create_template(
                environment, form.template(), by=request.user, at=now()
            ),
        )
        if made is not None:
            messages.success(request, _("%(template)s is created.") % {"template": made})
            return redirect("catalog:template-list", environment.name)
    context = {"form": form, "environment": environment}
    return render(request, "catalog/template_create.html", context, status=status_of(form))


def kept(form: TemplateForm, write: Callable[[], OfferTemplate]) -> OfferTemplate | None:
    """What `write` gives; None once the form says why it was refused."""
    try:
        return write()
    except NameTaken as refusal:
        form.add_error("name", str(refusal))
    except Stale as refusal:
        form.add_error(None, str(refusal))
    except NotAcceptable as refusal:
        for problem in refusal.problems:
            form.add_error("source", str(problem))
    return None


@require_http_methods(["GET", "POST"])
@writes
def template_edit(request: CatalogueRequest, environment: Environment, pk: int) -> HttpResponse:
    template = find(request, environment, pk)
    shape = beginning(template, code="template", label="template")
    form = TemplateForm(
        request.POST or None,
        environment=environment,
        user=request.user,
        shape=shape,
        initial={
            "name": template.name,
            "description": template.description,
            "reviewers": [person.public_id for person in template.reviewers.all()],
            "reviewer_roles": [role.code for role in template.reviewer_roles.all()],
            "days_to_review": template.days_to_review,
            "version": template.version,
        },
    )
    if form.is_valid():
        edited = kept(
            form,
            lambda: actions.edit_template(
                template,
                form.template(),
                version=form.cleaned_data["version"] or 0,
                by=request.user,
                at=now(),
            ),
        )
        if edited is not None:
            messages.success(request, _("%(template)s is saved.") % {"template": edited})
            return redirect("catalog:template-list", environment.name)
    context: dict[str, Any] = {
        "form": form,
        "environment": environment,
        "template": template,
        "facts": facts_of(environment, Kind.OFFER, shape, without=("code",)),
        "entries": entries_of(request, "offertemplate", template.journal_key),
    }
    return render(request, "catalog/template_edit.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@writes
def template_delete(request: CatalogueRequest, environment: Environment, pk: int) -> HttpResponse:
    template = find(request, environment, pk)
    return ask_and_act(
        request,
        lambda: actions.delete_template(template, by=request.user, at=now()),
        title=_("Delete the template %(template)s?") % {"template": template},
        consequence=_(
            "Offers that began with it stay. Whoever may approve offers approves them from then on."
        ),
        verb=_("Delete the template"),
        back=reverse("catalog:template-list", args=[environment.name]),
        done=_("%(template)s is deleted.") % {"template": template},
    )
