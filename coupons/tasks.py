"""The doors through which workers reach coupons."""

from functools import partial

from celery import shared_task
from django.utils.timezone import now

from coupons import altering, changing, checking, generating, holding, indexing, recounting
from jobs import running


@shared_task
def change_codes(job_pk: str) -> str:
    return running.run(job_pk, partial(changing.work, at=now()))


@shared_task(expires=60)
def lapse_holds() -> int:
    return holding.lapse(at=now())


@shared_task
def check_coupons() -> int:
    return len(checking.check_and_tell())


@shared_task
def recount(job_pk: str) -> str:
    return running.run(job_pk, recounting.work)


@shared_task
def make_codes_unique(job_pk: str) -> str:
    return running.run(job_pk, indexing.make_unique)


@shared_task
def let_codes_free(job_pk: str) -> str:
    return running.run(job_pk, indexing.let_free)


@shared_task
def generate_codes(job_pk: str) -> str:
    return running.run(job_pk, generating.work)


@shared_task
def change_batch(job_pk: str) -> str:
    return running.run(job_pk, partial(altering.work, at=now()))
