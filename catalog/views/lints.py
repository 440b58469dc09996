"""What is worth a look: what was found, why it matters, and the way to each."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from catalog.lints import Group, counted, lints_of, urgent
from catalog.lints.looking import Finding
from catalog.models import Environment
from catalog.views.doors import CatalogueRequest, reviews
from catalog.views.overviews import overviews_of
from catalog.views.saving import in_its_zone
from offers_site.http import StaffRequest

SHOWN = 12
MOST = 500
PAGES = {
    "offer": "offer-detail",
    "fallback_offer": "fallback-offer-detail",
    "category": "category-edit",
    "space": "space-edit",
    "presentation_rule": "presentation-rule-edit",
}
TO_LOOK_AT = {  # for those who may see it and not mend it
    "category": "category-detail",
    "space": "space-detail",
    "presentation_rule": "presentation-rule-list",
}
RIGHTS = {"fallback_offer": "offer"}


@require_safe
@reviews
@in_its_zone
def lint_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    groups = lints_of(environment, request.user, at=now())
    only = request.GET.get("only", "")
    chosen = next((group for group in groups if group.code == only), None)
    most = MOST if chosen is not None else SHOWN
    shown = [chosen] if chosen is not None else groups
    context = {
        "environment": environment,
        "groups": [(group, linked(request, environment, group, most)) for group in shown],
        "number": sum(len(group.findings) for group in groups),
        "counted": counted(groups),
        "chosen": chosen,
        "overviews": overviews_of(request, environment, "lint-list"),
    }
    return render(request, "catalog/lint_list.html", context)


def linked(
    request: CatalogueRequest, environment: Environment, group: Group, most: int
) -> list[tuple[Finding, str]]:
    return [(each, address_of(request, environment, each)) for each in group.findings[:most]]


def address_of(request: CatalogueRequest, environment: Environment, finding: Finding) -> str:
    """Where it is mended, or looked at by those who may not."""
    if finding.kind == "weights":
        amount = urlencode({"amount_today": finding.name})
        return f"{reverse('catalog:weight-grid', args=[environment.name])}?{amount}"
    thing = RIGHTS.get(finding.kind, finding.kind)
    if request.user.has_perm(f"catalog.change_{thing}"):
        page = finding.page or PAGES[finding.kind]
    else:
        page = TO_LOOK_AT.get(finding.kind) or PAGES[finding.kind]
    if page == "presentation-rule-list":
        return reverse(f"catalog:{page}", args=[environment.name])
    return reverse(f"catalog:{page}", args=[environment.name, finding.name])


@require_safe
@permission_required("catalog.view_design_offer", raise_exception=True)
def lint_counts(request: StaffRequest) -> HttpResponse:
    """For the home page: in each environment, how much there is that does not do what was meant."""
    at = now()
    counts = []
    for environment in Environment.objects.visible_to(request.user).order_by("label", "pk"):
        number = sum(
            len(group.findings) for group in urgent(lints_of(environment, request.user, at=at))
        )
        if number:
            counts.append((environment, number))
    return render(request, "catalog/_lint_counts.html", {"counts": counts})
