"""Asking for codes to be made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.journal import Actor, record
from accounts.models import ApiKey, User
from coupons import generating
from coupons.actions.codes import check_takes_codes
from coupons.actions.refusing import FieldRefused
from coupons.models import Batch, Coupon
from coupons.patterns import DEFAULT, BadPattern, Pattern, read_pattern
from jobs.actions import start_job
from jobs.models import Job
from offers_site.idempotency import OtherBody, digest_of

MOST = 5_000_000
FEWEST_BITS, FEW_BITS = 40, 50  # where everybody may try codes; and where that is said
SHARE = 10  # at most one in so many of the codes that a pattern has room for
EASY_TO_GUESS = "easy_to_guess"


@dataclass(frozen=True, slots=True)
class Generation:
    """The batch and the job that fills it; `warnings` are codes, with a sentence each."""

    batch: Batch
    job: Job
    warnings: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = True


def start_generating(
    coupon: Coupon,
    count: int,
    *,
    pattern: Mapping[str, Any] | str | None = None,
    segment: str = "",
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    max_redemptions: int | None = None,
    label: str = "",
    idempotency_key: str = "",
    by: Actor,
    at: datetime,
    here: bool = False,
) -> Generation:
    """Make so many codes as a job, by a pattern, or the coupon's, or the usual one.

    Raises FieldRefused, NotInState, or OtherBody when the same `idempotency_key` came with
    something else; with the same it is the first batch again. `pattern` is as `read_pattern` has
    it. `here` leaves the work to this process.
    """
    facts = {
        **facts_of(pattern or (coupon.code_pattern or DEFAULT)),
        "segment": segment,
        "start_at": start_at.isoformat() if start_at else None,
        "end_at": end_at.isoformat() if end_at else None,
        "max_redemptions": max_redemptions,
    }
    body = json.dumps([count, facts, label], sort_keys=True)
    batch = Batch(
        coupon=coupon,
        origin=Batch.Origin.GENERATION,
        label=label,
        wanted=count,
        pattern=facts,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
        idempotency_key=idempotency_key[:200],
        request_hash=digest_of(body.encode()) if idempotency_key else "",
        created_at=at,
    )
    if first := earlier(batch):
        return first
    try:
        return begin(batch, by=by, at=at, here=here)
    except IntegrityError:  # the same request at the same moment
        if first := earlier(batch):
            return first
        raise


def facts_of(pattern: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"pattern": pattern} if isinstance(pattern, str) else dict(pattern)


def earlier(batch: Batch) -> Generation | None:
    """What an earlier request of the same name has begun; raises OtherBody."""
    if not batch.idempotency_key:
        return None
    same = Batch.objects.filter(
        coupon=batch.coupon, key=batch.key, by=batch.by, idempotency_key=batch.idempotency_key
    )
    first = same.select_related("job", "coupon").first()
    if first is None or first.job is None:
        return None
    if first.request_hash != batch.request_hash:
        raise OtherBody
    pattern = checked_pattern(first.coupon, first.pattern or {})
    return Generation(first, first.job, weakness_of(pattern), is_new=False)


@transaction.atomic(durable=True)
def begin(batch: Batch, *, by: Actor, at: datetime, here: bool) -> Generation:
    coupon = batch.coupon
    check_takes_codes(coupon)
    warnings = check(batch, at=at)
    job = start_job(
        lambda: _("Make codes for %(coupon)s") % {"coupon": coupon},
        task="coupons.tasks.generate_codes",
        by=batch.by,
        at=at,
        total=batch.wanted,
        unit=gettext_noop("codes"),
        here=here,
    )
    batch.job = job
    batch.save(force_insert=True)
    after = {"codes": batch.wanted, "batch": batch.pk, "pattern": (batch.pattern or {})["pattern"]}
    record("coupon.codes_generated", coupon, by=by, at=at, after=after)
    return Generation(batch, job, warnings)


# --- what is refused ---


def check(batch: Batch, *, at: datetime) -> dict[str, str]:
    """Raise FieldRefused with the first thing that is wrong; returns what is worth a warning."""
    check_facts(batch)
    pattern = checked_pattern(batch.coupon, batch.pattern or {})
    (batch.pattern or {})["pattern"] = pattern.text
    check_room(batch, pattern)
    return check_strength(pattern, at=at)


def check_facts(batch: Batch) -> None:
    facts: dict[str, Any] = batch.pattern or {}
    if not 1 <= (batch.wanted or 0) <= MOST:
        sentence = _("Between 1 and %(most)s codes can be made at once.")
        raise FieldRefused("count", "number_invalid", sentence % {"most": number_format(MOST)})
    if facts["start_at"] and facts["end_at"]:
        start, end = map(datetime.fromisoformat, (facts["start_at"], facts["end_at"]))
        if end <= start:
            raise FieldRefused("end_at", "date_range", _("A code ends after it starts."))
    if len(facts["segment"]) > 100 or not facts["segment"].isprintable():
        sentence = _("A segment has at most 100 characters that can be seen.")
        raise FieldRefused("segment", "field_too_long", sentence)
    if len(batch.label) > 200 or not batch.label.isprintable():
        sentence = _("A name has at most 200 characters that can be seen.")
        raise FieldRefused("label", "field_too_long", sentence)
    uses = facts["max_redemptions"]
    if uses is not None and not 1 <= uses < 2**31:
        sentence = _("A limit is at least 1; leave it empty for none.")
        raise FieldRefused("max_redemptions", "number_invalid", sentence)


def checked_pattern(coupon: Coupon, facts: Mapping[str, Any]) -> Pattern:
    try:
        return read_pattern(
            facts, case_sensitive=coupon.case_sensitive, wide=coupon.wide_characters
        )
    except BadPattern as refusal:
        raise FieldRefused(refusal.name, "pattern_invalid", str(refusal)) from refusal


def check_room(batch: Batch, pattern: Pattern) -> None:
    count = batch.wanted or 0
    taken = generating.taken(batch.coupon, pattern, count)
    most = max(0, pattern.room - taken) // SHARE
    if count <= most:
        return
    numbers = {"room": pattern.room, "taken": taken, "most": most}
    sentence = _(
        "This pattern has room for %(room)s codes, of which %(taken)s are taken. So that nobody "
        "finds one by trying, at most one in ten is made: %(most)s. Ask for fewer, or write more #."
    )
    told = {name: number_format(number) for name, number in numbers.items()}
    raise FieldRefused("count", "pattern_too_small", sentence % told)


def check_strength(pattern: Pattern, *, at: datetime) -> dict[str, str]:
    if pattern.bits < FEWEST_BITS and anybody_may_try(at=at):
        sentence = _(
            "Such codes have %(bits)s bits, and web pages may ask whether a code is good: at least "
            "%(fewest)s are needed. Write more #, or use more characters."
        )
        raise FieldRefused(
            "pattern",
            "pattern_too_weak",
            sentence % {"bits": int(pattern.bits), "fewest": FEWEST_BITS},
        )
    return weakness_of(pattern)


def weakness_of(pattern: Pattern) -> dict[str, str]:
    if pattern.bits >= FEW_BITS:
        return {}
    bits = int(pattern.bits)
    sentence = _("Such codes are easy to guess: %(bits)s bits, where %(few)s would be safe.")
    return {EASY_TO_GUESS: sentence % {"bits": bits, "few": FEW_BITS}}


def anybody_may_try(*, at: datetime) -> bool:
    """Is there a key, for all to read in a web page, that may ask about codes?"""
    keys = ApiKey.objects.usable_at(at).exclude(origins=[])
    return keys.filter(scopes__contains=["coupons:validate"]).exists()
