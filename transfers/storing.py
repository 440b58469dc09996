"""The files themselves: kept once, readable by nobody else, deleted in time."""

import contextlib
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings

BLOCK = 1 << 20
EXPORT_KEPT = timedelta(hours=24)  # how long a finished export can be fetched


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    size: int


def folder() -> Path:
    path = Path(settings.MEDIA_ROOT) / "transfers"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def file_of(pk: UUID) -> Path:
    """Where the file of a transfer is."""
    return folder() / str(pk)


def errors_of(pk: UUID) -> Path:
    """Where a command leaves the report of a transfer."""
    return folder() / f"{pk}-errors.csv"


def store(pk: UUID, blocks: Iterable[bytes]) -> Stored:
    """Keep a file; it is there as a whole or not at all."""
    target = file_of(pk)
    passing = target.with_suffix(".part")
    digest, size = hashlib.sha256(), 0
    with open_private(passing) as file:
        for block in blocks:
            digest.update(block)
            size += len(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    passing.replace(target)
    return Stored(digest.hexdigest(), size)


def open_private(path: Path) -> IO[bytes]:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    return os.fdopen(descriptor, "wb")


def blocks_of(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def forget(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def copy(source: UUID, target: UUID) -> None:
    """The same bytes under another name; they take no more room where links can be made."""
    try:
        os.link(file_of(source), file_of(target))
    except OSError:
        store(target, blocks_of(file_of(source)))
