"""Presentation rules: what has been proposed already limits what may be proposed again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.actions import rules as actions
from catalog.actions.releases import publish_design
from catalog.describing import presentation_rule_shape
from catalog.forms.rules import PresentationRuleForm
from catalog.gathering import Kind
from catalog.models import Category, Environment, PresentationRule
from catalog.rulesaying import doubts_of, in_words
from catalog.shapes import PresentationRuleShape
from catalog.standing import WORDS, live_shapes, since_live, standings
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.saving import entries_of, publish, saved, status_of
from offers_site.http import ask_and_act, render_confirmation, render_page


@require_safe
@sees("presentation_rule")
def rule_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    context = {"environment": environment, **listed(request, environment)}
    return render_page(request, "catalog/presentation_rule_list.html", context, fragment="rules")


def listed(request: CatalogueRequest, environment: Environment) -> dict[str, Any]:
    """The rules in the order in which they are asked, with their sentences."""
    shapes: list[PresentationRuleShape]
    found: dict[str, Any] = {}
    if request.place.is_live:
        live = live_shapes(environment, Kind.PRESENTATION_RULE, request.user)
        shapes = sorted(live.values(), key=lambda one: (one.order, one.name))
    else:
        rows = PresentationRule.objects.filter(environment=environment).order_by("order", "name")
        shapes = [presentation_rule_shape(row) for row in rows]
        found = dict(
            standings(environment, Kind.PRESENTATION_RULE, {one.name: one for one in shapes})
        )
    categories = list(
        Category.objects.filter(environment=environment, always_include=True).visible_to(
            request.user
        )
    )
    may_change = request.user.has_perm("catalog.change_presentation_rule")
    return {
        "rules": [
            {
                "shape": shape,
                "sentences": in_words(shape, environment),
                "doubts": doubts_of(shape, categories),
                "standing": found.get(shape.name, "live"),
                "standing_label": WORDS[found.get(shape.name, "live")],
            }
            for shape in shapes
        ],
        "is_changed": any(each != "live" for each in found.values())
        or (not request.place.is_live and is_less(request, environment, shapes)),
        "may_change": may_change and not request.place.is_live,
    }


def is_less(
    request: CatalogueRequest, environment: Environment, shapes: list[PresentationRuleShape]
) -> bool:
    """Is something live that design no longer has?"""
    live = live_shapes(environment, Kind.PRESENTATION_RULE, request.user)
    return bool(set(live) - {shape.name for shape in shapes})


@require_POST
@changes("presentation_rule")
def rule_order(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Ask the rules in another order: all names in it, or one of them a step up or down."""
    rows = PresentationRule.objects.filter(environment=environment).order_by("order", "name")
    names = list(rows.values_list("name", flat=True))
    wanted = [name for name in request.POST.getlist("name") if name in names]
    for step, by in (("up", -1), ("down", 1)):
        moved = request.POST.get(step)
        if moved in names:
            wanted = list(names)
            at = wanted.index(moved)
            wanted.remove(moved)
            wanted.insert(max(at + by, 0), moved)
    actions.order_presentation_rules(environment, wanted, by=request.user, at=now())
    if request.htmx:
        context = {"environment": environment, **listed(request, environment)}
        return render(request, "catalog/presentation_rule_list.html#rules", context)
    return redirect("catalog:presentation-rule-list", environment.name)


@require_http_methods(["GET", "POST"])
@changes("presentation_rule")
def rule_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = PresentationRuleForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        initial={"applies_to": suggested(request, environment)},
    )
    if form.is_valid():
        last = PresentationRule.objects.filter(environment=environment).order_by("-order").first()
        order = min(last.order + 1, 1_000_000) if last else 1
        shape = form.shape().model_copy(update={"order": order})
        rule = saved(
            form,
            lambda: actions.create_presentation_rule(environment, shape, by=request.user, at=now()),
        )
        if rule is not None:
            messages.success(request, _("%(rule)s is created.") % {"rule": rule})
            return redirect("catalog:presentation-rule-list", environment.name)
    context = {"form": form, "environment": environment, "summary_url": summary_url(environment)}
    template = "catalog/presentation_rule_create.html"
    return render(request, template, context, status=status_of(form))


