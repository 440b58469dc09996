"""How every page of the catalogue is entered: its environment, the side, and the right to be there.

    @sees("offer")
    def offer_list(request: CatalogueRequest, environment: Environment) -> HttpResponse: ...

    @changes("offer")
    def offer_edit(request: CatalogueRequest, environment: Environment, code: str) -> …

The address begins with the environment's name; the view gets the environment. Whoever lacks one of
its labels finds nothing there. Pages know where they are by `request.place`, and extend
`catalog/page.html`, which shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from catalog.models import Environment
from offers_site.http import ENVIRONMENT_KEY, SIDE_KEY, Side, StaffRequest, chosen_side

View = Callable[..., HttpResponse]


@dataclass
class Place:
    """Where a page of the catalogue is."""

    environment: Environment
    side: Side
    user: User
    page: str  # the name of its address, for the same page elsewhere

    @property
    def is_live(self) -> bool:
        return self.side == "live"

    @cached_property
    def environments(self) -> list[tuple[Environment, str]]:
        """Those that the person may see, each with the address of this page there."""
        visible = Environment.objects.visible_to(self.user).order_by("label", "pk")
        return [(each, self.address_in(each)) for each in visible]

    def address_in(self, environment: Environment) -> str:
        """This page there; for a page of one object, the list of offers."""
        try:
            return reverse(self.page, args=[environment.name])
        except NoReverseMatch:
            return reverse("catalog:offer-list", args=[environment.name])


class CatalogueRequest(StaffRequest):
    """A request that came in by one of the doors."""

    place: Place


def sees(thing: str) -> Callable[[View], View]:
    """A page that shows things of one kind, on the side that was chosen, or that may be seen."""

    def door(view: View) -> View:
        @wraps(view)
        def enter(request: CatalogueRequest, environment: str, **rest: Any) -> HttpResponse:
            return view(request, walk_in(request, environment, side_for(request, thing)), **rest)

        return cast(View, enter)

    return door


def changes(thing: str, right: str = "") -> Callable[[View], View]:
    """A page of the design side for those who may change things of one kind, or do `right`.

    Who follows a link to it while looking at live is taken to the design side.
    """
    needed = (f"catalog.view_design_{thing}", right or f"catalog.change_{thing}")

    def door(view: View) -> View:
        @wraps(view)
        def enter(request: CatalogueRequest, environment: str, **rest: Any) -> HttpResponse:
            if not request.user.has_perms(needed):
                raise PermissionDenied
            switch(request, "design")
            return view(request, walk_in(request, environment, "design"), **rest)

        return cast(View, enter)

    return door


def reviews(view: View) -> View:
    """A design page for all who see its offers: what they may do there is asked later."""
    return changes("offer", right="catalog.view_design_offer")(view)


def side_for(request: StaffRequest, thing: str) -> Side:
    """The chosen side; the other one for somebody who may only see that."""
    chosen = chosen_side(request)
    other: Side = "design" if chosen == "live" else "live"
    for side in (chosen, other):
        if request.user.has_perm(f"catalog.view_{side}_{thing}"):
            switch(request, side)
            return side
    raise PermissionDenied


def switch(request: StaffRequest, side: Side) -> None:
    if chosen_side(request) != side:
        request.session[SIDE_KEY] = side


def walk_in(request: CatalogueRequest, name: str, side: Side) -> Environment:
    """The environment, which the session remembers; raises Http404."""
    visible = Environment.objects.visible_to(request.user)
    environment = visible.filter(name=name).first() if "\0" not in name else None
    if environment is None:
        if request.session.get(ENVIRONMENT_KEY) == name:
            del request.session[ENVIRONMENT_KEY]
        raise Http404
    if request.session.get(ENVIRONMENT_KEY) != name:
        request.session[ENVIRONMENT_KEY] = name
    match = request.resolver_match
    request.place = Place(environment, side, request.user, match.view_name if match else "")
    return environment
