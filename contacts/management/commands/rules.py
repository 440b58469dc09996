"""`rules fuzz`: hold the two ways in which rules are answered to the same answer."""

import argparse
import random
import sys
import time
from typing import Any

from django.utils.timezone import now

from contacts.trying import fuzz
from contacts.values import to_json
from offers_site.commands import CommandParser, OvertureCommand, number, zone


class Command(OvertureCommand):
    help = "Ask random rules of random people, in Python and in PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verb = verbs.add_parser("fuzz", help="exit 1 when the two answers ever differ")
        verb.add_argument("--rules", type=number(1), default=1_000, metavar="N")
        verb.add_argument("--contacts", type=number(1), default=1_000, metavar="N")
        verb.add_argument("--seed", type=int, metavar="S", help="the same seed asks the same")
        verb.add_argument("--zone", type=zone, default="Europe/Paris", help="of days and ages")
        verb.add_argument("--json", action="store_true", dest="as_json", default=argparse.SUPPRESS)

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        given = options["seed"]
        seed = random.SystemRandom().randrange(2**31) if given is None else given
        started = time.monotonic()
        mismatch, number = fuzz(
            rules=options["rules"],
            people=options["contacts"],
            seed=seed,
            at=now(),
            zone=options["zone"],
            progress=lambda done: self.show(done, options["rules"]),
        )
        answer: dict[str, Any] = {
            "mismatches": number,
            "rules": options["rules"],
            "contacts": options["contacts"],
            "seed": seed,
            "seconds": round(time.monotonic() - started, 1),
        }
        if mismatch:
            person = {name: to_json(value) for name, value in mismatch.person.items()}
            answer["smallest"] = {
                "rule": mismatch.rule,
                "contact": person,
                "python": mismatch.python,
                "sql": mismatch.sql,
            }
        self.say(f"{number} mismatches", as_json=as_json)
        if mismatch and not as_json:
            self.stdout.write(f"rule:    {mismatch.rule}")
            self.stdout.write(f"contact: {answer['smallest']['contact']}")
            self.stdout.write(f"python:  {mismatch.python}, sql: {mismatch.sql}, seed: {seed}")
        if as_json:
            self.answer(answer)
        if mismatch:
            sys.exit(1)

    def show(self, done: int, total: int) -> None:
        """A line that is written over on a terminal; nothing elsewhere."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,} rules", ending="")
            self.stderr.write("" if done < total else "\n", ending="")
