"""Making stored files and reports forget somebody who was erased.

The rows of a file cannot be taken out of it without making it another file, so a file that names
the person is deleted as a whole. Looking through gigabytes takes a job; the words that it looks for
are kept until it has looked through the last file, and then they are gone, too.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID
from xml.sax.saxutils import escape

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.journal import record
from accounts.models import User
from jobs.actions import start_job
from jobs.models import Job
from jobs.running import Step
from transfers import storing
from transfers.models import FileSearch, Reject, Transfer
from transfers.reading.encodings import DECLARABLE, MARKS
from transfers.reading.faults import FileFault
from transfers.reading.sources import LARGEST, Source

TASK = "transfers.tasks.search_files"
BLOCK = 1 << 20
SHORTEST_INSIDE = 6  # characters from which a word is looked for inside of others
REFERENCE = re.compile(r"&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));", re.IGNORECASE)


def forget(
    words: Iterable[str], *, values: Iterable[str] = (), by: User | None, at: datetime
) -> int:
    """Look for these words in all stored files, and blank them and `values` in reports.

    Inside the transaction that erases the person. Returns how many entries were blanked.
    """
    wanted = sorted({word.strip() for word in words} - {""})
    if any(storing.folder().iterdir()):
        search = FileSearch.objects.create(words=wanted, created_at=at)
        start_search(search, by=by, at=at)
    return forget_values(wanted, [value for value in values if value])


def forget_values(words: list[str], values: list[str]) -> int:
    condition = Q(value__in=[*words, *values])
    for word in words:
        if len(word) >= SHORTEST_INSIDE:
            condition |= Q(value__icontains=word)
    return Reject.objects.filter(condition).exclude(value="").update(value="")


def erased_since(transfer: UUID) -> frozenset[str]:
    """The words of those who were erased after this file was sent; a later file may name them."""
    sent = Transfer.objects.filter(pk=transfer).values("created_at")[:1]
    searches = FileSearch.objects.filter(created_at__gte=sent).values_list("words", flat=True)
    return frozenset(word for words in searches for word in words)


def start_search(search: FileSearch, *, by: User | None, at: datetime) -> None:
    search.job = start_job(
        lambda: _("Search of stored files for somebody who was erased"),
        task=TASK,
        by=by,
        at=at,
        unit=gettext_noop("files"),
    )
    search.save(update_fields=["job"])


@transaction.atomic
def search_again(at: datetime) -> None:
    """Finish searches that were stopped, or that had to leave files to imports under way."""
    ended = FileSearch.objects.filter(Q(job=None) | Q(job__ended_at__isnull=False))
    for search in ended.select_for_update(of=["self"]):
        start_search(search, by=None, at=at)


def work(job: Job) -> Generator[Step, None, None]:
    """Look through every file; see `jobs.running.run`."""
    search = FileSearch.objects.filter(job=job).first()
    if search is None:
        return
    for path in storing.folder().iterdir():
        delete_if_marked(path)
    after, left = job.checkpoint.get("after", ""), job.checkpoint.get("left", 0)
    paths = sorted(storing.folder().iterdir())
    paths = [path for path in paths if path.name > after and is_older(path, search)]
    total, wanted = job.done + len(paths), Wanted(search.words)
    for path in paths:
        left += not look_at(path, wanted, now())
        yield Step(done=1, total=total, checkpoint={"after": path.name, "left": left})
        delete_if_marked(path)
    if not left:
        search.delete()


def delete_if_marked(path: Path) -> None:
    """Delete a file once it is written down that it is gone; not before, lest a crash hide why."""
    transfer = transfer_of(path)
    if transfer is not None and transfer.file_erased and path.name == str(transfer.pk):
        storing.forget(path)


def is_older(path: Path, search: FileSearch) -> bool:
    """A file that came after the erasure tells of somebody new."""
    try:
        return path.stat().st_mtime <= search.created_at.timestamp()
    except FileNotFoundError:
        return False


def look_at(path: Path, wanted: Wanted, at: datetime) -> bool:
    """Mark the file if it names the person; False when an import is still reading it."""
    transfer = transfer_of(path)
    if not names_somebody(path, wanted, encoding_of(transfer)):
        return True
    if transfer is None or path.name != str(transfer.pk):
        storing.forget(path)
        return True
    if transfer.job is not None and not transfer.job.has_ended:
        return False
    Transfer.objects.filter(pk=transfer.pk).update(file_deleted_at=at, file_erased=True)
    record("transfer.file_erased", transfer, by=None, at=at)
    return True


def transfer_of(path: Path) -> Transfer | None:
    try:
        pk = UUID(path.name.removesuffix("-errors.csv").removesuffix(".part"))
    except ValueError:
        return None
    return Transfer.objects.select_related("job").filter(pk=pk).first()


def encoding_of(transfer: Transfer | None) -> str:
    declared = transfer.options.get("encoding", "") if transfer else ""
    return DECLARABLE.get(declared, "utf-8")


class Wanted:
    """Words, as files may write them."""

    def __init__(self, words: Iterable[str]) -> None:
        forms = {
            form.lower(): word
            for word in words
            for form in (word, escape(word), escape(word, {'"': "&quot;"}), word.replace('"', '""'))
        }
        self.words = list(forms)
        self.longest = max(map(len, self.words), default=0)
        patterns = [inside(form) if is_telling(form) else as_cell(form) for form in forms]
        self.pattern = re.compile("|".join(patterns) or "(?!)")

    def is_in(self, text: str) -> bool:
        small = text.replace("\0", "").lower()  # UTF-16 without its mark is taken for UTF-8
        if "&#" in small:
            small = REFERENCE.sub(character, small)
        return any(word in small for word in self.words) and bool(self.pattern.search(small))


def is_telling(word: str) -> bool:
    """Addresses and numbers mean somebody wherever they stand; a key of few letters does not."""
    return len(word) >= SHORTEST_INSIDE and not word.isalpha()


def inside(word: str) -> str:
    return rf"(?<![\w.+-]){re.escape(word)}(?![\w-])"


def as_cell(word: str) -> str:
    """As the whole of a cell, or of an attribute or an element of XML."""
    return rf"(?:^|(?<=[;,|\t\r\n\"'>])) *{re.escape(word)} *(?=[;,|\t\r\n\"'<]|$)"


def character(reference: re.Match[str]) -> str:
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return chr(number).lower() if number < 0x110000 else ""


def names_somebody(path: Path, wanted: Wanted, encoding: str) -> bool:
    """Is one of the words in the file? What cannot be searched is taken to say yes."""
    try:
        return any(wanted.is_in(text) for text in texts(path, encoding, 9 * wanted.longest + 80))
    except FileNotFoundError:
        return False
    except FileFault:
        return True


def texts(path: Path, encoding: str, overlap: int) -> Iterator[str]:
    """The unpacked text in pieces, each with the end of the one before; or FileFault."""
    size, before, decoder = 0, "", None
    with Source.of(path).opened() as file:
        while block := file.read(BLOCK):
            if decoder is None:
                encoding = next((n for mark, n in MARKS if n and block.startswith(mark)), encoding)
                decoder = codecs.getincrementaldecoder(encoding)("replace")
            size += len(block)
            if size > LARGEST:
                raise FileFault("file_bomb")
            piece = before + decoder.decode(block)
            yield piece
            before = piece[-overlap:]
