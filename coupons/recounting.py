"""Counting the figures of a coupon again, as a job: there may be millions of rows behind them."""

from __future__ import annotations

from collections.abc import Generator

from coupons import reporting
from coupons.models import Coupon
from jobs.models import Job
from jobs.running import Step


def work(job: Job) -> Generator[Step, None, None]:
    reporting.recompute(Coupon.objects.get(pk=job.checkpoint["coupon"]))
    yield Step(done=1, checkpoint=job.checkpoint, total=1)
