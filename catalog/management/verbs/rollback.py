"""`catalog rollback --release N`: a new release whose content is release N's."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import now

from accounts.rights import Right
from catalog.actions import releases
from catalog.management.verbs import (
    Verb,
    add_by,
    add_environment,
    check_right,
    environment_of,
    person,
    say,
)
from catalog.readiness import NotReady
from catalog.releasing import NoSuchRelease
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text


def add_arguments(parser: CommandParser) -> None:
    add_environment(parser)
    parser.add_argument("--release", required=True, type=int, metavar="N", dest="number")
    parser.add_argument("--comment", default="", type=text(2_000), metavar="TEXT")
    add_by(parser)


def run(command: OvertureCommand, options: dict[str, Any]) -> None:
    by = person(options)
    check_right(by, Right.ROLL_BACK)
    environment = environment_of(options, by)
    number = options["number"]
    try:
        made = releases.roll_back(environment, number, comment=options["comment"], by=by, at=now())
    except (NoSuchRelease, NotReady) as refusal:
        raise CommandError(str(refusal)) from refusal
    environment.refresh_from_db()
    result = {
        "environment": environment.name,
        "changed": made is not None,
        "release": environment.release_number,
        "content_of": number,
    }
    sentence = (
        f"{environment.name} is at release {made.number}, with the content of release {number}."
        if made
        else f"The content of release {number} is what is live: nothing changed."
    )
    say(command, options, result, sentence)


VERB = Verb("go back to the content of an earlier release", add_arguments, run)
