"""`user create | list | deactivate | activate | reset`: people, from the shell."""

import argparse
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.timezone import now

from accounts.actions import people as actions
from accounts.actions.granting import LastAdministrator
from accounts.models import Role, User
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text


class Command(OvertureCommand):
    help = "Add, list, deactivate and reactivate people, and make links to choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        create = verbs.add_parser("create", help="add somebody; prints a link without a password")
        create.add_argument("email", type=address)
        create.add_argument("--role", action="append", required=True, metavar="CODE", dest="roles")
        create.add_argument("--first-name", default="", type=text(80))
        create.add_argument("--last-name", default="", type=text(80))
        create.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        listed = verbs.add_parser("list", help="everybody, by address")
        deactivate = verbs.add_parser("deactivate", help="sign somebody out and keep them out")
        activate = verbs.add_parser("activate", help="let somebody in again")
        reset = verbs.add_parser("reset", help="print a link to choose another password")
        for verb in (deactivate, activate, reset):
            verb.add_argument("email", type=address)
        for verb in (create, listed, deactivate, activate, reset):
            verb.add_argument(
                "--json", action="store_true", dest="as_json", default=argparse.SUPPRESS
            )

    def handle(self, *args: Any, verb: str, as_json: bool, **options: Any) -> None:
        handlers = {
            "create": self.create,
            "list": self.list,
            "deactivate": self.deactivate,
            "activate": self.activate,
            "reset": self.reset,
        }
        result, sentence = handlers[verb](options)
        if as_json:
            self.answer(result)
        else:
            self.stdout.write(sentence)

    def create(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        given = {
            "email": options["email"],
            "first_name": options["first_name"],
            "last_name": options["last_name"],
            "roles": find_roles(options["roles"]),
        }
        try:
            if options["password_stdin"]:
                password = read_password(User(email=given["email"]))
                person = actions.create_person(**given, password=password, by=None, at=now())
                return {**describe(person), "link": None}, f"{person.email} can sign in."
            person, link = actions.invite_person(**given, by=None, at=now())
        except actions.AddressTaken as refusal:
            raise CommandError(str(refusal)) from refusal
        return {**describe(person), "link": link}, f"{person.email} chooses a password at\n{link}"

    def list(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        people = User.objects.for_person_list().order_by("email")
        lines = [
            f"{person.email}\t{person.state.value}\t{' '.join(describe(person)['roles'])}"
            for person in people
        ]
        return {"users": [describe(person) for person in people]}, "\n".join(lines)

    def deactivate(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        person = find_person(options["email"])
        try:
            actions.deactivate_person(person, by=None, at=now())
        except (actions.NotActive, LastAdministrator) as refusal:
            raise CommandError(str(refusal)) from refusal
        return describe(find_person(person.email)), f"{person.email} is deactivated."

    def activate(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        person = find_person(options["email"])
        try:
            actions.activate_person(person, by=None, at=now())
        except actions.NotInactive as refusal:
            raise CommandError(str(refusal)) from refusal
        return describe(find_person(person.email)), f"{person.email} can sign in again."

    def reset(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        person = find_person(options["email"])
        try:
            link = actions.make_link(person, by=None, at=now())
        except actions.NotActive as refusal:
            raise CommandError(str(refusal)) from refusal
        return {**describe(person), "link": link}, link


def address(given: str) -> str:
    try:
        validate_email(given)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(f"{given!r} is not an email address") from error
    return text(254)(given.lower())


def find_person(email: str) -> User:
    person = User.objects.with_email(email).first()
    if person is None:
        raise CommandError(f"Nobody signs in with {email}.")
    return person


def find_roles(codes: list[str]) -> list[Role]:
    roles = {role.code: role for role in Role.objects.all()}
    unknown = [code for code in codes if code not in roles]
    if unknown:
        known = ", ".join(sorted(roles))
        raise CommandError(
            f"There is no role {', '.join(unknown)}; the roles are: {known}.", returncode=2
        )
    return [roles[code] for code in codes]


def read_password(person: User) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password


def describe(person: User) -> dict[str, Any]:
    return {
        "email": person.email,
        "name": person.name,
        "state": person.state.value,
        "roles": sorted(role.code for role in person.roles.all()),
        "last_login": person.last_login,
    }
