"""Requests and responses as every room sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal, cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django import forms
    from django_htmx.middleware import HtmxDetails

    from accounts.models import User

Side = Literal["design", "live"]
Refusals = type[Exception] | tuple[type[Exception], ...]
SIDE_KEY = "side"  # where the session keeps it
ENVIRONMENT_KEY = "environment"  # the name of the one whose catalogue was looked at last


class StaffRequest(HttpRequest):
    """A request that LoginRequiredMiddleware and HtmxMiddleware have let through."""

    user: User
    htmx: HtmxDetails
    belongs_to: str  # where the page's own address does not say which entry of the rail is its


def render_page(
    request: StaffRequest,
    template: str,
    context: Mapping[str, object],
    *,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Render the page, or only its fragment when htmx means to swap it in.

    One address has two answers, so caches must tell them apart; and when htmx restores its history
    it wants the whole page.
    """
    swaps = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request
    name = f"{template}#{fragment}" if swaps else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response


def render_form(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    """Render the page of `context["form"]`: 422 when it came back with errors."""
    form = cast("forms.Form", context["form"])
    return render(request, template, context, status=422 if form.errors else 200)


def render_confirmation(
    request: StaffRequest,
    *,
    title: str,
    consequence: str,
    verb: str,
    back: str,
    danger: bool = True,
    form: forms.Form | None = None,
    facts: Sequence[tuple[str, str]] = (),
    refused: str = "",
    ways: Sequence[tuple[str, str]] = (),
) -> HttpResponse:
    """Ask before doing: a dialog for `hx-get … hx-target="#dialog"`, a page for everybody else.

    `title` asks, `consequence` says what will be true, `verb` is what the button does, `back` is
    where "Cancel" leads. The form posts to this same address, and the view redirects when it has
    acted. A `form` that came back with errors is shown again, on the page. `refused` says why it
    cannot be done: then there is nothing to press, and `ways` (label, address) lead to what is in
    the way.
    """
    context = {
        "title": title,
        "consequence": consequence,
        "verb": verb,
        "back": back,
        "danger": danger,
        "form": form,
        "facts": facts,
        "refused": refused,
        "ways": ways,
        "address": request.get_full_path(),
    }
    status = 422 if form is not None and form.errors else 200
    return render_page(request, "confirm.html", context, fragment="dialog", status=status)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, past as many proxies as are ours."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    ours = settings.PROXY_COUNT
    told = plain_address(hops[-ours]) if ours and len(hops) >= ours else ""
    return told or str(request.META.get("REMOTE_ADDR", ""))


def plain_address(hop: str) -> str:
    """An address without the port that some proxies add; empty for what is none."""
    host = hop.partition("]")[0].lstrip("[") if hop.startswith("[") else hop
    for text in (host, host.rpartition(":")[0]):
        with suppress(ValueError):
            return str(ip_address(text.partition("%")[0]))
    return ""


def ask_and_act(
    request: StaffRequest,
    act: Callable[[], object],
    *,
    title: str,
    consequence: str,
    verb: str,
    back: str,
    done: str,
    refusals: Refusals = (),
    then: str = "",
    danger: bool = True,
    facts: Callable[[], Sequence[tuple[str, str]]] = tuple,
    check: Callable[[], object] | None = None,
    ways: Callable[[Any], Sequence[tuple[str, str]]] | None = None,
) -> HttpResponse:
    """Ask (GET), act (POST), say what came of it, and go back.

    What is asked is as in `render_confirmation`; `facts` are only gathered for asking. When `act`
    raises one of its `refusals` the person is told its sentence and stays at `back`; else `done`
    is said, and `then` is where they go (`back` when it is not given). `check` raises one of them
    as well: it is asked first, so that nobody is offered what would be refused; `ways` of that
    refusal lead to what is in the way.
    """
    if request.method != "POST":
        refused = ""
        led: Sequence[tuple[str, str]] = ()
        try:
            if check:
                check()
        except refusals as refusal:
            refused, led = str(refusal), ways(refusal) if ways else ()
        return render_confirmation(
            request,
            title=title,
            consequence=consequence,
            verb=verb,
            back=back,
            danger=danger,
            facts=() if refused else facts(),
            refused=refused,
            ways=led,
        )
    try:
        act()
    except refusals as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    messages.success(request, done)
    return redirect(then or back)


def chosen_side(request: HttpRequest) -> Side:
    """Design or live: what the person chose with the switch of the top bar."""
    return "live" if request.session.get(SIDE_KEY) == "live" else "design"


def safe_next(request: HttpRequest, default: str) -> str:
    """Where the form's field `next` leads, when that is the address of a page of ours.

    Without a slash `redirect` would take it for the name of a view.
    """
    given = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        given, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return given if ours and given.startswith("/") else default


def picked_rows(request: HttpRequest) -> list[str]:
    """The keys of the rows that were ticked in a list, each once, in the order of the page."""
    keys = [*request.GET.getlist("row"), *request.POST.getlist("row")]
    return list(dict.fromkeys(key for key in keys if "\0" not in key))
