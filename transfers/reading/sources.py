"""The bytes of a stored file: plain, gzip, or a zip with one member."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from transfers.reading.faults import FileFault

BLOCK = 1 << 20
LARGEST = 4 << 30  # bytes once unpacked
MOST_RATIO = 200
RATIO_COUNTS_FROM = 1 << 20  # small files may repeat themselves as they like
UNREADABLE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was sent."""

    path: Path
    packing: str  # "plain", "gzip" or "zip"

    @classmethod
    def of(cls, path: Path) -> "Source":
        with path.open("rb") as file:
            start = file.read(4)
        if start[:2] == b"\x1f\x8b":
            return cls(path, "gzip")
        return cls(path, "zip" if start in {b"PK\x03\x04", b"PK\x05\x06"} else "plain")

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The unpacked bytes, or FileFault."""
        if self.packing == "plain":
            with self.path.open("rb") as file:
                yield file
            return
        try:
            if self.packing == "gzip":
                with gzip.open(self.path) as file:
                    yield file  # type: ignore[misc] # GzipFile reads like any file
            else:
                with zipfile.ZipFile(self.path) as archive:
                    members = [m for m in archive.infolist() if not m.is_dir()]
                    if len(members) != 1:
                        raise FileFault("file_unreadable", members=len(members))
                    with archive.open(members[0]) as file:
                        yield file
        except UNREADABLE as error:
            raise FileFault("file_unreadable", value=str(error)) from error

    def measure(self) -> int:
        """How many bytes it unpacks to; FileFault for an empty file and for a bomb."""
        packed = self.path.stat().st_size
        if self.packing == "plain":
            size = packed
            if size > LARGEST:
                raise FileFault("file_too_large")
        else:
            size = self.unpacked_size(packed)
        if not size:
            raise FileFault("file_empty")
        return size

    def unpacked_size(self, packed: int) -> int:
        size = 0
        with self.opened() as file:
            while block := file.read(BLOCK):
                size += len(block)
                if size > LARGEST or (
                    size > RATIO_COUNTS_FROM and size > MOST_RATIO * max(packed, 1)
                ):
                    raise FileFault("file_bomb")
        return size
