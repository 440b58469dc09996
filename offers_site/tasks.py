"""The doors through which workers reach transfers, with all subjects in hand."""

from functools import partial

from celery import shared_task

from jobs import running
from offers_site.subjects import SUBJECTS
from transfers import exporting, importing


@shared_task
def import_file(job_pk: str) -> str:
    return running.run(job_pk, partial(importing.work, subjects=SUBJECTS))


@shared_task
def export_file(job_pk: str) -> str:
    return running.run(job_pk, partial(exporting.work, subjects=SUBJECTS))
