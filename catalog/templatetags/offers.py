"""What the pages of offers need."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localtime

register = template.Library()


@register.filter
def in_zone(moment: datetime, zone: str) -> str:
    """A moment as the clocks of an environment show it."""
    return date_format(localtime(moment, ZoneInfo(zone)), "SHORT_DATETIME_FORMAT")
