"""What is decided for all coupons."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.actions.granting import stale
from accounts.journal import changes, record
from accounts.models import User
from coupons.models import Options
from jobs.actions import start_job
from jobs.models import Job
from offers_site.statements import read


def current() -> Options:
    """The options as they are; the usual ones where nobody has decided."""
    return Options.objects.filter(pk=1).first() or Options(pk=1)


def are_on() -> bool:
    """Coupons are a module that an administrator may switch off. Most pages ask this."""
    rows = read("SELECT is_on FROM coupons_options WHERE id = %s", [1], once=True)
    return bool(rows[0][0]) if rows else Options().is_on


@transaction.atomic(durable=True)
def edit_options(
    *, version: int, is_on: bool, days_kept_ready: Decimal, by: User | None, at: datetime
) -> None:
    """Change the options that were read at `version`, or raise Stale."""
    options, _made = Options.objects.get_or_create(pk=1)
    values = {"is_on": is_on, "days_kept_ready": days_kept_ready}
    before = {name: getattr(options, name) for name in values}
    this = Options.objects.filter(pk=1, version=version)
    if not this.update(**values, version=F("version") + 1):
        raise stale(options)
    was, became = changes(before, values)
    if became:
        record("coupon.options_changed", options, by=by, at=at, before=was, after=became)


@transaction.atomic(durable=True)
def start_making_codes_unique(*, wanted: bool, by: User | None, at: datetime) -> Job:
    """Let a code stand in one coupon only, or in several; the job fails where that cannot be."""
    record(
        "coupon.options_changed",
        current(),
        by=by,
        at=at,
        before={"codes_unique_globally": not wanted},
        after={"codes_unique_globally": wanted},
    )
    task = "make_codes_unique" if wanted else "let_codes_free"

    def title() -> str:
        return (
            _("Make codes unique across coupons") if wanted else _("Allow equal codes in coupons")
        )

    return start_job(title, task=f"coupons.tasks.{task}", by=by, at=at, total=1)
