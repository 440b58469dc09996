"""How our commands speak: exit statuses, one JSON object, progress on standard error."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class OvertureCommand(BaseCommand):
    """A command that answers people in sentences and programs in one JSON object.

    It exits 0 when it did what was asked, 1 when it could not (`CommandError`), 2 on bad usage.
    With `--json` the last line on standard output is one object; sentences go to standard error.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")

    def say(self, sentence: str, *, as_json: bool) -> None:
        (self.stderr if as_json else self.stdout).write(
            sentence, self.style.SUCCESS if not as_json else str
        )

    def answer(self, result: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))


__all__ = ["CommandError", "CommandParser", "OvertureCommand"]
