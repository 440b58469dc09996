"""What every page that writes has in common: refusals stand at their fields, or in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.granting import MayNotGrant, Stale
from accounts.models import JournalEntry
from catalog.forms.shaping import ShapedForm
from catalog.models import Environment
from catalog.problems import NameTaken, NotAcceptable
from catalog.readiness import NotReady
from catalog.uses import Use
from catalog.views.doors import CatalogueRequest

T = TypeVar("T")
LATEST = 10
# Where people look at, or mend, a thing of each kind: the name of its page.
PAGES = {
    "category": "category-detail",
    "space": "space-detail",
    "filter": "filter-detail",
    "presentation_rule": "presentation-rule-edit",
    "offer": "offer-detail",
    "fallback_offer": "offer-detail",
}


def in_its_zone(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page whose dates are those of its environment; it stands below a door."""

    @wraps(view)
    def inner(request: CatalogueRequest, environment: Environment, **rest: Any) -> HttpResponse:
        with timezone.override(environment.timezone):
            return view(request, environment, **rest)

    return inner


def saved(form: ShapedForm, write: Callable[[], T]) -> T | None:
    """What `write` gives; None once the form says why it was refused."""
    try:
        return write()
    except NotAcceptable as refusal:
        form.tell(refusal.problems)
    except NameTaken as refusal:
        form.add_error("name" if "name" in form.fields else None, str(refusal))
    except (Stale, MayNotGrant) as refusal:
        form.add_error(None, str(refusal))
    return None


def status_of(form: Any) -> int:
    return 422 if form.errors else 200


def address_of(environment: Environment, kind: str, name: str) -> str:
    """The page of a thing."""
    if kind == "environment":
        return reverse("catalog:environment-edit", args=[environment.name])
    if kind == "content_field":
        return reverse("catalog:content-field-list", args=[environment.name])
    if kind == "attribute":
        return reverse("contacts:attribute-list")
    return reverse(f"catalog:{PAGES[kind]}", args=[environment.name, name])


def linked(environment: Environment, uses: Sequence[Use]) -> list[tuple[str, str]]:
    """(label, address) of what uses something."""
    return [(use.label, address_of(environment, use.kind, use.name)) for use in uses]


def entries_of(request: CatalogueRequest, thing: str, key: str) -> Any:
    """The latest of its journal, for those who may read it."""
    if not request.user.has_perm("accounts.view_journal"):
        return None
    entries = JournalEntry.objects.about(f"catalog.{thing}", key).visible_to(request.user)
    return entries.for_journal_list()[:LATEST]


def publish(
    request: CatalogueRequest, environment: Environment, act: Callable[[], Any], *, back: str
) -> HttpResponse:
    """Publish and go back; what stands in the way is shown, each with the way to it."""
    try:
        made = act()
    except NotReady as refusal:
        context = {
            "environment": environment,
            "back": back,
            "obstacles": [
                (one, address_of(environment, one.kind, one.name)) for one in refusal.obstacles
            ],
        }
        return render(request, "catalog/not_ready.html", context, status=422)
    if made is None:
        messages.info(request, _("Live already says the same: nothing was published."))
    else:
        messages.success(
            request, _("Published: release %(number)s is live.") % {"number": made.number}
        )
    return redirect(back)
