"""Mails about coupons that run out or end: once a day, to whoever keeps the coupon."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from coupons import mailing
from coupons.models import Told
from tests.build import make_user
from tests.coupons.conftest import CLOCK, issue, make_soc

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def low():
    """Five of eight codes left, where somebody wants to know below six; it ends long after."""
    owner = make_user("camille@example.org", "coupons.view_coupon", language="fr")
    coupon = make_soc(low_stock_threshold=6, owner=owner, end_at=CLOCK + 30 * DAY)
    issue("Trynow", "2for1", "Teamfav")
    return coupon


def test_the_owner_is_told_once_a_day(low):
    type(low).objects.update(low_stock_threshold=12_000)
    assert mailing.tell(at=CLOCK) == 1
    assert mailing.tell(at=CLOCK + timedelta(hours=3)) == 0
    assert mailing.tell(at=CLOCK + DAY) == 1

    (first, _second) = mail.outbox
    assert first.to == ["camille@example.org"]
    assert "Soccer coupons" in first.subject
    assert " 5 " in first.body
    assert "12\u202f000" in first.body
    assert "/coupons/CPN23" in first.body
    assert "Trynow" not in first.body
    assert isinstance(first, EmailMultiAlternatives)
    assert f"<title>{first.subject}</title>" in str(first.alternatives[0][0])
    assert Told.objects.filter(kind="low").count() == 2


def test_nobody_is_told_of_a_coupon_that_has_enough_or_is_not_in_use(low):
    type(low).objects.update(low_stock_threshold=5)
    assert mailing.tell(at=CLOCK) == 0
    type(low).objects.update(low_stock_threshold=6, status="suspended")
    assert mailing.tell(at=CLOCK) == 0
    type(low).objects.update(status="active", owner=None)
    assert mailing.tell(at=CLOCK) == 0
    assert mail.outbox == []


def test_a_coupon_that_ends_within_a_week_is_told_of(low):
    type(low).objects.update(low_stock_threshold=None)
    ends = CLOCK + 30 * DAY
    assert mailing.tell(at=ends - timedelta(days=8)) == 0
    assert mailing.tell(at=ends - timedelta(days=7)) == 1
    assert mailing.tell(at=ends) == 0
    assert "25/02/2026 10:00" in mail.outbox[0].body  # in the coupon's zone


def test_a_mail_server_that_is_away_is_tried_again(low, monkeypatch):
    def away(*args, **fields):
        raise ConnectionRefusedError

    with monkeypatch.context() as lost:
        lost.setattr("django.core.mail.EmailMultiAlternatives.send", away)
        assert mailing.tell(at=CLOCK) == 0
    assert mailing.tell(at=CLOCK + timedelta(minutes=29)) == 0
    assert mailing.tell(at=CLOCK + timedelta(minutes=30)) == 1
    assert len(mail.outbox) == 1
