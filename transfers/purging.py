"""What is kept of transfers, and for how long."""

import time
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from transfers import staging, storing
from transfers.forgetting import search_again
from transfers.models import Reject, Transfer

UNCLAIMED = 24 * 3600  # seconds after which a file that no row names is swept away


def purge(at: datetime) -> int:
    """Delete files and reports whose time is over. Returns how many files."""
    drop_forgotten_keys()
    sweep()
    search_again(at)
    purge_errors(at - timedelta(days=settings.IMPORT_ERRORS_DAYS))
    return purge_exports(at) + purge_files(at - timedelta(days=settings.IMPORT_FILE_DAYS), at)


def purge_exports(at: datetime) -> int:
    """Delete exports that can no longer be fetched, with what was searched for."""
    over = Transfer.objects.exports().ended_before(at - storing.EXPORT_KEPT)
    number = 0
    for transfer in over.filter(file_deleted_at=None).iterator():
        storing.forget(storing.file_of(transfer.pk))
        filters = dict(transfer.options.get("filters", {}))
        if "q" in filters:  # it stays to be seen that there was a search
            filters["q"] = None
        options = {**transfer.options, "filters": filters}
        Transfer.objects.filter(pk=transfer.pk).update(file_deleted_at=at, options=options)
        number += 1
    return number


def purge_files(before: datetime, at: datetime) -> int:
    over = Transfer.objects.ended_before(before).filter(file_deleted_at=None)
    number = 0
    for transfer in over.iterator():
        storing.forget(storing.file_of(transfer.pk))
        Transfer.objects.filter(pk=transfer.pk).update(file_deleted_at=at)
        number += 1
    return number


@transaction.atomic
def purge_errors(before: datetime) -> None:
    over = Transfer.objects.ended_before(before).filter(errors_deleted_at=None)
    for transfer in over:
        Reject.objects.filter(transfer=transfer).delete()
        storing.forget(storing.errors_of(transfer.pk))
        Transfer.objects.filter(pk=transfer.pk).update(errors_deleted_at=before)


def drop_forgotten_keys() -> None:
    for pk in staging.transfers_with_keys():
        if not Transfer.objects.filter(pk=pk, job__ended_at=None).exists():
            staging.drop_keys(pk)


def sweep() -> None:
    """Delete files that no transfer names."""
    for path in storing.folder().iterdir():
        if time.time() - path.stat().st_mtime > UNCLAIMED and not is_named(path.name):
            storing.forget(path)


def is_named(name: str) -> bool:
    try:
        pk = UUID(name.removesuffix("-errors.csv"))
    except ValueError:
        return False
    return Transfer.objects.filter(pk=pk).exists()
