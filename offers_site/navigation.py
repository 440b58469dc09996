"""The frame around every page: the rail, the side, the language, the theme."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from coupons.actions import options as coupon_options
from offers_site.http import ENVIRONMENT_KEY, Side, chosen_side
from offers_site.stencils import surroundings

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from accounts.models import User

RAIL_COOKIE = "overture_rail"
THEME_COOKIE = "overture_theme"
THEMES = {"auto", "light", "dark"}
# Where there is a design side and a live one: the rooms by the namespace of their addresses, and
# the gallery, which shows what they will look like.
SIDED = {"catalog", "gallery"}


@dataclass(frozen=True)
class Entry:
    """A page of the rail. `key` is what is typed after `g`; a module may be switched off."""

    label: _StrOrPromise
    icon: str
    url_name: str
    right: str | Sequence[str] = ""  # of several, one is enough
    key: str = ""
    in_environment: bool = False  # the address begins with the environment used last
    is_on: Callable[[], bool] | None = None  # a module may be switched off
    also: Sequence[str] = ()  # other pages that belong to it


@dataclass(frozen=True)
class Section:
    label: _StrOrPromise
    entries: Sequence[Entry]


def of_catalogue(
    label: _StrOrPromise, icon: str, page: str, thing: str, key: str, also: Sequence[str] = ()
) -> Entry:
    """A page of the environment that was used last, for those who may see either side of it."""
    either = (f"catalog.view_design_{thing}", f"catalog.view_live_{thing}")
    others = [f"catalog:{each}" for each in also]
    return Entry(label, icon, f"catalog:{page}", either, key, in_environment=True, also=others)


# In the order of the screens: Home, Offers, Audiences, Simulations, Coupons, Deliveries, Call
# centre, Reports, Administration.
RAIL = (
    Section("", (Entry(_("Home"), "house", "home", key="h"),)),
    Section(
        _("Offers"),
        (
            of_catalogue(
                _("Offers"),
                "badge-percent",
                "offer-list",
                "offer",
                "o",
                also=(
                    "offer-create",
                    "weight-grid",
                    "offer-matrix",
                    "offer-calendar",
                    "lint-list",
                    "picture-list",
                ),
            ),
            of_catalogue(
                _("Fallback offers"),
                "life-buoy",
                "fallback-offer-list",
                "offer",
                "f",
                also=("fallback-offer-create", "fallback-draft"),
            ),
            of_catalogue(
                _("Categories"),
                "folder-tree",
                "category-tree",
                "category",
                "y",
                also=("category-create",),
            ),
            of_catalogue(
                _("Spaces"),
                "panels-top-left",
                "space-list",
                "space",
                "e",
                also=(
                    "space-create",
                    "requirements",
                    "content-field-list",
                    "content-field-create",
                    "content-field-edit",
                    "content-field-delete",
                ),
            ),
            of_catalogue(
                _("Presentation rules"),
                "scale",
                "presentation-rule-list",
                "presentation_rule",
                "d",
                also=("presentation-rule-create",),
            ),
            of_catalogue(
                _("Predefined filters"),
                "funnel",
                "filter-list",
                "filter",
                "b",
                also=("filter-create",),
            ),
            Entry(
                _("Offer templates"),
                "layout-template",
                "catalog:template-list",
                "catalog.view_design_administration_branch",
                "q",
                in_environment=True,
                also=["catalog:template-create"],
            ),
            Entry(_("Tags"), "tags", "catalog:tag-list", "catalog.view_design_offer", "w"),
            of_catalogue(
                _("Releases"),
                "rocket",
                "release-list",
                "offer",
                "x",
                also=("package", "package-plan"),
            ),
        ),
    ),
    Section(
        _("Audiences"),
        (
            Entry(_("Contacts"), "contact", "contacts:contact-list", "contacts.view_contact", "c"),
            Entry(
                _("Visitors"), "footprints", "contacts:visitor-list", "contacts.view_contact", "v"
            ),
            Entry(
                _("Audiences"),
                "users-round",
                "contacts:audience-list",
                "contacts.view_audience",
                "a",
            ),
            Entry(
                _("Attributes"),
                "list-plus",
                "contacts:attribute-list",
                "contacts.view_contact",
                "t",
            ),
        ),
    ),
    Section(
        "",
        (
            Entry(
                _("Coupons"),
                "ticket-percent",
                "coupons:coupon-list",
                "coupons.view_coupon",
                "u",
                is_on=coupon_options.are_on,
                also=[
                    "coupons:folder-list",
                    "coupons:folder-create",
                    "coupons:folder-edit",
                    "coupons:folder-delete",
                ],
            ),
            Entry(
                _("Call centre"),
                "headset",
                "decisioning:call-find",
                "decisioning.use_call_centre",
                "g",
            ),
        ),
    ),
    Section(
        "",
        (
            Entry(
                _("Decisions"),
                "activity",
                "decisioning:decision-list",
                "decisioning.view_proposition",
                "z",
            ),
        ),
    ),
    Section(
        _("Administration"),
        (
            Entry(
                _("Environments"),
                "layers",
                "catalog:environment-list",
                "catalog.view_design_environment",
                "m",
            ),
            Entry(_("People"), "users", "accounts:person-list", "accounts.manage_people", "p"),
            Entry(_("Roles"), "shield", "accounts:role-list", "accounts.manage_roles", "r"),
            Entry(_("Access labels"), "tag", "accounts:label-list", "accounts.manage_labels", "l"),
            Entry(_("API keys"), "key-round", "accounts:key-list", "accounts.manage_keys", "k"),
            Entry(_("Imports and exports"), "arrow-down-up", "transfers:transfer-list", key="i"),
            Entry(_("Jobs"), "list-todo", "jobs:job-list", key="j"),
            Entry(
                _("Journal"), "scroll-text", "accounts:journal-list", "accounts.view_journal", "n"
            ),
            Entry(
                _("Coupon options"),
                "ticket",
                "coupons:options-edit",
                "coupons.change_options",
            ),
            Entry(_("System"), "server", "system", "site.view_system", "s"),
        ),
    ),
)


MODULES = [entry for section in RAIL for entry in section.entries if entry.is_on]


@dataclass(frozen=True)
class Link:
    """An entry as one person sees it on one page."""

    label: str
    icon: str
    url: str
    key: str
    also: Sequence[str]
    is_current: bool = False


@dataclass(frozen=True)
class LinkSection:
    label: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Language:
    code: str
    name: str
    is_current: bool


class Frame:
    """What the frame shows. Nothing is computed before a template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def rail(self) -> tuple[LinkSection, ...]:
        """What the person may open; the same value wherever the page looks the same."""
        user = cast("User", self.request.user)
        hidden = {entry.url_name for entry in MODULES if is_switched_off(entry, user.rights)}
        environment = self.request.session.get(ENVIRONMENT_KEY) or "-"
        found = sections(user.rights, frozenset(hidden), environment, surroundings())
        return tuple(map(self.marked, found))

    def marked(self, section: LinkSection) -> LinkSection:
        """The section that says on which of its pages the person is."""
        if not any(map(self.is_here, section.links)):
            return section
        links = [replace(link, is_current=self.is_here(link)) for link in section.links]
        return LinkSection(section.label, tuple(links))

    def is_here(self, link: Link) -> bool:
        """Is this its page, one below it, or one of the others that belong to it?"""
        path, match = self.path, self.request.resolver_match
        if path == link.url or (path.startswith(link.url) and link.url != reverse("home")):
            return True
        return match is not None and match.view_name in link.also

    @property
    def path(self) -> str:
        """That of the page, or of the one that the page says it belongs to."""
        return getattr(self.request, "belongs_to", self.request.path)

    @property
    def theme(self) -> str:
        """What the person chose; signed out, what was chosen last in this browser."""
        kept = self.request.COOKIES.get(THEME_COOKIE, "")
        user = getattr(self.request, "user", None)  # none yet when the address itself is refused
        theme = getattr(user, "theme", kept)
        return theme if theme in THEMES else "auto"

    @property
    def is_narrow(self) -> bool:
        return self.request.COOKIES.get(RAIL_COOKIE) == "narrow"

    @cached_property
    def has_sides(self) -> bool:
        """Does this page show the catalogue, of which there is a design and a live side?"""
        match = self.request.resolver_match
        return match is not None and bool(SIDED & {*match.app_names, match.url_name})

    @property
    def side(self) -> Side | Literal[""]:
        """The side that this page shows; a page without sides shows none."""
        return chosen_side(self.request) if self.has_sides else ""

    @property
    def languages(self) -> tuple[Language, ...]:
        current = getattr(self.request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)
        return tuple(
            Language(code, get_language_info(code)["name_local"], code == current)
            for code, _name in settings.LANGUAGES
        )


