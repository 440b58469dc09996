"""What the pages around offers need."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def has_errors(group: Any) -> bool:
    """Is something wrong in a field of this group of a form?"""
    return any(field.errors for field in group.fields)


@register.filter
def shortly(number: Decimal | float) -> str:
    """A number without the zeros that say nothing."""
    plain = Decimal(str(number)).normalize()
    digits = max(0, -int(plain.as_tuple().exponent))
    return number_format(plain, decimal_pos=min(digits, 4), force_grouping=True)
