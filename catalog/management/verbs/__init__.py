"""What the verbs of `catalog` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.rights import Right
from catalog.models import Environment
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text


@dataclass(frozen=True)
class Verb:
    """One verb: what it takes, and what it does."""

    help: str
    add_arguments: Callable[[CommandParser], None]
    run: Callable[[OvertureCommand, dict[str, Any]], None]


def add_environment(parser: CommandParser) -> None:
    parser.add_argument("--environment", required=True, type=text(50), metavar="NAME")


def add_by(parser: CommandParser) -> None:
    parser.add_argument(
        "--by", type=text(254), metavar="EMAIL", help="in whose name, within what they may do"
    )


def person(options: dict[str, Any]) -> User | None:
    """In whose name; None is the console, which may do everything."""
    if options["by"] is None:
        return None
    found = User.objects.active().with_email(options["by"]).first()
    if found is None:
        raise CommandError(f"Nobody who is active has the address {options['by']}.")
    return found


def check_right(by: User | None, right: Right) -> None:
    if by is not None and right not in by.rights:
        raise CommandError(f"{by} may not do this: {right.label}.")


def environment_of(options: dict[str, Any], by: User | None) -> Environment:
    known = Environment.objects.all() if by is None else Environment.objects.visible_to(by)
    found = known.filter(name=options["environment"]).first()
    if found is None:
        raise CommandError(f"There is no environment {options['environment']}.")
    return found


def say(
    command: OvertureCommand, options: dict[str, Any], result: dict[str, Any], sentence: str
) -> None:
    """The sentence for people, or the object for programs."""
    if options["as_json"]:
        command.answer(result)
    else:
        command.stdout.write(sentence)
