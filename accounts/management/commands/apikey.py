"""`apikey create | list | revoke`: the keys of programs, from the shell."""

import argparse
from datetime import datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import now

from accounts.actions import keys as actions
from accounts.models import ApiKey, folder_paths, origin_as_sent
from accounts.spacesknown import unknown_spaces
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text
from offers_site.values import moment_in_utc


class Command(OvertureCommand):
    help = "Make, list and revoke the keys that programs show to be let in."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        create = verbs.add_parser("create", help="make a key and print it, once")
        create.add_argument("--name", required=True, type=text(80))
        create.add_argument("--scopes", required=True, type=scopes, metavar="A,B")
        create.add_argument("--spaces", default=[], type=words, metavar="A,B")
        create.add_argument("--coupon-folders", default=[], type=paths, metavar="A/B,C")
        create.add_argument("--origins", default=[], type=words, metavar="URL,URL")
        create.add_argument("--expires", type=moment, metavar="DATE")
        listed = verbs.add_parser("list", help="every key, without its secret")
        revoke = verbs.add_parser("revoke", help="make a key open nothing from now on")
        revoke.add_argument("name", type=text(80))
        for verb in (create, listed, revoke):
            verb.add_argument(
                "--json", action="store_true", dest="as_json", default=argparse.SUPPRESS
            )

    def handle(self, *args: Any, verb: str, as_json: bool, **options: Any) -> None:
        handlers = {"create": self.create, "list": self.list, "revoke": self.revoke}
        result, sentence = handlers[verb](options)
        if as_json:
            self.answer(result)
        else:
            self.stdout.write(sentence)

    def create(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        try:
            key, secret = actions.create_key(
                name=options["name"],
                scopes=options["scopes"],
                spaces=options["spaces"],
                coupon_folders=options["coupon_folders"],
                origins=[origin_as_sent(origin) for origin in options["origins"]],
                expires_at=options["expires"],
                by=None,
                at=now(),
            )
        except actions.NameTaken as refusal:
            raise CommandError(str(refusal)) from refusal
        except actions.KeyRefused as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        if unknown := unknown_spaces(key.spaces):
            self.stderr.write(f"warning: --spaces: there is no space {', '.join(unknown)} so far.")
        return {"name": key.name, "key": secret}, secret

    def list(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        keys: list[Any] = list(ApiKey.objects.for_key_list(now()).order_by("name", "created_at"))
        lines = [f"{key.name}\t{key.prefix}…\t{key.state}\t{','.join(key.scopes)}" for key in keys]
        return {"keys": [describe(key) for key in keys]}, "\n".join(lines)

    def revoke(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        key = ApiKey.objects.filter(name__iexact=options["name"], revoked_at=None).first()
        if key is None:
            raise CommandError(f"No key in use is called {options['name']}.")
        try:
            actions.revoke_key(key, by=None, at=now())
        except actions.AlreadyRevoked as refusal:
            raise CommandError(str(refusal)) from refusal
        return {"name": key.name, "state": "revoked"}, f"{key.name} is revoked."


def words(given: str) -> list[str]:
    return [word.strip() for word in text(4_000)(given).split(",") if word.strip()]


def paths(given: str) -> list[str]:
    try:
        return folder_paths(text(4_000)(given).split(","))
    except ValidationError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def scopes(given: str) -> list[str]:
    asked = words(given)
    unknown = [scope for scope in asked if scope not in ApiKey.Scope.values]
    if unknown or not asked:
        raise argparse.ArgumentTypeError(
            f"unknown: {', '.join(unknown) or 'nothing'}; choose from {', '.join(ApiKey.Scope)}"
        )
    return asked


def moment(given: str) -> datetime:
    try:
        found = parse_datetime(given)
        if found is None and (day := parse_date(given)):
            found = datetime.combine(day, time())
        if found is not None:
            return moment_in_utc(found)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{given!r} is not possible: {error}") from error
    raise argparse.ArgumentTypeError(f"{given!r} is not a date such as 2027-01-31")


def describe(key: Any) -> dict[str, Any]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "state": key.state,
        "scopes": key.scopes,
        "spaces": key.spaces,
        "coupon_folders": key.coupon_folders,
        "origins": key.origins,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }
