"""The language and the time zone in which a request is answered."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from accounts.models import User


def apply_preferences(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """What the person has chosen, or else their cookie and their browser.

    A request without a session cookie (a program's, a health check) never asks for the person, so
    that it costs no query here.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        person = person_of(request)
        language = (person.language if person else "") or translation.get_language_from_request(
            request
        )
        zone = person.time_zone if person else ""
        with translation.override(language), timezone.override(zone_named(zone)):
            request.LANGUAGE_CODE = language
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or language)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    return middleware


def person_of(request: HttpRequest) -> User | None:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if isinstance(request.user, User) else None


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name; the installation's when it is empty or has gone out of use."""
    try:
        return zoneinfo.ZoneInfo(name or settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
