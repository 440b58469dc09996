"""What people do about their own way in."""

from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts import tasks
from accounts.journal import record
from accounts.models import User

# Nobody can be flooded through our form, and a mail that was lost is soon asked for again.
BETWEEN_MAILS = timedelta(minutes=5)


class LinkUsed(Exception):
    """The password has changed since the link was checked."""


class WrongPassword(Exception):
    """The password has changed since it was checked."""


@transaction.atomic(durable=True)
def ask_for_link(*, email: str, at: datetime) -> None:
    """Mail a link to whoever signs in with this address; never tell whether there is somebody."""
    due = Q(link_mailed_at=None) | Q(link_mailed_at__lte=at - BETWEEN_MAILS)
    people = User.objects.active().with_email(email)
    if people.filter(due).update(link_mailed_at=at):
        queue = partial(tasks.mail_link.delay, people.get().pk)
        transaction.on_commit(queue, robust=True)


@transaction.atomic(durable=True)
def set_password(person: User, *, password: str, at: datetime) -> None:
    """Give `person` this password in place of the one we have read, or raise LinkUsed.

    Sessions and links are checked against the password, so all of theirs end.
    """
    if not write_password(person, password):
        raise LinkUsed(_("This link has been used. Ask for another one."))
    record("person.password_set", person, by=person, at=at)


@transaction.atomic(durable=True)
def change_password(person: User, *, password: str, at: datetime) -> None:
    """Give `person` another password in place of the one we have read, or raise WrongPassword."""
    if not write_password(person, password):
        raise WrongPassword(_("Your password has been changed meanwhile."))
    record("person.password_set", person, by=person, at=at)


def write_password(person: User, password: str) -> int:
    fresh = make_password(password)
    unchanged = User.objects.active().filter(pk=person.pk, password=person.password)
    return unchanged.update(password=fresh, version=F("version") + 1)
