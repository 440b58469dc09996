"""Lists for programs: `{"results": [...], "next": cursor}`, by keys instead of offsets."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from offers_site.problems import Problem

Row = TypeVar("Row", bound=Model)
DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1_000


def page_of(
    rows: QuerySet[Row],
    describe: Callable[[Row], dict[str, Any]],
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    key: str = "pk",
    newest_first: bool = True,
) -> dict[str, Any]:
    """One page of `rows` in the order of their unique `key`; raises Problem for a bad cursor."""
    if not 1 <= limit <= LARGEST_LIMIT:
        raise Problem(422, "limit_out_of_range", f"limit must be from 1 to {LARGEST_LIMIT}.")
    if cursor:
        beyond = "lt" if newest_first else "gt"
        try:
            rows = rows.filter(**{f"{key}__{beyond}": read_cursor(cursor)})
        except (ValueError, TypeError, ValidationError):
            raise Problem(
                422, "cursor_invalid", "This cursor was not given by this list."
            ) from None
    found = list(rows.order_by(f"-{key}" if newest_first else key)[: limit + 1])
    more = len(found) > limit
    page = found[:limit]
    return {
        "results": [describe(row) for row in page],
        "next": write_cursor(getattr(page[-1], key)) if more else None,
    }


def write_cursor(value: object) -> str:
    text = json.dumps(value, default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> object:
    """The value in a cursor, or ValueError."""
    try:
        value: object = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeError, RecursionError) as error:
        raise ValueError("not a cursor") from error
    return value
