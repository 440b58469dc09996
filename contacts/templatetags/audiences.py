"""What the pages of audiences need."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def item(pairs: Mapping[str, object], key: str) -> object:
    """What stands under a key, or nothing."""
    return pairs.get(key, ())
