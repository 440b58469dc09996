"""`catalog export`, `catalog plan FILE` and `catalog apply FILE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.utils.timezone import now

from accounts.rights import Right
from catalog import releasing
from catalog.actions.packages import apply_package
from catalog.management.verbs import (
    Verb,
    add_by,
    add_environment,
    check_right,
    environment_of,
    person,
)
from catalog.packages.applying import MayNot
from catalog.packages.exporting import design_package
from catalog.packages.planning import make_plan
from catalog.packages.reading import LARGEST, Read, read
from catalog.packages.telling import plan_as_json, plan_as_text, problem_as_json
from catalog.packages.writing import write
from catalog.problems import NameTaken, NotAcceptable, Problem
from contacts.declaring import NotAttributable
from offers_site.commands import CommandError, CommandParser, OvertureCommand, check_readable

REFUSALS = (MayNot, NameTaken, NotAttributable)


# --- export ---


def add_export_arguments(parser: CommandParser) -> None:
    add_environment(parser)
    parser.add_argument("--live", action="store_true", help="what is live instead of the design")
    parser.add_argument("--release", type=int, metavar="N", help="with --live: an earlier release")


def export(command: OvertureCommand, options: dict[str, Any]) -> None:
    if options["release"] is not None and not options["live"]:
        command.stderr.write("catalog export: --release N goes with --live")
        raise SystemExit(2)
    environment = environment_of(options, None)
    try:
        package = (
            releasing.live_package(environment, options["release"])
            if options["live"]
            else design_package(environment)
        )
    except releasing.NoSuchRelease as refusal:
        raise CommandError(str(refusal)) from refusal
    text = write(package)
    if options["as_json"]:
        command.answer({"environment": environment.name, "package": text})
    else:
        command.stdout.write(text, ending="")


# --- plan and apply ---


def add_plan_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a package, or - for standard input")
    parser.add_argument(
        "--prune",
        action="store_true",
        help="disable the offers, categories and rules that the package does not name",
    )


def add_apply_arguments(parser: CommandParser) -> None:
    add_plan_arguments(parser)
    parser.add_argument(
        "--publish", action="store_true", help="give both approvals and make one release"
    )
    add_by(parser)


def plan(command: OvertureCommand, options: dict[str, Any]) -> None:
    try:
        made = make_plan(package_of(options), prune=options["prune"], by=None)
    except NotAcceptable as refusal:
        raise refused(command, options, refusal.problems) from refusal
    tell_doubts(command, made.problems)
    if options["as_json"]:
        command.answer(plan_as_json(made))
    else:
        command.stdout.write(plan_as_text(made))


def apply(command: OvertureCommand, options: dict[str, Any]) -> None:
    by = person(options)
    if options["publish"]:
        check_right(by, Right.APPROVE_OFFER)
        check_right(by, Right.PUBLISH)
    try:
        applied = apply_package(
            package_of(options),
            publish=options["publish"],
            prune=options["prune"],
            by=by,
            at=now(),
        )
    except NotAcceptable as refusal:
        raise refused(command, options, refusal.problems) from refusal
    except REFUSALS as refusal:
        raise CommandError(str(refusal)) from refusal
    tell_doubts(command, applied.plan.problems)
    number = applied.release.number if applied.release else None
    if options["as_json"]:
        command.answer({**plan_as_json(applied.plan), "release": number})
    else:
        command.stdout.write(plan_as_text(applied.plan))
        if number is not None:
            command.stdout.write(f"Release {number} is live.")


def package_of(options: dict[str, Any]) -> Read:
    """What stands in a file, or on standard input."""
    if options["file"] == "-":
        return read(sys.stdin.buffer.read(LARGEST + 1))
    path = Path(options["file"])
    check_readable(path)
    try:
        with path.open("rb") as file:
            return read(file.read(LARGEST + 1))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from error


def refused(
    command: OvertureCommand, options: dict[str, Any], problems: tuple[Problem, ...]
) -> CommandError:
    """Every error with its path, and how many they are."""
    for problem in problems:
        command.stderr.write(str(problem))
    if options["as_json"]:
        command.answer({"errors": [problem_as_json(problem) for problem in problems]})
    errors = "error" if len(problems) == 1 else "errors"
    return CommandError(f"{len(problems)} {errors}: nothing was changed.")


def tell_doubts(command: OvertureCommand, problems: list[Problem]) -> None:
    for problem in problems:
        command.stderr.write(f"warning: {problem}")


EXPORT = Verb("write an environment as a package", add_export_arguments, export)
PLAN = Verb("say what a package would change", add_plan_arguments, plan)
APPLY = Verb("make the design what a package says", add_apply_arguments, apply)
