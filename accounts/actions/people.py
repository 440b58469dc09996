"""Inviting, changing and deactivating people."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import mailing, tasks
from accounts.actions.granting import (
    LastAdministrator,
    MayNotGrant,
    MayNotManage,
    check_administrator_left,
    check_may_give_roles,
    check_may_manage,
    guards_the_house,
    stale,
)
from accounts.journal import changes, record
from accounts.models import Role, User


class AddressTaken(Exception):
    """Somebody already signs in with this address."""


class NotYourself(Exception):
    """People do not deactivate themselves."""


class NotActive(Exception):
    """The person is deactivated already, or must be active for this."""


class NotInactive(Exception):
    """The person is active already."""


@transaction.atomic(durable=True)
def invite_person(
    *,
    email: str,
    roles: Collection[Role],
    by: User | None,
    at: datetime,
    first_name: str = "",
    last_name: str = "",
    language: str = "",
) -> tuple[User, str]:
    """Add somebody who is mailed a link to choose a password; return both, or raise."""
    person = add(
        User(
            email=email.strip().lower(),
            first_name=first_name,
            last_name=last_name,
            language=language,
            password=make_password(None),
            created_at=at,
            invited_at=at,
            invited_by=by,
            link_mailed_at=at,
            link_due_at=at,
        ),
        roles,
        by=by,
    )
    record("person.invited", person, by=by, at=at, after=facts(person))
    tasks.mail_link_on_commit(person.pk)
    return person, mailing.password_link(person)


@transaction.atomic(durable=True)
def create_person(
    *,
    email: str,
    password: str,
    roles: Collection[Role],
    by: User | None,
    at: datetime,
    first_name: str = "",
    last_name: str = "",
    language: str = "",
) -> User:
    """Add somebody who has a password, or raise and change nothing."""
    person = add(
        User(
            email=email.strip().lower(),
            first_name=first_name,
            last_name=last_name,
            language=language,
            password=make_password(password),
            created_at=at,
        ),
        roles,
        by=by,
    )
    record("person.created", person, by=by, at=at, after=facts(person))
    return person


def add(person: User, roles: Collection[Role], *, by: User | None) -> User:
    check_may_give_roles(by, roles)
    try:
        with transaction.atomic():
            person.save(force_insert=True)
    except IntegrityError as error:
        raise AddressTaken(_("Somebody already signs in with this address.")) from error
    give_roles(person, roles)
    return person


def give_roles(person: User, roles: Collection[Role]) -> None:
    """The person has exactly these roles; raises MayNotGrant when one of them is gone."""
    try:
        with transaction.atomic():
            person.roles.set(roles)
            connection.check_constraints()  # now, and not when it is too late to say so
    except IntegrityError as error:
        raise MayNotGrant(_("One of these roles has just been deleted.")) from error


@transaction.atomic(durable=True)
def edit_person(
    person: User,
    *,
    version: int,
    email: str,
    first_name: str,
    last_name: str,
    roles: Collection[Role],
    by: User | None,
    at: datetime,
) -> None:
    """Change somebody whose form was opened at `version`, or raise and change nothing."""
    check_may_manage(by, person)
    check_may_give_roles(by, set(roles) - set(person.held_roles))
    was_guarding = guards_the_house(person)
    before = facts(person)
    row = User.objects.filter(pk=person.pk, version=version)
    fields = {
        "email": email.strip().lower(),
        "first_name": first_name,
        "last_name": last_name,
    }
    try:
        with transaction.atomic():
            changed = row.update(**fields, version=F("version") + 1)
    except IntegrityError as error:
        raise AddressTaken(_("Somebody already signs in with this address.")) from error
    if not changed:
        raise stale(person)
    give_roles(person, roles)

    if was_guarding:
        check_administrator_left()
    person = User.objects.get(pk=person.pk)
    was, became = changes(before, facts(person))
    if became:
        record("person.changed", person, by=by, at=at, before=was, after=became)


@transaction.atomic(durable=True)
def deactivate_person(person: User, *, by: User | None, at: datetime) -> None:
    """Sign somebody out everywhere and keep them out, or raise and change nothing."""
    check_may_deactivate(by, person)
    was_guarding = guards_the_house(person)
    active = User.objects.active().filter(pk=person.pk)
    deactivated = active.update(
        is_active=False,
        session_generation=F("session_generation") + 1,
        version=F("version") + 1,
    )
    if not deactivated:
        raise NotActive(_("%(person)s is already deactivated.") % {"person": person})
    if was_guarding:
        check_administrator_left()
    record("person.deactivated", person, by=by, at=at)


def check_may_deactivate(by: User | None, person: User) -> None:
    """Raise NotYourself or MayNotManage."""
    if by is not None and by.pk == person.pk:
        raise NotYourself(_("You cannot deactivate yourself."))
    check_may_manage(by, person)


DEACTIVATION_REFUSED = (LastAdministrator, MayNotManage, NotActive, NotYourself)


def deactivate_people(
    people: Iterable[User], *, by: User | None, at: datetime
) -> tuple[list[User], list[str]]:
    """Deactivate each of `people` on its own: those who are out now, and why others are not."""
    done, refused = [], []
    for person in people:
        try:
            deactivate_person(person, by=by, at=at)
        except DEACTIVATION_REFUSED as refusal:
            refused.append(str(refusal))
        else:
            done.append(person)
    return done, refused


@transaction.atomic(durable=True)
def activate_person(person: User, *, by: User | None, at: datetime) -> None:
    """Let somebody in again, or raise NotInactive or MayNotManage."""
    check_may_manage(by, person)
    inactive = User.objects.filter(pk=person.pk, is_active=False)
    if not inactive.update(is_active=True, version=F("version") + 1):
        raise NotInactive(_("%(person)s is already active.") % {"person": person})
    record("person.activated", person, by=by, at=at)


@transaction.atomic(durable=True)
def make_link(person: User, *, by: User | None, at: datetime) -> str:
    """Mail `person` a link to choose a password, and return it; raises MayNotManage, NotActive."""
    check_may_manage(by, person)
    if not User.objects.active().filter(pk=person.pk).update(link_mailed_at=at, link_due_at=at):
        raise NotActive(_("Reactivate %(person)s first.") % {"person": person})
    record("person.link_made", person, by=by, at=at)
    tasks.mail_link_on_commit(person.pk)
    return mailing.password_link(person)


def facts(person: User) -> dict[str, Any]:
    """What the journal compares."""
    return {
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "roles": codes(person.roles.all()),
    }


def codes(roles: Iterable[Role]) -> list[str]:
    return sorted(role.code for role in roles)