def suggested(request: CatalogueRequest, environment: Environment) -> str:
    """All but the offers that are always included: they are there so that nobody gets nothing."""
    always = Category.objects.filter(environment=environment, always_include=True)
    names = sorted(always.visible_to(request.user).values_list("name", flat=True))
    return " && ".join(f'!("{name}" in offer.categories)' for name in names)


@require_http_methods(["GET", "POST"])
@changes("presentation_rule")
def rule_edit(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    rule = find(environment, name)
    form = PresentationRuleForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        shape=presentation_rule_shape(rule),
        version=rule.version,
    )
    if form.is_valid():
        edited = saved(
            form,
            lambda: actions.edit_presentation_rule(
                rule, form.shape(), version=form.read_at, by=request.user, at=now()
            ),
        )
        if edited is not None:
            messages.success(request, _("%(rule)s is saved.") % {"rule": edited})
            return redirect("catalog:presentation-rule-list", environment.name)
    context = {
        "form": form,
        "environment": environment,
        "rule": rule,
        "summary_url": summary_url(environment) + f"?name={rule.name}",
        "change": since_live(environment, Kind.PRESENTATION_RULE, presentation_rule_shape(rule)),
        "entries": entries_of(request, "presentationrule", rule.journal_key),
    }
    template = "catalog/presentation_rule_edit.html"
    return render(request, template, context, status=status_of(form))


def summary_url(environment: Environment) -> str:
    return reverse("catalog:presentation-rule-say", args=[environment.name])


@require_POST
@changes("presentation_rule")
def rule_say(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """What a form says, in sentences, as far as it is finished: nothing is saved."""
    data = request.POST.copy()
    data["label"] = data.get("label") or "-"
    data["name"] = data.get("name") or "x"
    form = PresentationRuleForm(data, user=request.user, environment=environment)
    context: dict[str, Any] = {"environment": environment}
    if form.is_valid():
        seen = Category.objects.filter(environment=environment).visible_to(request.user)
        context["sentences"] = in_words(form.shape(), environment)
        context["doubts"] = doubts_of(form.shape(), seen)
    return render(request, "catalog/_rule_summary.html", context)


@require_http_methods(["GET", "POST"])
@changes("presentation_rule")
def rule_delete(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    rule = find(environment, name)
    return ask_and_act(
        request,
        lambda: actions.delete_presentation_rule(rule, by=request.user, at=now()),
        title=_("Delete the rule %(rule)s?") % {"rule": rule},
        consequence=_("It goes on counting in live until the next release."),
        verb=_("Delete the rule"),
        back=reverse("catalog:presentation-rule-list", args=[environment.name]),
        done=_("%(rule)s is deleted.") % {"rule": rule},
    )


@require_http_methods(["GET", "POST"])
@changes("presentation_rule", right="catalog.publish")
def rules_publish(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    back = reverse("catalog:presentation-rule-list", args=[environment.name])
    if request.method == "GET":
        return render_confirmation(
            request,
            title=_("Publish the presentation rules?"),
            consequence=_(
                "All of them, as they are in design, hold from the next decision on. The "
                "environment itself goes live with them; offers stay as they are."
            ),
            verb=_("Publish the rules"),
            back=back,
            danger=False,
        )
    return publish(
        request,
        environment,
        lambda: publish_design(environment, by=request.user, at=now()),
        back=back,
    )


def find(environment: Environment, name: str) -> PresentationRule:
    rows = PresentationRule.objects.select_related("environment").filter(environment=environment)
    rule: PresentationRule = get_object_or_404(rows, name=name)
    return rule
