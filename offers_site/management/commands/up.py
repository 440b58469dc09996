"""`manage.py up`: the whole of Overture on this machine, until Ctrl-C."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from offers_site.embedded.addresses import resolved
from offers_site.embedded.programs import Wishes, default_workers
from offers_site.embedded.running import run


def port(text: str) -> int:
    return _whole_number(text, most=65_535)


def count(text: str) -> int:
    return _whole_number(text, most=256)


def _whole_number(text: str, *, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {most}, not {text!r}")
    return int(text)


class Command(BaseCommand):
    help = "Run Overture on this machine: its servers, the web, the workers and the clock."
    requires_system_checks = []  # `migrate` does, which goes first; `up` only watches

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=port, default=8000, help="default 8000")
        parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
        parser.add_argument("--data-dir", help="default OVERTURE_DATA_DIR, else .overture")
        parser.add_argument(
            "--workers", type=count, default=default_workers(), help="worker processes"
        )
        parser.add_argument(
            "--slots", type=count, default=4, help="messages a worker sends at once, default 4"
        )
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
        parser.add_argument("--no-browser", action="store_true", help="open no browser")

    def handle(self, *args: Any, **options: Any) -> None:
        # `--data-dir` took effect before the settings were read: offers_site/embedded/lending.py.
        wishes = Wishes(
            host=options["host"],
            address=resolved(options["host"], options["port"]),
            port=options["port"],
            workers=options["workers"],
            slots=options["slots"],
            demo=not options["no_demo"],
            browser=not options["no_browser"],
        )
        run(settings.PLACES, wishes)
