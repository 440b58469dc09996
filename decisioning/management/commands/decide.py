"""`decide`: which offers one person, or everybody of an audience, gets in a space."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.utils.timezone import now

from catalog.models import Space
from decisioning.answering import BadMoment, Caller, NoSuchPlace, answer
from decisioning.calling import DecisionCall, SlotCall, Told
from decisioning.engine.slots import MOST_OFFERS, RANKED
from decisioning.management.crowds import Everybody, help_with
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text

MOST_WORKERS = 64


class Command(OvertureCommand):
    help = "Decide for one contact or an audience. Nothing is stored unless --record is given."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        for_whom = parser.add_mutually_exclusive_group(required=True)
        for_whom.add_argument("--contact", type=text(120), metavar="KEY")
        for_whom.add_argument(
            "--audience", type=text(100_000), metavar="RULE", help="all contacts that meet a rule"
        )
        for_whom.add_argument("--join", metavar="JOB", help="help with a run that is under way")
        parser.add_argument("--space", type=text(60), metavar="S")
        parser.add_argument("--count", type=count, metavar="N", help="default: the space's")
        parser.add_argument("--categories", type=names, default=[], metavar="A,B")
        parser.add_argument("--themes", type=names, default=[], metavar="A,B")
        parser.add_argument("--call", type=data, default={}, metavar="JSON", help="call data")
        parser.add_argument("--at", type=text(60), metavar="T", help="as at another date")
        parser.add_argument("--seed", type=text(120), metavar="S", help="what settles ties")
        parser.add_argument("--explain", action="store_true", help="tell of every offer")
        parser.add_argument("--record", action="store_true", help="store the decisions")
        parser.add_argument(
            "--workers", type=workers, default=1, metavar="N", help="processes that share a run"
        )

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        if options["join"]:
            done = help_with(options["join"])
            self.say(f"{done:,} contacts are decided for", as_json=as_json)
            return
        check(options)
        if options["audience"] is not None:
            Everybody(self, options, as_json=as_json).decide()
            return
        call = DecisionCall(
            environment=environment_of(options["space"]),
            target=Told(key=options["contact"]),
            slots=[
                SlotCall(
                    space=options["space"],
                    count=options["count"],
                    categories=options["categories"],
                    themes=options["themes"],
                )
            ],
            call=options["call"],
            record=options["record"],
            explain=options["explain"],
            at=options["at"],
            seed=options["seed"],
        )
        found = decided(call)
        if found["identification"] != "explicit":
            raise CommandError(f"There is no contact with the key {options['contact']}.")
        if as_json:
            self.answer(found)
        else:
            self.show(found["slots"][0])
            for warning in found["warnings"]:
                where = warning["pointer"].strip("/").replace("/", ".")
                self.stderr.write(f"warning: {where}: {warning['detail']}")

    def show(self, slot: dict[str, Any]) -> None:
        for one in slot["propositions"]:
            context = f"  {one['context']}" if one["context"] else "  fallback offer"
            self.stdout.write(f"{one['rank']:>2}. {one['offer']} {one['weight']:g}{context}")
        if slot["reason"]:
            self.stdout.write(slot["reason"])
        for one in slot.get("explain", ()):
            self.stdout.write(f"    {one['offer']}: {one['reason']}{more(one)}")


def check(options: dict[str, Any]) -> None:
    """What does not go together."""
    one = options["audience"] is None
    for refused, sentence in (
        (not options["space"], "--space is missing."),
        (
            options["record"] and (options["at"] or options["seed"]),
            "--at and --seed are for trying: what they give is never stored.",
        ),
        (options["explain"] and not one, "--explain is for one contact."),
        (
            options["workers"] > 1 and (one or not options["record"]),
            "--workers is for --audience with --record.",
        ),
    ):
        if refused:
            raise CommandError(sentence, returncode=2)


def decided(call: DecisionCall) -> dict[str, Any]:
    try:
        return answer(call, caller=Caller(is_colleague=True, vouches=True), at=now())
    except NoSuchPlace as refusal:
        raise CommandError(str(refusal)) from refusal
    except BadMoment as refusal:
        raise CommandError(f"--at: {refusal}", returncode=2) from None


def environment_of(space: str) -> str:
    ranked = RANKED.fullmatch(space)
    names = [space, *([ranked[1]] if ranked else [])]
    row = Space.objects.filter(name__in=names).values_list("environment__name", flat=True).first()
    if row is None:
        raise CommandError(f"There is no space {space}.")
    return row


def more(one: dict[str, Any]) -> str:
    """What of it can be said in a line."""
    parts = [one["rule"]] if one["rule"] else []
    if one["limit"] is not None and one["count"] is not None:
        parts.append(f"{one['count']} of {one['limit']}")
    parts += [f"{each['text']} (has {each['value']})" for each in one["failed"]]
    return f" {'; '.join(parts)}" if parts else ""


def count(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= MOST_OFFERS:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST_OFFERS}")
    return int(value)


def workers(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {MOST_WORKERS}")
    return int(value)


def names(value: str) -> list[str]:
    return [name.strip() for name in text(2_000)(value).split(",") if name.strip()]


def data(value: str) -> dict[str, Any]:
    try:
        found = json.loads(text(20_000)(value))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError("expected an object of JSON")
    return found
