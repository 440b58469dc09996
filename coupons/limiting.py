"""Programs that try codes which do not exist have to wait. Without Redis nobody counts or waits."""

from __future__ import annotations

import redis
import structlog
from django.core.cache import cache

from coupons.judging import Reason, Refused

log = structlog.get_logger("overture.coupons")
MOST, WITHIN, PAUSE = 20, 5 * 60, 15 * 60  # unknown codes, seconds, seconds


def check(bucket: str) -> None:
    """Raises Refused while whoever fills this bucket has to wait."""
    try:
        stopped = cache.get(f"coupons:stopped:{bucket}")
    except redis.RedisError:
        log.warning("coupons.limits_unknown")
        return
    if stopped:
        raise Refused(Reason.RATE_LIMITED)


def note_unknown(bucket: str) -> bool:
    """Count a code that there is not; says whether that was one too many just now."""
    key = f"coupons:unknown:{bucket}"
    try:
        cache.add(key, 0, WITHIN)
        try:
            count = cache.incr(key)
        except ValueError:  # it lapsed between the two
            return False
        return count >= MOST and cache.add(f"coupons:stopped:{bucket}", 1, PAUSE)
    except redis.RedisError:
        log.warning("coupons.limits_unknown")
        return False
