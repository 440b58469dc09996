"""`replay`: decide stored decisions again, and say which of them come out otherwise."""

import argparse
import re
import sys
import time
from typing import Any

from catalog.models import Environment, Release
from decisioning.live import Live, NothingLive, design_of, live_for
from decisioning.replaying import Difference, Line, LiveFor, differences, sampled
from offers_site.commands import CommandError, CommandParser, OvertureCommand, number

SHOWN = 10  # differences that are printed


class Command(OvertureCommand):
    help = "Decide stored decisions again from what was stored with them."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--sample", type=number(1), default=1_000, metavar="N")
        parser.add_argument(
            "--against",
            type=side,
            metavar="release:N|design",
            help="another release of each environment, or its design; else the one that decided",
        )
        parser.add_argument(
            "--fail-on-diff", action="store_true", help="exit 1 when one comes out otherwise"
        )

    def handle(self, *args: Any, sample: int, as_json: bool, **options: Any) -> None:
        started = time.monotonic()
        interactions = sampled(sample)
        found: list[Difference] = []
        try:
            for done, difference in enumerate(
                differences(interactions, against(options["against"])), 1
            ):
                if difference is not None:
                    found.append(difference)
                self.show(done, len(interactions))
        except NothingLive:
            raise CommandError("An environment has no release of this number.") from None
        seconds = round(time.monotonic() - started, 1)
        self.say(f"{len(found)} diffs", as_json=as_json)
        self.say(f"{len(interactions)} decisions in {seconds} s", as_json=as_json)
        for one in found[:SHOWN]:
            self.say(in_words(one), as_json=as_json)
        if as_json:
            self.answer(
                {
                    "decisions": len(interactions),
                    "diffs": len(found),
                    "seconds": seconds,
                    "first": [
                        {
                            "interaction": one.interaction,
                            "environment": one.environment,
                            "release": one.release,
                            "was": one.was,
                            "comes_out": one.comes_out,
                        }
                        for one in found[:SHOWN]
                    ],
                }
            )
        if found and options["fail_on_diff"]:
            sys.exit(1)

    def show(self, done: int, total: int) -> None:
        """A line that is written over on a terminal; nothing elsewhere."""
        if self.stderr.isatty() and (done % 100 == 0 or done == total):
            self.stderr.write(f"\r{done:,} of {total:,} decisions", ending="")
            self.stderr.write("" if done < total else "\n", ending="")


def against(wanted: str | int | None) -> LiveFor:
    """Which form of a catalogue decides again."""
    if wanted is None:
        return live_for
    if isinstance(wanted, int):
        return lambda environment, _number: live_of(environment, wanted)
    designs: dict[int, Live] = {}

    def design(environment: int, _number: int) -> Live:
        if environment not in designs:
            designs[environment] = design_of(Environment.objects.get(pk=environment))
        return designs[environment]

    return design


def live_of(environment: int, number: int) -> Live:
    if not Release.objects.filter(environment=environment, number=number).exists():
        raise NothingLive
    return live_for(environment, number)


def in_words(one: Difference) -> str:
    head = f"{one.interaction} ({one.environment}, release {one.release})"
    return f"{head}: was {told(one.was)}; comes out {told(one.comes_out)}"


def told(lines: tuple[Line, ...]) -> str:
    said = [f"{space} {rank} {offer} {weight}" for space, rank, offer, weight, _context in lines]
    return ", ".join(said) or "nothing"


def side(text: str) -> str | int:
    if text == "design":
        return text
    found = re.fullmatch(r"release:(\d{1,9})", text)
    if not found:
        raise argparse.ArgumentTypeError("expected release:N or design")
    return int(found[1])