def allows(rights: Set[str], entry: Entry) -> bool:
    wanted = [entry.right] if isinstance(entry.right, str) else entry.right
    return any(not right or right in rights for right in wanted)


def is_switched_off(entry: Entry, rights: Set[str]) -> bool:
    """Is an entry, which would be there by right, of a module that is not in use?"""
    return entry.is_on is not None and allows(rights, entry) and not entry.is_on()


@lru_cache(maxsize=200)
def sections(
    rights: Set[str], hidden: Set[str], environment: str, _where: Hashable
) -> tuple[LinkSection, ...]:
    """The sections in which there is something, in the words and addresses of `_where`."""
    found = [
        LinkSection(
            str(section.label),
            tuple(
                Link(str(entry.label), entry.icon, url, entry.key, tuple(entry.also))
                for entry in section.entries
                if allows(rights, entry) and entry.url_name not in hidden
                if (url := address_of(entry, environment))
            ),
        )
        for section in RAIL
    ]
    return tuple(section for section in found if section.links)


def address_of(entry: Entry, environment: str) -> str | None:
    """Where an entry leads; None while the page does not exist."""
    if not entry.in_environment:
        return address(entry.url_name)
    found = address(entry.url_name, environment)
    if found is None or environment != "-":
        return found
    return f"{address('catalog:choose')}?page={entry.url_name.removeprefix('catalog:')}"


def address(url_name: str, *args: str) -> str | None:
    """Where a page is, or None while it does not exist."""
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return None


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context of every template: `frame`, and the `side` that rooms ask for most."""
    found = Frame(request)
    return {"frame": found, "side": SimpleLazyObject(lambda: found.side)}
