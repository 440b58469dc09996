"""Keys that stand in pages can be read by anybody: how often each address may use one.

Without Redis nobody counts: decisions are not refused because a counter is away.
"""

from __future__ import annotations

import redis
import structlog
from django.conf import settings
from django.core.cache import cache

log = structlog.get_logger("overture.decisioning")
WITHIN = 60  # seconds


class TooMany(Exception):
    """This address has asked more often than it may; it may again after `wait` seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


def count(bucket: str, minute: int) -> None:
    """Count a call of a minute; raises TooMany."""
    name = f"decisions:{bucket}:{minute}"
    try:
        cache.add(name, 0, WITHIN * 2)
        calls = cache.incr(name)
    except (redis.RedisError, ValueError):  # away, or just forgotten
        log.warning("decisions.limit_unknown")
        return
    if calls > settings.PAGE_CALLS_PER_MINUTE:
        raise TooMany(WITHIN)
