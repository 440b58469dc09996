"""Making codes by a pattern, chunk by chunk: exactly as many as were asked for.

Codes that are taken already are left out by the database, and made up for by the next chunk; nobody
looks first. A chunk is committed with what the batch has then, so a worker may die at any moment.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_noop
from psycopg import sql

from coupons.models import Batch, Coupon
from coupons.normalising import raised
from coupons.patterns import Pattern, read_pattern
from coupons.storing import store_codes
from jobs.models import Job
from jobs.running import Failed, Step

MOST_IN_VAIN = 20  # chunks, one after the other, of which everything was taken
NO_ROOM = gettext_noop("There is no room left for codes of this pattern.")
NOT_NOW = gettext_noop("The coupon takes no codes any more.")
STAGING = sql.Identifier("coupons_generated")


def work(job: Job) -> Generator[Step, None, None]:
    """The steps of a generation; see `jobs.running.run`."""
    batch = Batch.objects.select_related("coupon").get(job=job)
    coupon, wanted = batch.coupon, batch.wanted or 0
    pattern = pattern_of(batch)
    made, in_vain = batch.made, 0
    while made < wanted:
        takes = Coupon.objects.filter(pk=coupon.pk, type="individual").exclude(status="archived")
        if not takes.exists():
            raise Failed(NOT_NOW)
        added = make_some(batch, pattern, min(4 * settings.IMPORT_CHUNK_ROWS, wanted - made))
        made += added
        in_vain = 0 if added else in_vain + 1
        if in_vain >= MOST_IN_VAIN:
            raise Failed(NO_ROOM)
        yield Step(done=added, total=wanted)


def pattern_of(batch: Batch) -> Pattern:
    coupon = batch.coupon
    return read_pattern(
        batch.pattern or {}, case_sensitive=coupon.case_sensitive, wide=coupon.wide_characters
    )


def make_some(batch: Batch, pattern: Pattern, count: int) -> int:
    """At most so many new codes; returns how many."""
    facts = batch.pattern or {}
    with connection.cursor() as cursor:
        stage(cursor, batch.coupon, pattern.make(count))
        rows = sql.SQL(
            "SELECT {}::bigint AS coupon_id, {}::bigint AS batch_id, code, code_norm, "
            "NULL::text AS label, {}::text AS segment, {}::timestamptz AS start_at, "
            "{}::timestamptz AS end_at, {}::integer AS max_redemptions, "
            "NULL::text AS restricted_to, NULL::text AS external_id, NULL::jsonb AS attributes "
            "FROM {}"
        ).format(
            sql.Literal(batch.coupon_id),
            sql.Literal(batch.pk),
            sql.Literal(facts.get("segment") or ""),
            sql.Literal(moment(facts.get("start_at"))),
            sql.Literal(moment(facts.get("end_at"))),
            sql.Literal(facts.get("max_redemptions")),
            STAGING,
        )
        added = store_codes(cursor, rows)
        cursor.execute(sql.SQL("TRUNCATE {}").format(STAGING))
    return added


def stage(cursor: CursorWrapper, coupon: Coupon, codes: Iterable[str]) -> None:
    cursor.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE IF NOT EXISTS {} (code text, code_norm text) "
            "ON COMMIT DELETE ROWS"
        ).format(STAGING)
    )
    lines = (f"{code}\t{code if coupon.case_sensitive else raised(code)}\n" for code in codes)
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(STAGING)) as copy:
        copy.write("".join(lines))


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def taken(coupon: Coupon, pattern: Pattern, count: int) -> int:
    """How many codes of this pattern there are already; not exact where there is room anyway."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(total), 0)::bigint FROM coupons_shelf")
        everywhere = int(cursor.fetchone()[0])
        if count * 10 <= pattern.room - everywhere:
            return 0
        like = pattern.made_like if coupon.case_sensitive else raised_like(pattern)
        cursor.execute(
            "SELECT count(*) FROM coupons_code WHERE code_norm ~ %s "
            "AND (coupon_id = %s OR coupons_codes_are_unique_globally())",
            [like, coupon.pk],
        )
        return int(cursor.fetchone()[0])


def raised_like(pattern: Pattern) -> str:
    upper = Pattern(raised(pattern.text), raised(pattern.alphabet), pattern.has_check)
    return upper.made_like
