"""Who may give what to whom, and what may never be taken away."""

from collections.abc import Iterable

from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.journal import key_of
from accounts.models import AccessLabel, JournalEntry, Role, User
from accounts.rights import BuiltIn, Right


class Stale(Exception):
    """Somebody has changed the row since the form was opened."""


class MayNotGrant(Exception):
    """Whoever acts would give away a right or a label that they do not hold."""


class MayNotManage(Exception):
    """The person may do more than whoever acts, who could become them."""


class LastAdministrator(Exception):
    """Nobody would be left who may do everything."""


def stale(subject: models.Model) -> Stale:
    """The refusal that says who was first, and when."""
    entries = JournalEntry.objects.about(subject._meta.label_lower, key_of(subject))
    last = entries.order_by("-at", "-id").first()
    if last is None:
        return Stale(_("This has been changed meanwhile. Reload the page to see it."))
    return Stale(
        _("Changed by %(who)s on %(when)s. Reload the page to see it.")
        % {
            "who": last.by_name or _("the system"),
            "when": date_format(localtime(last.at), "DATETIME_FORMAT"),
        }
    )


def check_may_grant(
    by: User | None, *, rights: Iterable[Right] = (), labels: Iterable[AccessLabel] = ()
) -> None:
    """Raise MayNotGrant unless `by` holds all of this; at the console (None) anything goes."""
    if by is None:
        return
    beyond = [right for right in Right if right in set(rights) - by.rights]
    if beyond:
        raise MayNotGrant(
            _("You cannot give a right that you do not have: %(right)s.")
            % {"right": beyond[0].label}
        )
    for label in labels:
        if label.pk not in by.held_label_keys:
            raise MayNotGrant(
                _("You cannot give a label that you do not hold: %(label)s.") % {"label": label}
            )


def check_may_give_roles(by: User | None, roles: Iterable[Role]) -> None:
    """Raise MayNotGrant unless `by` holds all that these roles give.

    An administrator sees every label, those of tomorrow too: no other role comes up to that.
    """
    for role in roles:
        if role.is_administrator and by is not None and not by.is_administrator:
            raise MayNotGrant(_("Only an administrator can make somebody administrator."))
        check_may_grant(by, rights=role.granted, labels=role.labels.all())


def check_may_manage(by: User | None, person: User) -> None:
    """Raise MayNotManage when `person`, were they active, may do more than `by`."""
    if by is None or by.is_administrator or by.pk == person.pk:
        return
    try:
        check_may_give_roles(by, person.held_roles)
    except MayNotGrant as refusal:
        raise MayNotManage(
            _("%(person)s may do more than you: ask an administrator.") % {"person": person}
        ) from refusal


def guards_the_house(person: User) -> bool:
    """Whether `person` is an administrator who can sign in.

    Waits for whoever else is changing who is one, so that the answer holds until the commit.
    """
    Role.objects.select_for_update().filter(code=BuiltIn.ADMINISTRATOR).first()
    return User.objects.able_to_sign_in().administrators().filter(pk=person.pk).exists()


def check_administrator_left() -> None:
    """Raise LastAdministrator, and with it roll back, when no administrator could sign in."""
    if not User.objects.able_to_sign_in().administrators().exists():
        raise LastAdministrator(
            _("This is the last active administrator: make somebody else administrator first.")
        )
