"""Long work, for programs: `GET /api/v1/jobs`, one job, and its cancellation."""

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router

from accounts.api import KeyAuth, key_of
from jobs import actions
from jobs.models import Job
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import Problem

router = Router(tags=["jobs"], auth=KeyAuth("jobs"))


@router.get("", summary="List jobs, newest first")
def list_jobs(
    request: HttpRequest,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    state: Job.State | None = None,
) -> dict[str, Any]:
    jobs = Job.objects.filter(state=state) if state else Job.objects.all()
    return page_of(jobs, describe, limit=limit, cursor=cursor)


@router.get("/{uuid:pk}", summary="One job and its progress")
def read_job(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    return describe(find_job(pk))


@router.post("/{uuid:pk}/cancel", summary="Stop a job after the chunk it is working on")
def cancel_job(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
    job = find_job(pk)
    try:
        actions.cancel_job(job, by=key_of(request), at=now())
    except actions.NotCancellable as refusal:
        raise Problem(409, "job_not_cancellable", str(refusal)) from refusal
    return describe(find_job(pk))


def find_job(pk: uuid.UUID) -> Job:
    job = Job.objects.filter(pk=pk).first()
    if job is None:
        raise Problem(404, "job_unknown", "There is no job with this id.")
    return job


def describe(job: Job) -> dict[str, Any]:
    return {
        "job": str(job.pk),
        "title": job.title,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "unit": job.unit_word,
        "failure": job.failure_sentence or None,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }
