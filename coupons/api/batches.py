"""Batches of codes for programs: having some made, and what is done to all of one."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router, Status
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from accounts.api import key_of
from coupons.actions import batches as actions
from coupons.actions.generating import Generation, start_generating
from coupons.actions.refusing import FieldRefused, NotInState
from coupons.api.coupons import KEEPING, field_problem, find_coupon
from coupons.api.values import read_moment
from coupons.models import Batch
from jobs.models import Job
from offers_site.idempotency import OtherBody, name_of, name_reused
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import Problem

router = Router(tags=["coupons"])
Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class GenerateCall(BaseModel):
    """`#` of the pattern is a random character. Without a pattern, the coupon's own is taken."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=5_000_000)]
    pattern: Text | None = None
    prefix: Text | None = None
    length: Annotated[int, Field(ge=1, le=64)] | None = None
    suffix: Text | None = None
    charset: Text | None = Field(None, description="safe, alnum, letters, digits, or characters")
    check: bool = False
    segment: Text = ""
    start_at: Text | None = None
    end_at: Text | None = None
    max_redemptions: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    label: Text = ""


class BatchPatch(BaseModel):
    """What is named changes, of all codes but those that are reserved; null takes it away."""

    model_config = ConfigDict(extra="forbid")

    segment: Text | None = None
    start_at: Text | None = None
    end_at: Text | None = None
    max_redemptions: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class VoidCall(BaseModel):
    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""


@router.post(
    "/coupons/{code}/generate",
    summary="Have codes made by a pattern",
    response={202: dict[str, Any]},
    auth=KEEPING,
)
def generate_codes(request: HttpRequest, code: str, call: GenerateCall) -> Status[dict[str, Any]]:
    coupon, by = find_coupon(request, code), key_of(request)
    own = call.model_dump(include={"pattern", "prefix", "length", "suffix", "charset", "check"})
    own = {part: value for part, value in own.items() if value}
    if own and not (call.pattern or call.length):
        own = {**(coupon.code_pattern or {}), **own}
    try:
        started = start_generating(
            coupon,
            call.count,
            pattern=own or None,
            segment=call.segment,
            start_at=read_moment("start_at", call.start_at, coupon.timezone)
            if call.start_at
            else None,
            end_at=read_moment("end_at", call.end_at, coupon.timezone) if call.end_at else None,
            max_redemptions=call.max_redemptions,
            label=call.label,
            idempotency_key=name_of(request),
            by=by,
            at=now(),
        )
    except FieldRefused as refusal:
        raise field_problem(refusal) from refusal
    except NotInState as refusal:
        raise Problem(409, "not_in_state", str(refusal)) from refusal
    except OtherBody:
        raise name_reused() from None
    return Status(202, begun(started))


def begun(started: Generation) -> dict[str, Any]:
    """The first answer to a name, however far the codes have come since."""
    first = {"state": str(Job.State.QUEUED), "made": 0, "failure": None}
    told = described(started.batch, started.job)
    return {**told, **first, "warnings": list(started.warnings)}


@router.get("/coupons/{code}/batches", summary="Batches of codes, newest first", auth=KEEPING)
def list_batches(
    request: HttpRequest, code: str, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> dict[str, Any]:
    batches = Batch.objects.filter(coupon=find_coupon(request, code)).select_related(
        "job", "transfer__job"
    )
    return page_of(batches, described, limit=limit, cursor=cursor)


@router.get("/coupons/{code}/batches/{int:pk}", summary="One batch", auth=KEEPING)
def read_batch(request: HttpRequest, code: str, pk: int) -> dict[str, Any]:
    return described(find_batch(request, code, pk))


@router.patch(
    "/coupons/{code}/batches/{int:pk}",
    summary="Change segment, dates or limits of all its codes",
    url_name="read_batch",
    response={202: dict[str, Any]},
    auth=KEEPING,
)
def patch_batch(
    request: HttpRequest, code: str, pk: int, call: BatchPatch
) -> Status[dict[str, Any]]:
    batch = find_batch(request, code, pk)
    values = call.model_dump(include=call.model_fields_set)
    if "segment" in values:
        values["segment"] = values["segment"] or ""
    try:
        for name in ("start_at", "end_at"):
            if values.get(name):
                values[name] = read_moment(name, values[name], batch.coupon.timezone)
        job = actions.start_changing_batch(batch, values, by=key_of(request), at=now())
    except FieldRefused as refusal:
        raise field_problem(refusal) from refusal
    except NotInState as refusal:
        raise Problem(409, "not_in_state", str(refusal)) from refusal
    return Status(202, {"job": str(job.pk), "state": str(job.state)})


@router.post(
    "/coupons/{code}/batches/{int:pk}/void",
    summary="Void those of its codes that nobody was given",
    response={202: dict[str, Any]},
    auth=KEEPING,
)
def void_batch(request: HttpRequest, code: str, pk: int, call: VoidCall) -> Status[dict[str, Any]]:
    batch = find_batch(request, code, pk)
    by, at = key_of(request), now()
    job = actions.start_voiding_batch(batch, reason=call.reason, by=by, at=at)
    return Status(202, {"job": str(job.pk), "state": str(job.state)})


def find_batch(request: HttpRequest, code: str, pk: int) -> Batch:
    batches = Batch.objects.select_related("coupon", "job", "transfer__job")
    batch = batches.filter(coupon=find_coupon(request, code), pk=pk).first() if pk < 2**63 else None
    if batch is None:
        raise Problem(404, "batch_unknown", "The coupon has no such batch.")
    return batch


def described(batch: Batch, job: Job | None = None) -> dict[str, Any]:
    job = job or batch.job or (batch.transfer.job if batch.transfer else None)
    return {
        "batch": batch.pk,
        "origin": batch.origin,
        "label": batch.label or None,
        "job": str(job.pk) if job else None,
        "state": str(job.state) if job else None,
        "wanted": batch.wanted,
        "made": batch.made,
        "pattern": (batch.pattern or {}).get("pattern"),
        "failure": (job.failure_sentence if job else "") or None,
        "created_at": batch.created_at,
    }
