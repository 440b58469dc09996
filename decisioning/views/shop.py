"""A shop of the demo: its pages are those of somebody's site, and include the script as such.

It stands on the machine of whoever tries the product, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from catalog.demo import KEYS, PEOPLE
from decisioning.demo import ENVIRONMENT, Shop, shop_at
from decisioning.identifying import sign
from decisioning.middleware import remember_visitors
from decisioning.views.tag import tag
from offers_site.http import safe_next

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

CUSTOMER = "overture_shop_customer"  # cookies of the shop's own
CONSENT = "overture_shop_consent"
ENGINE = "overture_shop_engine"
A_WHILE = timedelta(hours=1)
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Product:
    name: _StrOrPromise
    price: Decimal
    picture: str
    department: str


DEPARTMENTS: Mapping[str, _StrOrPromise] = {
    "bags": _("Bags"),
    "camp": _("Tents and nights"),
    "table": _("Table outdoors"),
}
PRODUCTS = (
    Product(_("Daypack, 22 litres"), Decimal("59.90"), "shop/daypack.svg", "bags"),
    Product(_("Two-person tent"), Decimal("189.00"), "shop/tent.svg", "camp"),
    Product(_("Enamel mug"), Decimal("12.50"), "shop/mug.svg", "table"),
    Product(_("Cabin trolley"), Decimal("129.00"), "shop/trolley.svg", "bags"),
    Product(_("Headlamp"), Decimal("34.90"), "shop/lamp.svg", "camp"),
    Product(_("Picnic basket for four"), Decimal("74.00"), "shop/picnic.svg", "table"),
    Product(_("Duffel, 60 litres"), Decimal("84.50"), "shop/duffel.svg", "bags"),
    Product(_("Sleeping mat"), Decimal("49.00"), "shop/mat.svg", "camp"),
    Product(_("Stove and pan"), Decimal("64.90"), "shop/stove.svg", "table"),
)
BASKET = (PRODUCTS[0], PRODUCTS[2])


def when_open(view: View) -> View:
    """The shop's pages are there for everybody while it is open, and for nobody else."""

    @login_not_required
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        shop = shop_at(now())
        if shop is None:
            raise Http404
        return view(request, shop, *args, **kwargs)

    return opened


# --- pages ---


@when_open
@require_safe
def shop_home(request: HttpRequest, shop: Shop) -> HttpResponse:
    return page(request, shop, "shop/home.html", {"products": PRODUCTS})


@when_open
@require_safe
def shop_department(request: HttpRequest, shop: Shop, department: str) -> HttpResponse:
    if department not in DEPARTMENTS:
        raise Http404
    products = [each for each in PRODUCTS if each.department == department]
    context = {"department": department, "title": DEPARTMENTS[department], "products": products}
    return page(request, shop, "shop/department.html", context)


@when_open
@require_safe
@remember_visitors
def shop_basket(request: HttpRequest, shop: Shop) -> HttpResponse:
    """This one is whole when it leaves the server: the template tag has asked for its offers."""
    total = sum((each.price for each in BASKET), Decimal())
    context = {"products": BASKET, "total": total, "call": {"basket": float(total)}}
    return page(request, shop, "shop/basket.html", context)


def page(
    request: HttpRequest, shop: Shop, template: str, context: Mapping[str, Any]
) -> HttpResponse:
    is_away, consent = ENGINE in request.COOKIES, request.COOKIES.get(CONSENT, "")
    key = customer_of(request)
    return render(
        request,
        template,
        {
            "departments": DEPARTMENTS,
            "people": PEOPLE,
            "customer": next((each for each in PEOPLE if each["key"] == key), None),
            "token": token_for(key, now()) if key else "",
            "consent": consent,
            "agreed": consent == "yes",
            "is_away": is_away,
            "key": shop["key"],
            "environment": ENVIRONMENT,
            "tag": reverse("decisioning:shop-away-tag" if is_away else "decisioning:tag"),
            **context,
        },
    )


# --- who is there ---


@when_open
@require_POST
def shop_sign_in(request: HttpRequest, _shop: Shop) -> HttpResponse:
    """Signed in with the `key` of a customer, signed out without one; scripts get the token."""
    key = request.POST.get("key", "")
    if key and key not in KEYS:
        raise Http404
    if request.headers.get("Accept") == "application/json":
        response: HttpResponse = JsonResponse({"token": token_for(key, now()) if key else None})
    else:
        response = redirect(safe_next(request, reverse("decisioning:shop-home")))
    if key:
        response.set_signed_cookie(CUSTOMER, key, salt=CUSTOMER, httponly=True, samesite="Lax")
    else:
        response.delete_cookie(CUSTOMER, samesite="Lax")
    return response


def customer_of(request: HttpRequest) -> str:
    return request.get_signed_cookie(CUSTOMER, "", salt=CUSTOMER) or ""


def token_for(key: str, at: datetime) -> str:
    """What the shop's server tells the page of who has signed in."""
    return sign({"key": key}, until=at + A_WHILE)


# --- an engine that does not answer ---


@when_open
@require_GET
def shop_away_tag(request: HttpRequest, _shop: Shop) -> HttpResponse:
    """The same script from another place, where nobody answers what it asks."""
    return tag(request)


@csrf_exempt
@when_open
def shop_away_api(request: HttpRequest, _shop: Shop, path: str) -> HttpResponse:
    return HttpResponse(status=503)
