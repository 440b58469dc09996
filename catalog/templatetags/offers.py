"""What the pages of offers need."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime

register = template.Library()


@register.filter
def in_zone(moment: datetime, zone: str) -> str:
    """A moment as the clocks of an environment show it."""
    return date_format(localtime(moment, ZoneInfo(zone)), "SHORT_DATETIME_FORMAT")


@register.filter
def amount(value: Decimal) -> str:
    """An amount without needless zeros."""
    plain = round(value, 4).normalize()
    places = max(0, -int(plain.as_tuple().exponent))
    return number_format(plain, decimal_pos=places, force_grouping=True)


@register.filter
def at(pairs: Mapping[Any, object], key: Any) -> object:
    """What stands under a key, or nothing."""
    return pairs.get(key, ())
