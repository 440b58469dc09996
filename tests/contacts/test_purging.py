"""Visitors are forgotten when they stay away; contacts, and who is linked to one, are not."""

from datetime import timedelta

import pytest
from django.conf import settings as site
from django.urls import reverse
from django.utils.timezone import now

from contacts import purging, tasks
from contacts.actions.contacts import change_opt_outs, link_visitor
from contacts.models import Contact, OptOutChange
from tests.build import make_contact, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def left():
    return list(Contact.objects.order_by("key").values_list("key", flat=True))


def idle_for(days, *people):
    pks = [person.pk for person in people]
    Contact.objects.filter(pk__in=pks).update(changed_at=now() - timedelta(days=days))


def test_only_idle_visitors_who_are_linked_to_nobody_are_purged():
    contact = make_contact("C-1")
    idle, linked, recent = (make_contact(f"V-{n}", kind="visitor") for n in range(3))
    link_visitor(linked, contact, by=None, at=now())
    idle_for(31, contact, idle, linked)
    idle_for(29, recent)

    assert tasks.purge_visitors() == 1
    assert left() == ["C-1", "V-1", "V-2"]
    assert tasks.purge_visitors() == 0


def test_the_setting_says_how_long_they_are_kept(settings):
    settings.VISITOR_RETENTION_DAYS = 3
    idle_for(4, make_contact("V-1", kind="visitor"))

    assert tasks.purge_visitors() == 1


def test_chunk_by_chunk_all_of_them_go_with_what_hangs_on_them(monkeypatch):
    monkeypatch.setattr(purging, "CHUNK", 2)
    visitors = [make_contact(f"V-{n}", kind="visitor") for n in range(5)]
    change_opt_outs(visitors[0], {"email_opt_out": True}, proof="", source="api", by=None, at=now())
    idle_for(31, *visitors)

    assert tasks.purge_visitors() == 5
    assert (left(), OptOutChange.objects.count()) == ([], 0)


def test_the_clock_calls_it_every_day():
    task = site.CELERY_BEAT_SCHEDULE["purge-visitors"]["task"]

    assert task == tasks.purge_visitors.name


def test_the_page_says_when_they_are_deleted(client):
    client.force_login(make_user(role="administrator", language="en"))

    page = client.get(reverse("contacts:visitor-list")).content.decode()

    assert "deleted 30 days after the last change" in page
