"""What people do about their own way in."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import tasks
from accounts.journal import record
from accounts.models import User

# Nobody can be flooded through our form, and a mail that was lost is soon asked for again.
BETWEEN_MAILS = timedelta(minutes=5)


class PasswordOutdated(Exception):
    """The password has changed since the link, or the old password, was checked."""


@transaction.atomic(durable=True)
def ask_for_link(*, email: str, at: datetime) -> None:
    """Mail a link to whoever signs in with this address; never tell whether there is somebody."""
    due = Q(link_mailed_at=None) | Q(link_mailed_at__lte=at - BETWEEN_MAILS)
    people = User.objects.active().with_email(email)
    if people.filter(due).update(link_mailed_at=at, link_due_at=at):
        tasks.mail_link_on_commit(people.get().pk)


@transaction.atomic(durable=True)
def set_password(person: User, *, password: str, at: datetime) -> None:
    """Give `person` this password in place of the one we have read, or raise PasswordOutdated.

    Sessions and links are checked against the password, so all of theirs end.
    """
    unchanged = User.objects.active().filter(pk=person.pk, password=person.password)
    if not unchanged.update(password=make_password(password)):
        raise PasswordOutdated(_("The password has been changed meanwhile."))
    record("person.password_set", person, by=person, at=at)
