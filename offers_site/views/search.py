"""The search over everything: each room's hits, as far as the person may see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.models import AccessLabel, ApiKey, Role, User
from catalog.models import Category, Environment, Filter, Offer, Space
from contacts.disclosing import may_see_personal, title_of
from contacts.models import Contact
from contacts.searching import search as search_people
from coupons.actions import options as coupon_options
from coupons.browsing import with_code
from coupons.models import Coupon
from jobs.models import Job
from offers_site.http import StaffRequest, render_page
from offers_site.navigation import Frame
from offers_site.resembling import folded

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

MOST_HITS = 6
LONGEST = 200


@dataclass(frozen=True)
class Hit:
    label: str
    url: str
    icon: str
    detail: str = ""


@dataclass(frozen=True)
class Source:
    """Where hits come from. `right` is needed to ask there at all."""

    label: _StrOrPromise
    find: Callable[[StaffRequest, list[str]], list[Hit]]
    right: str = ""


@dataclass(frozen=True)
class Found:
    label: str
    hits: list[Hit]


@require_http_methods(["GET", "POST"])
def search(request: StaffRequest) -> HttpResponse:
    """Our forms post what is looked for: coupon codes are money, and do not stand in addresses."""
    asked = request.POST if request.method == "POST" else request.GET
    text = asked.get("q", "").replace("\0", "")[:LONGEST].strip()
    found = [
        Found(str(source.label), hits)
        for source in SOURCES
        if not source.right or request.user.has_perm(source.right)
        if (hits := source.find(request, text.split()))
    ]
    context = {"text": text, "found": found}
    return render_page(request, "search.html", context, fragment="hits")


def holding(words: Sequence[str], *names: str) -> Q:
    """Every word stands in one of the columns."""
    each = [
        reduce(lambda some, name: some | Q(**{f"{name}__resembles": word}), names, Q())
        for word in words
    ]
    return reduce(and_, each, Q())


def find_pages(request: StaffRequest, words: list[str]) -> list[Hit]:
    """The pages of the rail; without a word, all of them."""
    return [
        Hit(link.label, link.url, link.icon, section.label)
        for section in Frame(request).rail
        for link in section.links
        if all(folded(word) in folded(link.label) for word in words)
    ]


def find_offers(request: StaffRequest, words: list[str]) -> list[Hit]:
    """Offers and fallback offers of every environment, as design says, with their environment."""
    if not words:
        return []
    offers = Offer.objects.visible_to(request.user).filter(holding(words, "label", "code"))
    return [
        Hit(
            offer.label,
            offer.get_absolute_url(),
            "life-buoy" if offer.is_fallback else "badge-percent",
            f"{offer.code} · {offer.environment.label}",
        )
        for offer in offers.select_related("environment").order_by("label", "pk")[:MOST_HITS]
    ]


def find_categories(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words:
        return []
    seen = Category.objects.visible_to(request.user).filter(holding(words, "label", "name"))
    rows = seen.select_related("environment").order_by("label", "pk")
    return [hit_of(row, "category-detail", "folder-tree") for row in rows[:MOST_HITS]]


def find_spaces(request: StaffRequest, words: list[str]) -> list[Hit]:
    return within(request, words, Space.objects.all(), "space-detail", "panels-top-left")


def find_filters(request: StaffRequest, words: list[str]) -> list[Hit]:
    return within(request, words, Filter.objects.all(), "filter-detail", "funnel")


def within(
    request: StaffRequest, words: list[str], rows: QuerySet[Any], page: str, icon: str
) -> list[Hit]:
    """What has a name in the environments that the person may see."""
    if not words:
        return []
    seen = rows.filter(environment__in=Environment.objects.visible_to(request.user))
    found = seen.filter(holding(words, "label", "name")).select_related("environment")
    return [hit_of(row, page, icon) for row in found.order_by("label", "pk")[:MOST_HITS]]


def hit_of(row: Any, page: str, icon: str) -> Hit:
    address = reverse(f"catalog:{page}", args=[row.environment.name, row.name])
    return Hit(row.label, address, icon, f"{row.name} · {row.environment.label}")


def find_contacts(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words:
        return []
    people = search_people(
        Contact.objects.contacts(),
        " ".join(words),
        kind=Contact.Kind.CONTACT,
        personal=may_see_personal(request.user),
    )
    return [
        Hit(title_of(contact, request.user), contact.get_absolute_url(), "contact", contact.key)
        for contact in people.order_by("key")[:MOST_HITS]
    ]


def find_coupons(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words or not coupon_options.are_on():
        return []
    coupons = Coupon.objects.visible_to(request.user).filter(holding(words, "label", "code"))
    return [
        Hit(coupon.label, coupon.get_absolute_url(), "ticket-percent", coupon.code)
        for coupon in coupons.order_by("-changed_at", "-pk")[:MOST_HITS]
    ]


def find_codes(request: StaffRequest, words: list[str]) -> list[Hit]:
    """A code of a pool, as somebody has it before them."""
    if not words or request.method != "POST" or not coupon_options.are_on():
        return []
    visible = Coupon.objects.visible_to(request.user)
    return [
        Hit(code.code, code.get_absolute_url(), "ticket", code.coupon.label)
        for code in with_code(" ".join(words), among=visible)[:MOST_HITS]
    ]


def find_people(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words:
        return []
    people = User.objects.filter(holding(words, "first_name", "last_name", "email"))
    return [
        Hit(
            person.name,
            person.get_absolute_url(),
            "user",
            person.email if person.email != person.name else "",
        )
        for person in people.order_by("last_name", "pk")[:MOST_HITS]
    ]


def find_roles(request: StaffRequest, words: list[str]) -> list[Hit]:
    """Built-in roles are named in the reader's language, so they are compared here."""
    if not words:
        return []
    return [
        Hit(str(role), role.get_absolute_url(), "shield")
        for role in Role.objects.order_by("pk")
        if all(folded(word) in folded(str(role)) for word in words)
    ][:MOST_HITS]


