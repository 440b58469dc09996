"""`import` and `export`, for every subject that the site has; see `offers_site.management`."""

import argparse
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.timezone import now

from jobs import running
from jobs.models import Job
from jobs.running import Step
from offers_site.commands import (
    CommandError,
    CommandParser,
    OvertureCommand,
    check_readable,
    number,
)
from offers_site.values import NoSuchMoment, moment_in_utc
from transfers import actions, importing, reporting, storing
from transfers.exporting import Tally, UnknownColumn, Wanted, blocks
from transfers.models import Transfer
from transfers.options import DELIMITERS, OPERATIONS, POLICIES, BadOption, Options
from transfers.reading.encodings import DECLARABLE
from transfers.reading.moments import FORMATS
from transfers.subjects import BadFilter, Subject, SubjectOption, options_of

OPTION_NAMES = (
    "format",
    "operation",
    "on_duplicate",
    "delimiter",
    "encoding",
    "date_format",
    "timezone",
    "max_rejects",
    "list",
    "from_spreadsheet",
    "dry_run",
    "all_or_nothing",
)
BETWEEN_NEWS = 0.5  # seconds between two lines of progress


class ImportCommand(OvertureCommand):
    """Runs the whole job in this process; should it be killed, the workers take it up."""

    help = "Import a file."
    subjects: Mapping[str, Subject] = {}

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("subject", choices=list(self.subjects), metavar="SUBJECT")
        parser.add_argument("file", metavar="FILE", help="- for standard input")
        parser.add_argument("--format", choices=("csv", "xml"))
        parser.add_argument("--operation", choices=(*OPERATIONS, "validate_only"))
        parser.add_argument("--on-duplicate", choices=POLICIES)
        parser.add_argument("--delimiter", choices=[d for d in DELIMITERS if d])
        parser.add_argument("--encoding", type=str.lower, choices=list(DECLARABLE))
        parser.add_argument("--date-format", choices=FORMATS, metavar="DD/MM/YYYY")
        parser.add_argument("--timezone", metavar="Europe/Paris")
        parser.add_argument("--max-rejects", metavar="N|P%")
        parser.add_argument("--list", action="store_true", help="keys alone, without a header")
        parser.add_argument("--from-spreadsheet", action="store_true")
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--all-or-nothing", action="store_true")
        for option in options_of(self.subjects):
            name = f"--{option.name.replace('_', '-')}"
            if option.is_flag:
                parser.add_argument(name, action="store_true", help=str(option.help))
            else:
                parser.add_argument(name, help=str(option.help or option.label))

    @property
    def option_names(self) -> list[str]:
        return [*OPTION_NAMES, *(option.name for option in options_of(self.subjects))]

    def handle(self, *args: Any, as_json: bool, **given: Any) -> None:
        subject, path = self.subjects[given["subject"]], path_of(given["file"])
        try:
            options = subject.options_from({name: given[name] or "" for name in self.option_names})
        except BadOption as refusal:
            raise CommandError(
                f"--{refusal.name.replace('_', '-')}: {refusal.sentence}", returncode=2
            ) from refusal
        check_readable(path)
        began = time.monotonic()
        transfer = self.take_in(subject, path, options)
        if earlier := Transfer.objects.of_same_file(transfer).first():
            self.stderr.write(f"The same file was imported on {earlier.created_at:%Y-%m-%d %H:%M}.")
        with suppress(KeyboardInterrupt):
            running.run(transfer.job_id or "", self.work)
        self.tell(transfer, as_json=as_json, seconds=time.monotonic() - began)

    def take_in(self, subject: Subject, path: Path, options: Options) -> Transfer:
        received = actions.receive(path.name, storing.blocks_of(path))
        return actions.start_import(subject, received, options, by=None, at=now(), here=True)

    def work(self, job: Job) -> Generator[Step, None, None]:
        """The import, telling people how far it is."""
        told = 0.0
        steps = importing.work(job, self.subjects)
        try:
            for step in steps:
                yield step
                if time.monotonic() - told > BETWEEN_NEWS and job.total:
                    told = time.monotonic()
                    self.progress(job)
        finally:
            steps.close()
            if told and sys.stderr.isatty():
                self.stderr.write("")

    def progress(self, job: Job) -> None:
        percent = job.percent or 0
        if sys.stderr.isatty():
            bar = "█" * (percent * 30 // 100)
            self.stderr.write(f"\r{bar:<30} {percent:3d} %", ending="")
            self.stderr.flush()
        else:
            self.stderr.write(f"{percent} %")

    def tell(self, transfer: Transfer, *, as_json: bool, seconds: float) -> None:
        transfer = Transfer.objects.select_related("job").get(pk=transfer.pk)
        report = reporting.write_report(transfer) if transfer.rejects.exists() else None
        result = {
            "job": str(transfer.pk),
            "state": str(transfer.state),
            **transfer.counters,
            "errors_file": report,
            "seconds": round(seconds, 3),
        }
        if as_json:
            self.answer(result)
        else:
            self.stdout.write(", ".join(f"{name} {n:,}" for name, n in transfer.counters.items()))
            if report:
                self.stdout.write(f"What was refused: {report}")
        if transfer.state not in {Transfer.State.FINISHED, Transfer.State.FINISHED_WITH_REJECTS}:
            raise CommandError(f"{transfer.state_label}. {reporting.why(transfer)}".strip())


class ExportCommand(OvertureCommand):
    help = "Export to standard output or to a file."
    subjects: Mapping[str, Subject] = {}

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("subject", choices=list(self.subjects), metavar="SUBJECT")
        parser.add_argument("--profile", choices=("spreadsheet", "machine"), default="machine")
        parser.add_argument("--format", choices=("csv", "xml"), default="csv")
        parser.add_argument(
            "--delimiter", choices=[d for d in DELIMITERS if d not in {"", "auto"}], default=";"
        )
        parser.add_argument("--columns", type=words, default=[], metavar="A,B")
        parser.add_argument("--changed-since", type=moment, metavar="2026-01-28T10:00Z")
        parser.add_argument("--limit", type=number(0), metavar="N")
        parser.add_argument("--output", type=Path, metavar="FILE")
        for option in narrowing_of(self.subjects):
            parser.add_argument(f"--{option.name}", help=str(option.help or option.label))

    def handle(self, *args: Any, as_json: bool, **given: Any) -> None:
        wanted = Wanted(
            profile=given["profile"],
            format=given["format"],
            delimiter=DELIMITERS[given["delimiter"]],
            columns=given["columns"],
            shows_personal=True,
            limit=given["limit"],
            filters=self.filters(self.subjects[given["subject"]], given),
        )
        tally = Tally()
        target: Path | None = given["output"]
        try:
            if target is None:
                size = self.write(sys.stdout.buffer, given["subject"], wanted, tally)
            else:
                size = self.write_file(target, given["subject"], wanted, tally)
        except UnknownColumn as refusal:
            raise CommandError(f"There is no column {refusal}.", returncode=2) from refusal
        except BadFilter as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            if target is None:
                raise
            raise CommandError(f"{target}: {error.strerror}") from error
        actions.note_written(
            self.subjects[given["subject"]],
            wanted,
            name=target.name if target else f"{given['subject']}.{wanted.format}",
            rows=tally.rows,
            at=now(),
        )
        if as_json and target is not None:
            self.answer({"rows": tally.rows, "bytes": size, "file": str(target)})
        else:
            rows = "row" if tally.rows == 1 else "rows"
            self.stderr.write(f"{tally.rows:,} {rows}")

    def filters(self, subject: Subject, given: dict[str, Any]) -> dict[str, Any]:
        """What narrows the export, as the subject reads it."""
        if not subject.is_on:
            raise CommandError(f"{subject.label}: they are switched off in this installation.")
        own = {option.name for option in subject.narrowing}
        asked = {o.name: given[o.name] for o in narrowing_of(self.subjects) if given[o.name]}
        if unknown := sorted(set(asked) - own):
            raise CommandError(f"--{unknown[0]}: not of {subject.name}.", returncode=2)
        try:
            filters = subject.filters_from(asked, by=None, at=now(), zone=settings.TIME_ZONE)
        except BadFilter as refusal:
            raise CommandError(str(refusal)) from refusal
        since: datetime | None = given["changed_since"]
        return {**filters, **({"changed_since": since.isoformat()} if since else {})}

    def write_file(self, target: Path, name: str, wanted: Wanted, tally: Tally) -> int:
        """The file is there when it is whole."""
        passing = target.with_name(f"{target.name}.part")
        with storing.open_private(passing) as file:
            size = self.write(file, name, wanted, tally)
        passing.replace(target)
        return size

    def write(self, file: IO[bytes], name: str, wanted: Wanted, tally: Tally) -> int:
        size = 0
        for block in blocks(self.subjects[name], wanted, tally):
            file.write(block)
            size += len(block)
        file.flush()
        return size


def path_of(given: str) -> Path:
    return Path("/dev/stdin" if given == "-" else given)


def narrowing_of(subjects: Mapping[str, Subject]) -> list[SubjectOption]:
    """What some subject's exports may be narrowed by; two that share a name mean the same."""
    return list({o.name: o for subject in subjects.values() for o in subject.narrowing}.values())


def moment(text: str) -> datetime:
    """A moment with its offset, or in the zone of the installation."""
    try:
        return moment_in_utc(datetime.fromisoformat(text))
    except NoSuchMoment as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no moment such as 2026-01-28T10:00Z"
        ) from None


def words(text: str) -> list[str]:
    names = [word.strip() for word in text.split(",") if word.strip()]
    if not names:
        raise argparse.ArgumentTypeError("name at least one column")
    return names
