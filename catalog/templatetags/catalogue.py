"""What the pages of the catalogue need."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def at(pairs: Mapping[Any, object] | None, key: Any) -> object:
    """What stands under a key, or nothing."""
    return pairs.get(key, ()) if pairs else ()