def find_labels(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words:
        return []
    labels = AccessLabel.objects.filter(holding(words, "name", "code")).order_by("name")
    return [
        Hit(label.name, label.get_absolute_url(), "tag", label.code) for label in labels[:MOST_HITS]
    ]


def find_keys(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words:
        return []
    address = reverse("accounts:key-list")
    return [
        Hit(
            key.name,
            f"{address}?{urlencode({'q': key.prefix, 'state': 'all'})}",
            "key-round",
            f"{key.prefix}…",
        )
        for key in ApiKey.objects.filter(holding(words, "name", "prefix")).order_by("-pk")[
            :MOST_HITS
        ]
    ]


def find_jobs(request: StaffRequest, words: list[str]) -> list[Hit]:
    if not words:
        return []
    jobs = Job.objects.visible_to(request.user).titled().filter(holding(words, "title_read"))
    return [
        Hit(job.title, job.get_absolute_url(), "list-todo", job.get_state_display())
        for job in jobs.order_by("-created_at")[:MOST_HITS]
    ]


SOURCES = (
    Source(_("Pages"), find_pages),
    Source(_("Offers"), find_offers, "catalog.view_design_offer"),
    Source(_("Categories"), find_categories, "catalog.view_design_category"),
    Source(_("Spaces"), find_spaces, "catalog.view_design_space"),
    Source(_("Predefined filters"), find_filters, "catalog.view_design_filter"),
    Source(_("Contacts"), find_contacts, "contacts.view_contact"),
    Source(_("Coupons"), find_coupons, "coupons.view_coupon"),
    Source(_("Coupon codes"), find_codes, "coupons.view_codes"),
    Source(_("People"), find_people, "accounts.manage_people"),
    Source(_("Roles"), find_roles, "accounts.manage_roles"),
    Source(_("Access labels"), find_labels, "accounts.manage_labels"),
    Source(_("API keys"), find_keys, "accounts.manage_keys"),
    Source(_("Jobs"), find_jobs),
)
