"""How many wrong passwords are borne, beside the few for one address from one place."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest

FROM_ONE_PLACE = 50  # a house of many people may stand behind one address of the network


class Throttle(AxesDatabaseHandler):  # type: ignore[misc] # says nothing of its types
    """Locks a place out that tries a few passwords on each of many people."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        own: int = super().get_failures(request, credentials)
        return max(own, settings.AXES_FAILURE_LIMIT if is_spraying(request) else 0)


def is_spraying(request: Any) -> bool:
    place = request.axes_ip_address
    if not place or not tells_places_apart(place):
        return False
    lately = AccessAttempt.objects.filter(
        ip_address=place, attempt_time__gt=get_cool_off_threshold(request)
    )
    wrong = lately.aggregate(wrong=Sum("failures_since_start"))["wrong"]
    return (wrong or 0) >= FROM_ONE_PLACE


def tells_places_apart(place: str) -> bool:
    """Whether an address is not that of a proxy which we were not told of: all would share it."""
    return bool(settings.PROXY_COUNT) or ip_address(place).is_global
