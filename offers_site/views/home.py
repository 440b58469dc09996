"""Home: what waits for a person, what is running, what happened lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import ApiKey, JournalEntry, User
from accounts.templatetags import journal
from catalog.approving import Side
from catalog.awaiting import awaiting, held_up, sides_awaiting
from catalog.models import Offer
from coupons import alerting
from coupons.actions import options as coupon_options
from coupons.models import Coupon
from decisioning.demo import KEY_NAME, shop_at
from jobs.models import Job
from offers_site import health
from offers_site.http import StaffRequest, render_page

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

SETUP_COOKIE = "overture_setup"
A_YEAR = 365 * 24 * 3600
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}
MOST_ENTRIES = 8
MOST_JOBS = 5
MOST_OFFERS = 6
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Step:
    """One thing to set up."""

    label: _StrOrPromise
    text: _StrOrPromise
    url: str
    is_done: bool


@dataclass(frozen=True)
class Waiting:
    """Something that wants a decision."""

    text: str
    url: str
    icon: str
    tone: str
    until: datetime | None = None


@dataclass(frozen=True)
class News:
    """One line of the journal."""

    entry: JournalEntry
    who: str
    sentence: str


@require_http_methods(["GET", "POST"])
def home(request: StaffRequest) -> HttpResponse:
    if request.method == "POST":
        response = redirect("home")
        response.set_cookie(
            SETUP_COOKIE,
            "hidden",
            max_age=A_YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response
    context: dict[str, object] = {
        "jobs": list(Job.objects.visible_to(request.user).unfinished().order_by("-pk")[:MOST_JOBS])
    }
    if not request.htmx:  # htmx asks again for what is running, and for nothing else
        at = now()
        steps = setup_steps(request)
        context |= {
            "greeting": greeting(request.user, at=at),
            "queue_works": queue_works(request.user),
            "steps": steps,
            "steps_done": sum(step.is_done for step in steps),
            "waiting": waiting(request.user, at=at),
            "news": lately(request.user),
            "has_shop": shop_at(at) is not None,
        }
    return render_page(request, "home.html", context, fragment="running")


def greeting(user: User, *, at: datetime) -> str:
    name = {"name": user.get_short_name()}
    hour = localtime(at).hour
    if hour < 5 or hour >= 18:
        return _("Good evening, %(name)s") % name
    if hour < 12:
        return _("Good morning, %(name)s") % name
    return _("Good afternoon, %(name)s") % name


def queue_works(user: User) -> bool | None:
    """Does the broker answer? (The database has.) None for those who may not see the system."""
    if not user.has_perm("site.view_system"):
        return None
    return health.broker_state() == health.OK


def setup_steps(request: StaffRequest) -> list[Step]:
    """What an administrator has to do once; nothing when all is done or it was put away."""
    user = request.user
    if not user.is_administrator or request.COOKIES.get(SETUP_COOKIE) == "hidden":
        return []
    system = reverse("system")
    steps = [
        Step(
            _("Invite the people you work with"),
            _("Each gets an email with a link to choose a password, and the roles you give them."),
            reverse("accounts:person-invite"),
            User.objects.exclude(pk=user.pk).exists(),
        ),
        Step(
            _("Create a key for your website"),
            _("With it, your pages and other programs ask for offers."),
            reverse("accounts:key-create"),
            ApiKey.objects.exclude(name=KEY_NAME).exists(),
        ),
        Step(
            _("Connect a mail server"),
            _("Until EMAIL_URL names one, emails are only written to files."),
            f"{system}#settings",
            not settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"),
        ),
        Step(
            _("Give the product its public address"),
            _("Links in emails use BASE_URL; at present they lead to this machine only."),
            f"{system}#settings",
            urlsplit(settings.BASE_URL).hostname not in THIS_MACHINE,
        ),
    ]
    return [] if all(step.is_done for step in steps) else steps


def waiting(user: User, *, at: datetime) -> list[Waiting]:
    """What wants a decision of this person."""
    return [
        *offers_waiting(user),
        *failed_jobs(user, at=at),
        *coupons_running_out(user, at=at),
    ]


def offers_waiting(user: User) -> list[Waiting]:
    """Offers to be approved, the most urgent first, and those that could not go live."""
    stuck = [
        Waiting(
            _("%(offer)s is approved, but could not go live") % {"offer": offer.label},
            offer.get_absolute_url(),
            "circle-alert",
            "bad",
        )
        for offer in held_up(user).select_related("environment")[:MOST_OFFERS]
    ]
    offers = awaiting(user)
    asked = [
        to_approve(offer, user) for offer in offers.select_related("environment")[:MOST_OFFERS]
    ]
    number = offers.count() - len(asked) if len(asked) == MOST_OFFERS else 0
    if number > 0:
        text = ngettext(
            "%(number)d more offer waits for approval",
            "%(number)d more offers wait for approval",
            number,
        )
        url = f"{reverse('catalog:choose')}?page=offer-list"
        asked.append(Waiting(text % {"number": number}, url, "stamp", "wait"))
    return [*stuck, *asked]


def to_approve(offer: Offer, user: User) -> Waiting:
    sides = sides_awaiting(offer, user)
    if len(sides) > 1:
        sentence = _("Approve the content and the eligibility of %(offer)s")
    elif sides == [Side.CONTENT]:
        sentence = _("Approve the content of %(offer)s")
    else:
        sentence = _("Approve the eligibility of %(offer)s")
    deadlines = [getattr(offer, f"{side.value}_deadline") for side in sides]
    until = min((one for one in deadlines if one), default=None)
    text = sentence % {"offer": offer.label}
    return Waiting(text, offer.get_absolute_url(), "stamp", "wait", until)


def failed_jobs(user: User, *, at: datetime) -> Iterator[Waiting]:
    failed = Job.objects.visible_to(user).failed_since(at - LATELY)
    if number := failed.count():
        text = ngettext(
            "%(number)d job failed in the last seven days",
            "%(number)d jobs failed in the last seven days",
            number,
        )
        url = f"{reverse('jobs:job-list')}?state={Job.State.FAILED}"
        yield Waiting(text % {"number": number}, url, "circle-alert", "bad")


def coupons_running_out(user: User, *, at: datetime) -> Iterator[Waiting]:
    """Coupons whose codes or days come to an end."""
    if not user.has_perm("coupons.view_coupon") or not coupon_options.are_on():
        return
    coupons, url = Coupon.objects.visible_to(user), reverse("coupons:coupon-list")
    if number := len(alerting.low(coupons)):
        text = ngettext(
            "%(number)d coupon is low on codes", "%(number)d coupons are low on codes", number
        )
        yield Waiting(text % {"number": number}, f"{url}?low=on&status=active", "ticket", "wait")
    if number := alerting.ending(coupons, at=at).count():
        text = ngettext(
            "%(number)d coupon ends within a week", "%(number)d coupons end within a week", number
        )
        address = f"{url}?validity=ending&status=active"
        yield Waiting(text % {"number": number}, address, "calendar-clock", "wait")


def lately(user: User) -> list[News] | None:
    """The newest entries of the journal; None for those who may not read it."""
    if not user.has_perm("accounts.view_journal"):
        return None
    return [
        News(entry, journal.who(entry), journal.sentence(entry))
        for entry in JournalEntry.objects.visible_to(user).for_journal_list()[:MOST_ENTRIES]
    ]
