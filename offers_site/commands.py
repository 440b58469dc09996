"""How our commands speak: exit statuses, one JSON object, progress on standard error."""

import argparse
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser


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
            return super().execute(*args, **options)
        except CommandError as error:
            if options.get("as_json") and not self.has_answered:
                self.answer({"error": str(error)})
            raise

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")

    def say(self, sentence: str, *, as_json: bool) -> None:
        (self.stderr if as_json else self.stdout).write(
            sentence, self.style.SUCCESS if not as_json else str
        )

    def answer(self, result: dict[str, Any]) -> None:
        self.has_answered = True
        self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))


def zone(given: str) -> str:
    """The type of an argument that names a time zone."""
    try:
        ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        sentence = f"{given!r} is no time zone such as Europe/Paris"
        raise argparse.ArgumentTypeError(sentence) from error
    return given


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


__all__ = ["CommandError", "CommandParser", "OvertureCommand", "text", "zone"]
