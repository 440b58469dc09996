"""`catalog approve CODE --content|--eligibility`: say yes or no to one side of an offer."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import now

from accounts.actions.granting import Stale
from accounts.models import User
from catalog.actions import approvals
from catalog.approving import Side, state_of
from catalog.management.verbs import (
    Verb,
    add_by,
    add_environment,
    environment_of,
    person,
    say,
)
from catalog.models import Approval, Offer
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("code", type=text(64), metavar="CODE")
    add_environment(parser)
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--content", action="store_const", dest="side", const=Side.CONTENT)
    side.add_argument("--eligibility", action="store_const", dest="side", const=Side.ELIGIBILITY)
    parser.add_argument("--reject", action="store_true", help="say no; needs --comment")
    parser.add_argument("--comment", default="", type=text(2_000), metavar="TEXT")
    add_by(parser)


def run(command: OvertureCommand, options: dict[str, Any]) -> None:
    by = person(options)
    offer = find(options, by)
    side = Side(options["side"])
    if options["reject"] and not options["comment"].strip():
        command.stderr.write("catalog approve: --reject needs --comment TEXT")
        raise SystemExit(2)
    changed, release, sentence = True, None, ""
    try:
        if options["reject"]:
            approvals.reject(offer, side, comment=options["comment"], by=by, at=now())
        else:
            outcome = approvals.approve(offer, side, comment=options["comment"], by=by, at=now())
            release = outcome.release
    except approvals.AlreadyDone as refusal:
        offer.refresh_from_db()
        if options["reject"] and state_of(offer, side) != Approval.REJECTED:
            raise CommandError(str(refusal)) from refusal
        changed, sentence = False, str(refusal)
    except (*approvals.REFUSALS, Stale) as refusal:
        raise CommandError(str(refusal)) from refusal
    offer.refresh_from_db()
    result = {
        "offer": offer.code,
        "environment": offer.environment.name,
        "side": side.value,
        "changed": changed,
        "content": offer.content_state,
        "eligibility": offer.eligibility_state,
        "release": release.number if release else None,
        "error": offer.publishing_error or None,
    }
    say(command, options, result, sentence or summary(offer, result))
    if offer.publishing_error:
        raise CommandError(f"It did not go live: {offer.publishing_error}")


def find(options: dict[str, Any], by: User | None) -> Offer:
    environment = environment_of(options, by)
    known = Offer.objects.all() if by is None else Offer.objects.visible_to(by)
    found = known.filter(environment=environment, code=options["code"])
    offer = found.select_related("environment", "template").first()
    if offer is None:
        raise CommandError(f"There is no offer {options['code']} in {environment.name}.")
    return offer


def summary(offer: Offer, result: dict[str, Any]) -> str:
    states = f"content: {offer.content_state}, eligibility: {offer.eligibility_state}"
    live = f"; live in release {result['release']}" if result["release"] else ""
    return f"{offer.code}: {states}{live}."


VERB = Verb("say yes, or no, to the content or the eligibility of an offer", add_arguments, run)
