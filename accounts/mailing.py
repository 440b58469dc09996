"""Mails to people who work with the product, and the links in them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.models import User

BEFORE_TRYING_AGAIN = timedelta(minutes=2)


class LinkMaker(PasswordResetTokenGenerator):
    """Tokens that die with the password, the address or the sessions that they were made for."""

    key_salt = "accounts.mailing.LinkMaker"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{user.pk}{user.password}{user.email}{user.session_generation}{timestamp}"


tokens = LinkMaker()


def password_link(user: User) -> str:
    """Where `user` may choose a password: once, and for three days."""
    path = reverse("accounts:password-set", args=[user.public_id, tokens.make_token(user)])
    return urljoin(f"{settings.BASE_URL}/", path.lstrip("/"))


def mail_owed_link(user_pk: int, *, at: datetime) -> bool:
    """Mail somebody the link that they are owed, unless that is done or being done.

    The row is claimed first and cleared last: a worker that is lost in between, or a mail server
    that is away (OSError), leaves it to be tried again.
    """
    this = User.objects.filter(pk=user_pk)
    claimed_until = at + BEFORE_TRYING_AGAIN
    if not this.owed_link_at(at).update(link_due_at=claimed_until):
        return False
    mail_link(this.get())
    this.filter(link_due_at=claimed_until).update(link_due_at=None)
    return True


def mail_link(user: User) -> None:
    """Invite `user`, or let them choose another password when they have one."""
    name = "password" if user.has_usable_password() else "invitation"
    days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
    context = {"link": password_link(user), "days": days}
    send(name, user, context)


def send(name: str, person: User, context: Mapping[str, Any]) -> None:
    """The mail of this name as text and as HTML, in the language of whom it is for."""
    known = {**context, "person": person}
    with translation.override(person.language or settings.LANGUAGE_CODE):
        subject = " ".join(render_to_string(f"mail/{name}_subject.txt", known).split())
        mail = EmailMultiAlternatives(
            subject, render_to_string(f"mail/{name}.txt", known), to=[person.email]
        )
        html = render_to_string(f"mail/{name}.html", {**known, "subject": subject})
        mail.attach_alternative(html, "text/html")
    mail.send()
