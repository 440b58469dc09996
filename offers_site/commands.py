"""How our commands speak: exit statuses, one JSON object, progress on standard error."""

import argparse
import errno
import json
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser

MOST = 2_147_483_647
UNREAD = {errno.EPIPE, errno.ENOSPC}  # what happens to standard output and is no fault of ours


class OvertureCommand(BaseCommand):
    """A command that answers people in sentences and programs in one JSON object.

    It exits 0 when it did what was asked, 1 when it could not (`CommandError`), 2 on bad usage
    (argparse, or `returncode=2` for what only the database can tell).
    With `--json` the last line on standard output is one object, `{"error": …}` where there is no
    other; sentences go to standard error.
    """

    # What serves pages checks itself when it starts; to check all addresses takes a second.
    requires_system_checks = ()
    has_answered = False

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            output = super().execute(*args, **options)
            if sys.stdout is not None:
                sys.stdout.flush()
        except CommandError as error:
            if options.get("as_json") and not self.has_answered:
                self.answer({"error": str(error)})
            raise
        except OSError as error:
            if error.errno not in UNREAD or error.filename:
                raise
            let_go_of_stdout()
            if error.errno == errno.EPIPE:  # whoever reads has seen enough, as `head` does
                raise SystemExit(1) from None
            raise CommandError(f"Standard output: {error.strerror}.") from error
        return output

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")

    def say(self, sentence: str, *, as_json: bool) -> None:
        (self.stderr if as_json else self.stdout).write(
            sentence, self.style.SUCCESS if not as_json else str
        )

    def answer(self, result: dict[str, Any]) -> None:
        self.has_answered = True
        self.stdout.write(json.dumps(result, ensure_ascii=False, default=plain))


def plain(value: object) -> str:
    """What JSON has no kind for; moments as everywhere else."""
    return value.isoformat() if isinstance(value, date) else str(value)


def let_go_of_stdout() -> None:
    """Drop what could not be written, or Python tries once more at its end and complains."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def check_readable(path: Path) -> None:
    """Refuse, as bad usage, a file that cannot be read; nothing is taken out of a pipe."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.stat()
        if not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.", returncode=2) from error


def zone(given: str) -> str:
    """The type of an argument that names a time zone."""
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        sentence = f"{given!r} is no time zone such as Europe/Paris"
        raise argparse.ArgumentTypeError(sentence) from error
    return given


def number(least: int) -> Callable[[str], int]:
    """The type of an argument that counts something, from `least` on."""

    def check(given: str) -> int:
        if not (given.isascii() and given.isdigit() and least <= int(given) <= MOST):
            raise argparse.ArgumentTypeError(f"a number from {least} on")
        return int(given)

    return check


def text(most: int) -> Callable[[str], str]:
    """The type of an argument that a column of `most` characters takes."""

    def check(value: str) -> str:
        if len(value) > most:
            raise argparse.ArgumentTypeError(f"at most {most} characters are possible")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise argparse.ArgumentTypeError("this is not UTF-8") from None
        return value

    return check


__all__ = [
    "CommandError",
    "CommandParser",
    "OvertureCommand",
    "check_readable",
    "number",
    "text",
    "zone",
]
