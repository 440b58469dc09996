"""Which environment the catalogue's pages are about."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from catalog.models import Environment
from offers_site.http import ENVIRONMENT_KEY, StaffRequest


@require_safe
def choose(request: StaffRequest) -> HttpResponse:
    """On to the environment that was used last, or the only one; else they are shown.

    `?page=` names the page that was meant, as the navigation does.
    """
    page = request.GET.get("page", "")
    environments = list(Environment.objects.visible_to(request.user).order_by("label", "pk"))
    last = request.session.get(ENVIRONMENT_KEY)
    here = next((each for each in environments if each.name == last), None)
    if here is None and len(environments) == 1:
        (here,) = environments
    if here is not None:
        return redirect(address_of(page, here))
    context = {"environments": [(each, address_of(page, each)) for each in environments]}
    return render(request, "catalog/choose.html", context)


def address_of(page: str, environment: Environment) -> str:
    try:
        return reverse(f"catalog:{page}", args=[environment.name])
    except NoReverseMatch:
        return reverse("catalog:offer-list", args=[environment.name])
