"""What the top bar shows of long work, wherever the person is."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from jobs.models import Job
from tests.build import make_user

pytestmark = pytest.mark.django_db


def make_job(person, title, **values):
    start = {"task": "jobs.tasks.practise", "created_at": now(), "queued_at": now()}
    return Job.objects.create(titles={"en": title}, by=person, **(start | values))


def test_the_newest_job_is_shown_and_the_rest_are_counted(client):
    alice, bob = make_user("alice@example.org"), make_user("bob@example.org")
    for title in ("Import", "Analysis", "Export"):
        make_job(alice, title)
    make_job(bob, "Somebody else’s")
    client.force_login(alice)

    page = client.get(reverse("jobs:job-running")).content.decode()

    assert "Export" in page
    assert "and 2 more" in page
    assert "Import" not in page
    assert "Somebody else" not in page


def test_how_a_job_ended_is_said_once(client):
    alice = make_user("alice@example.org")
    make_job(alice, "Import", state=Job.State.FINISHED, ended_at=now())
    make_job(alice, "Export", state=Job.State.FAILED, ended_at=now())
    client.force_login(alice)

    first = client.get(reverse("jobs:job-running")).content.decode()
    second = client.get(reverse("jobs:job-running")).content.decode()

    assert "“Import” has finished." in first
    assert "“Export” has failed." in first
    assert 'hx-swap-oob="beforeend:#toasts"' in first
    assert "Import" not in second


def test_what_ended_long_ago_is_no_news(client):
    alice = make_user("alice@example.org")
    make_job(alice, "Import", state=Job.State.FINISHED, ended_at=now() - timedelta(hours=1))
    client.force_login(alice)

    assert "Import" not in client.get(reverse("jobs:job-running")).content.decode()
