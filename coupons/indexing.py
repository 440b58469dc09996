"""Whether a code may stand in several coupons: an index, and an option that says the same.

Making the index holds up whoever adds codes for some seconds when there are millions; tills go on.
"""

from __future__ import annotations

from collections.abc import Generator

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop

from coupons.models import Options
from jobs.models import Job
from jobs.running import Failed, Step

NOT_UNIQUE = gettext_noop(
    "Some codes stand in several coupons, or are an anonymous coupon’s as well: delete them first."
)
MAKE_UNIQUE = """
CREATE UNIQUE INDEX IF NOT EXISTS code_once_everywhere ON coupons_code (code_norm);
DROP INDEX IF EXISTS code_everywhere;
"""
LET_FREE = """
CREATE INDEX IF NOT EXISTS code_everywhere ON coupons_code (code_norm);
DROP INDEX IF EXISTS code_once_everywhere;
"""
SHARED_WITH_COUPONS = """
SELECT EXISTS (SELECT FROM coupons_coupon c JOIN coupons_code d ON d.code_norm = c.code_norm
               WHERE c.type = 'anonymous')
"""


def make_unique(job: Job) -> Generator[Step, None, None]:
    """From now on a code stands in one coupon only; fails when some stand in several already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7306002)")  # as the migration has it
        cursor.execute(SHARED_WITH_COUPONS)
        if cursor.fetchone()[0]:
            raise Failed(NOT_UNIQUE)
        try:
            with transaction.atomic():
                cursor.execute(MAKE_UNIQUE)
        except IntegrityError:
            raise Failed(NOT_UNIQUE) from None
    Options.objects.update_or_create(pk=1, defaults={"codes_unique_globally": True})
    yield Step(done=1, total=1)


def let_free(job: Job) -> Generator[Step, None, None]:
    """From now on several coupons may have the same code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7306002)")
        cursor.execute(LET_FREE)
    Options.objects.update_or_create(pk=1, defaults={"codes_unique_globally": False})
    yield Step(done=1, total=1)
