"""The doors through which workers reach coupons."""

from functools import partial

from celery import shared_task
from django.utils.timezone import now

from coupons import (
    altering,
    changing,
    checking,
    generating,
    holding,
    indexing,
    mailing,
    recounting,
    recycling,
    tallying,
)
from jobs import running


@shared_task
def change_codes(job_pk: str) -> str:
    return running.run(job_pk, partial(changing.work, at=now()))


@shared_task(expires=60)
def lapse_holds() -> int:
    return holding.lapse(at=now())


@shared_task(expires=15)
def reap_reservations() -> int:
    return recycling.reap(at=running.clock())


@shared_task(expires=300)
def lapse_reservations() -> int:
    return recycling.lapse(at=now())


@shared_task(expires=120)
def add_up_coupons() -> int:
    return tallying.add_up_all()


@shared_task(expires=600)
def tell_of_coupons() -> int:
    return mailing.tell(at=now())


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
