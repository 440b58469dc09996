"""`catalog disable|enable offer|category NAME`: off line and on line, at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils.timezone import now

from accounts.models import User
from accounts.rights import Right
from catalog.actions import releases
from catalog.actions.approvals import AlreadyDone
from catalog.management.verbs import (
    Verb,
    add_by,
    add_environment,
    check_right,
    environment_of,
    person,
    say,
)
from catalog.models import Category, Offer
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("kind", choices=["offer", "category"])
    parser.add_argument("name", type=text(64), metavar="NAME")
    add_environment(parser)
    parser.add_argument("--comment", default="", type=text(2_000), metavar="TEXT")
    add_by(parser)


def run(command: OvertureCommand, options: dict[str, Any], *, enabled: bool) -> None:
    by = person(options)
    check_right(by, Right.DISABLE_LIVE_OFFER)
    row = find(options, by)
    word = "enabled" if enabled else "disabled"
    changed, release = True, None
    try:
        release = releases.switch(
            [row], enabled=enabled, comment=options["comment"], by=by, at=now()
        )
        sentence = f"{options['name']} is {word}"
        sentence += f": release {release.number}." if release else "; it was not live."
    except AlreadyDone as refusal:
        changed, sentence = False, str(refusal)
    except releases.CannotBeDisabled as refusal:
        raise CommandError(str(refusal)) from refusal
    result = {
        "kind": options["kind"],
        "name": options["name"],
        "environment": row.environment.name,
        "enabled": enabled,
        "changed": changed,
        "release": release.number if release else None,
    }
    say(command, options, result, sentence)


def find(options: dict[str, Any], by: User | None) -> Offer | Category:
    environment = environment_of(options, by)
    row: Offer | Category | None
    if options["kind"] == "offer":
        offers = Offer.objects.all() if by is None else Offer.objects.visible_to(by)
        row = offers.filter(environment=environment, code=options["name"]).first()
    else:
        known = Category.objects.all() if by is None else Category.objects.visible_to(by)
        row = known.filter(environment=environment, name=options["name"]).first()
    if row is None:
        raise CommandError(
            f"There is no {options['kind']} {options['name']} in {environment.name}."
        )
    return row


DISABLE = Verb("take an offer or a category off line", add_arguments, partial(run, enabled=False))
ENABLE = Verb("put an offer or a category back on line", add_arguments, partial(run, enabled=True))
