"""Reading a file into the database, chunk by chunk, so that nothing is lost or done twice.

One transaction writes a chunk's rows, what was refused of it, the counters, and where to go on. It
ends when the job notes the step: a worker that was replaced meanwhile commits none of it.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import cast

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext_noop

from jobs.models import Job
from jobs.running import Failed, Step
from transfers import storing
from transfers.files import OpenFile, open_file
from transfers.models import Transfer
from transfers.noting import Notes, Unresolved
from transfers.options import Options
from transfers.reading.ahead import ahead
from transfers.reading.batches import Batch, Place
from transfers.reading.checking import Checked
from transfers.reading.faults import FileFault, shown
from transfers.reading.sources import Source
from transfers.staging import Double, Staging, drop_keys
from transfers.subjects import Chunk, Operation, Outcome, RowFault, Subject
from transfers.wording import SENTENCES

FIRST = 100  # rows after which a file that is wrong from the start is given up
MOST_AT_ONCE = 200_000
STOPPED = gettext_noop("The file could not be read to its end.")
GONE = gettext_noop("The file is no longer there.")


def work(job: Job, subjects: Mapping[str, Subject]) -> Generator[Step, None, None]:
    """The steps of an import; see `jobs.running.run`."""
    transfer = Transfer.objects.get(job=job)
    if transfer.fatal_code:  # it was lost after its last chunk
        raise Failed(sentence_of(transfer.fatal_code))
    importer = Importer(transfer, job, subjects[transfer.subject])
    try:
        yield from importer.steps()
    except GeneratorExit:
        if job.state == Job.State.CANCELLING:
            drop_keys(transfer.pk)
        raise


def sentence_of(code: str) -> str:
    """Why it failed, in English: whoever reads it translates. The report says more."""
    with translation.override("en"):
        words = str(SENTENCES.get(code, code))
    return STOPPED if "%(" in words else words


class Importer:
    def __init__(self, transfer: Transfer, job: Job, subject: Subject) -> None:
        self.transfer, self.job, self.subject = transfer, job, subject
        self.options = Options(**transfer.options)
        self.columns = subject.columns(self.options.extra)
        self.is_dry = transfer.is_dry_run
        # a try-out inserts nothing that a later row could be found to be
        keeps = not (self.is_dry or self.options.all_or_nothing)
        self.staging = Staging(
            transfer.pk,
            subject.key,
            subject.identity,
            is_lazy=subject.database_knows_doubles and keeps and self.operation == "insert",
        )
        self.size = 0
        self.zone = ""
        self.at = now()

    def steps(self) -> Iterator[Step]:
        with ExitStack() as stack:
            try:
                self.subject.begin(self.options.extra, self.transfer.by or self.transfer.key)
                file = self.open(stack, self.place)
            except FileFault as fault:
                yield self.give_up(fault)
                raise Failed(sentence_of(self.transfer.fatal_code)) from None
            self.prepare(file)
            try:
                if self.options.all_or_nothing:
                    yield self.all_or_nothing(file)
                else:
                    yield from self.chunks(file)
            except FileFault as fault:  # the packing breaks where it was whole a moment ago
                yield self.give_up(fault)
        if self.transfer.fatal_code:
            raise Failed(sentence_of(self.transfer.fatal_code))
        drop_keys(self.transfer.pk)

    @property
    def place(self) -> Place:
        transfer = self.transfer
        return Place(transfer.next_offset, transfer.next_line, transfer.next_row)

    def open(self, stack: ExitStack, place: Place) -> OpenFile:
        """The file from `place` on; raises FileFault."""
        path = storing.file_of(self.transfer.pk)
        if not path.exists():
            raise Failed(GONE)
        source = Source.of(path)
        self.size = self.size or source.measure()
        file = stack.enter_context(
            open_file(source, self.subject, self.columns, self.options, self.transfer.format, place)
        )
        self.zone = str(file.zone)
        return file

    def prepare(self, file: OpenFile) -> None:
        self.transfer.unknown_columns = [shown(word) for word in file.unknown[:200]]
        with connection.cursor() as cursor:
            self.staging.make_keys(cursor)
            done = self.transfer.read - self.transfer.rejected
            if done and not self.staging.has_keys(cursor):
                self.remake_keys()

    def remake_keys(self) -> None:
        """PostgreSQL was restarted the hard way: read the keys of what was done once more."""
        with ExitStack() as stack, connection.cursor() as cursor:
            file = self.open(stack, Place())
            for batch in file.batches(self.size_at):
                if batch.fatal or batch.place.row > self.transfer.next_row:
                    break
                checked = file.check(batch)
                self.stage(cursor, checked)
                chunk, _refused = self.resolved(self.chunk_of(cursor, checked))
                self.staging.remember_keys(cursor, chunk.count)
                self.staging.forget_rows(cursor)
                if batch.place.row == self.transfer.next_row:
                    break

    def size_at(self, row: int) -> int:
        """How many rows the next chunk has. The first is small, and tells a wrong file early."""
        usual = settings.IMPORT_CHUNK_ROWS * self.subject.times_as_many
        wanted = FIRST - row if row < FIRST else usual
        return min(wanted, self.subject.rows_at_once or wanted)

    # --- chunks ---

    def chunks(self, file: OpenFile) -> Iterator[Step]:
        with closing(ahead(self.checked(file))) as batches:
            for batch, checked in batches:
                before = self.job.done
                fatal = self.chunk(file, batch, checked)
                done = min(self.size, max(before, file.position(batch.place)))
                yield Step(done=done - before, total=self.size)
                if fatal:
                    return

    def chunk(self, file: OpenFile, batch: Batch, checked: Checked) -> FileFault | None:
        """Do a batch, and write where to go on; returns why that is nowhere."""
        notes = self.take(file, batch, checked)
        fatal = batch.fatal or self.too_many()
        if fatal:
            notes.fatal(fatal, line=fatal.line or batch.place.line, row=batch.place.row)
        notes.write()
        self.move_to(batch.place)
        if fatal:
            drop_keys(self.transfer.pk)
        return fatal

    def checked(self, file: OpenFile) -> Iterator[tuple[Batch, Checked]]:
        for batch in file.batches(self.size_at):
            yield batch, file.check(batch)

    def take(self, file: OpenFile, batch: Batch, checked: Checked) -> Notes:
        """Do all of a batch but write its notes."""
        notes = Notes(self.transfer, file.path_of)
        notes.blank(batch.blank)
        notes.trimmed(checked.trimmed)
        for refusal in (*batch.refused, *checked.refused):
            notes.refuse(refusal)
        for warning in checked.warned:
            notes.warn(warning)
        if batch.fatal and batch.fatal.counts:
            notes.count("rejected", 1)
        if len(checked):
            self.apply(checked, notes)
        return notes

    def apply(self, checked: Checked, notes: Notes) -> None:
        with connection.cursor() as cursor:
            self.stage(cursor, checked)
            chunk, unresolved = self.resolved(self.chunk_of(cursor, checked))
            notes.unresolved(unresolved, self.subject.key)
            count = chunk.count
            if self.staging.remember_keys(cursor, count):
                count -= self.note_doubles(self.staging.take_doubles(cursor), notes)
            point = transaction.savepoint() if self.is_dry else None
            outcome = self.applied(replace(chunk, count=count)) if count else Outcome()
            if outcome.rows != count:
                raise RuntimeError(f"{self.subject.name}: {outcome.rows} of {count} rows told of")
            if self.staging.is_lazy and outcome.existing:
                doubles = self.staging.take_doubles(cursor, outcome.existing)
                self.note_doubles(doubles, notes)
                outcome.existing = sorted(set(outcome.existing) - {d.number for d in doubles})
            self.note(chunk, outcome, notes)
            if point:
                transaction.savepoint_rollback(point)
            if self.options.all_or_nothing:  # else the end of the transaction does it
                self.staging.forget_rows(cursor)

    def note_doubles(self, doubles: list[Double], notes: Notes) -> int:
        notes.doubles(doubles, listed=self.options.on_duplicate != "ignore")
        return len(doubles)

    def chunk_of(self, cursor: CursorWrapper, checked: Checked) -> Chunk:
        return Chunk(
            cursor,
            self.staging.rows,
            tuple(checked.names),
            len(checked),
            self.operation,
            self.at,
            self.transfer.by_id,
            self.transfer.file_name,
            self.options.extra,
            self.transfer.pk,
            self.zone,
        )

    def resolved(self, chunk: Chunk) -> tuple[Chunk, list[Unresolved]]:
        """The chunk without the rows that refer to what is not there, and those."""
        faults = {fault.number: fault for fault in self.subject.resolve(chunk)}
        if not faults:
            return chunk, []
        details = self.staging.details(chunk.cursor, list(faults))
        self.staging.take_away(chunk.cursor, faults)
        refused: list[Unresolved] = [(faults[number], line, key) for number, line, key in details]
        return replace(chunk, count=chunk.count - len(refused)), refused

    def stage(self, cursor: CursorWrapper, checked: Checked) -> None:
        self.staging.prepare(
            cursor, [self.columns[name] for name in checked.names if name in self.columns]
        )
        if len(checked):
            self.staging.stage(cursor, checked)

    @property
    def operation(self) -> Operation:
        asked = self.options.operation
        if asked == "insert" and self.options.on_duplicate == "update":
            return "upsert"
        return cast(Operation, asked)

    def applied(self, chunk: Chunk) -> Outcome:
        """What the subject makes of a chunk. Whom another job has just inserted is updated."""
        outcome = self.subject.apply(chunk)
        if chunk.operation == "upsert" and outcome.existing:
            numbers = outcome.existing
            self.staging.keep_only(chunk.cursor, numbers)
            again = self.subject.apply(replace(chunk, count=len(numbers)))
            outcome.updated += again.updated
            outcome.unchanged += again.unchanged
            outcome.inserted += again.inserted
            outcome.existing = again.existing
            outcome.faults += again.faults
            outcome.warnings += again.warnings
        return outcome

    def note(self, chunk: Chunk, outcome: Outcome, notes: Notes) -> None:
        for name in ("inserted", "updated", "unchanged"):
            notes.count(name, getattr(outcome, name))
        faults = {fault.number: fault for fault in outcome.faults}
        if outcome.existing:
            if self.options.on_duplicate == "ignore":
                notes.count("ignored", len(outcome.existing))
            else:
                faults |= {n: RowFault(n, "duplicate_in_db") for n in outcome.existing}
        if faults:
            for number, line, key in self.staging.details(chunk.cursor, list(faults)):
                notes.refuse_staged(faults[number], line, self.subject.key, key)
        if outcome.warnings:
            details = self.staging.details(chunk.cursor, [w.number for w in outcome.warnings])
            lines = {number: (line, key) for number, line, key in details}
            for warning in outcome.warnings:
                notes.warn_staged(warning, *lines[warning.number], self.subject.key)

    def too_many(self) -> FileFault | None:
        """Is so much refused that the rest need not be tried?"""
        transfer = self.transfer
        rejected = transfer.rejected - transfer.rejected_known
        all_wrong = transfer.read == FIRST == rejected and not self.options.takes_all
        if all_wrong or self.options.exceeded(rejected, transfer.read):
            return FileFault("too_many_rejects")
        return None

    def move_to(self, place: Place) -> None:
        transfer = self.transfer
        transfer.next_offset, transfer.next_line = place.offset, place.line
        transfer.next_row = place.row
        transfer.save(update_fields=(*WRITTEN, "next_offset", "next_line", "next_row"))

    # --- the ends ---

    def give_up(self, fault: FileFault) -> Step:
        """The file as a whole cannot be read."""
        notes = Notes(self.transfer, None)
        notes.fatal(fault, line=fault.line)
        notes.write()
        self.transfer.save(update_fields=WRITTEN)
        return Step(done=0, total=self.size)

    def all_or_nothing(self, file: OpenFile) -> Step:
        """Try all, and do all if all is right; one transaction in either case."""
        self.is_dry = True
        fatal = self.try_all(file)
        transfer = self.transfer
        if fatal is None and transfer.rejected:
            fatal = FileFault("not_all")
        if fatal:
            done = transfer.inserted + transfer.updated + transfer.unchanged
            transfer.inserted = transfer.updated = transfer.unchanged = 0
            transfer.ignored += done
            notes = Notes(transfer, None)
            notes.fatal(fatal, line=fatal.line)
            notes.write()
        elif not transfer.is_dry_run:
            self.do_all()
        transfer.save(update_fields=WRITTEN)
        drop_keys(transfer.pk)
        return Step(done=self.size - self.job.done, total=self.size)

    def try_all(self, file: OpenFile) -> FileFault | None:
        with closing(ahead(self.checked(file))) as batches:
            for batch, checked in batches:
                self.take(file, batch, checked).write()
                if batch.fatal:
                    return batch.fatal
                if self.transfer.read > MOST_AT_ONCE:
                    return FileFault("file_too_large", line=batch.place.line)
        return None

    def do_all(self) -> None:
        transfer = self.transfer
        self.is_dry = False
        for name in COUNTERS:
            setattr(transfer, name, 0)
        transfer.codes = {}
        transfer.rejects.all().delete()
        drop_keys(transfer.pk)
        with ExitStack() as stack, connection.cursor() as cursor:
            self.staging.make_keys(cursor)
            again = self.open(stack, Place())
            for batch, checked in ahead(self.checked(again)):
                self.take(again, batch, checked).write()
        if transfer.rejected:  # somebody else was quicker since
            raise Failed(sentence_of("not_all"))


COUNTERS = (
    "read",
    "inserted",
    "updated",
    "unchanged",
    "ignored",
    "rejected",
    "blank",
    "rejected_known",
)
WRITTEN = (*COUNTERS, "codes", "unknown_columns", "fatal_code")
