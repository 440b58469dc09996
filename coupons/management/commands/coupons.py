"""`coupons check`: hold every count of coupons to the rows behind it."""

import argparse
import sys
from dataclasses import asdict
from typing import Any

from coupons.checking import check
from coupons.models import Coupon
from coupons.normalising import lookups
from offers_site.commands import CommandError, CommandParser, OvertureCommand


class Command(OvertureCommand):
    help = "Rebuild stock, standings, uses and limits from the ledger, and tell what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verb = verbs.add_parser("check", help="exit 1 when anything has drifted")
        verb.add_argument("--coupon", default="", metavar="CODE", help="only this one")
        verb.add_argument("--json", action="store_true", dest="as_json", default=argparse.SUPPRESS)

    def handle(self, *args: Any, as_json: bool, coupon: str, **options: Any) -> None:
        drifts = check(find(coupon) if coupon else None)
        for drift in drifts:
            self.stderr.write(
                f"{drift.kind}: {drift.subject} is {drift.found}, expected {drift.expected}"
            )
        self.say(f"{len(drifts)} differences", as_json=as_json)
        if as_json:
            self.answer({"drifts": [asdict(drift) for drift in drifts]})
        if drifts:
            sys.exit(1)


def find(code: str) -> Coupon:
    forms = lookups(code)
    coupon = Coupon.objects.with_code(forms[-1]).first() if forms else None
    if coupon is None:
        raise CommandError(f"There is no coupon with the code {code}.")
    return coupon
