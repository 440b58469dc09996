"""`catalog VERB`: the catalogue from the shell. Each verb is a module of `management.verbs`."""

import argparse
from collections.abc import Mapping
from typing import Any

from catalog.management.verbs import Verb, approve, packages, rollback, switch
from offers_site.commands import CommandParser, OvertureCommand

VERBS: Mapping[str, Verb] = {
    "export": packages.EXPORT,
    "plan": packages.PLAN,
    "apply": packages.APPLY,
    "approve": approve.VERB,
    "disable": switch.DISABLE,
    "enable": switch.ENABLE,
    "rollback": rollback.VERB,
}


class Command(OvertureCommand):
    help = "Export, plan and apply packages; approve, disable and go back."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parsers = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        for name, verb in VERBS.items():
            below = parsers.add_parser(name, help=verb.help)
            verb.add_arguments(below)
            below.add_argument(
                "--json", action="store_true", dest="as_json", default=argparse.SUPPRESS
            )

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        VERBS[verb].run(self, options)
