"""What people ask of the figures of a coupon."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from coupons.models import Coupon
from jobs.actions import start_job
from jobs.models import Job


@transaction.atomic(durable=True)
def start_recounting(coupon: Coupon, *, by: User | None, at: datetime) -> Job:
    """Count the figures of a coupon again from its codes and uses, as a job."""
    job = start_job(
        lambda: _("Count the figures of %(coupon)s again") % {"coupon": coupon},
        task="coupons.tasks.recount",
        by=by,
        at=at,
        total=1,
    )
    job.checkpoint = {"coupon": coupon.pk}
    job.save(update_fields=["checkpoint"])
    return job
