"""What the top bar shows of long work, wherever the person is."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from accounts.journal import record
from accounts.models import JournalEntry
from jobs.models import Job
from tests.build import make_key, make_user

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


def test_the_journal_tells_of_a_job_to_whoever_may_see_it():
    """Its title may name what is hidden from the reader."""
    alice = make_user("alice@example.org")
    reader = make_user("bob@example.org", "accounts.view_journal")
    boss = make_user("boss@example.org", "site.view_system")
    with transaction.atomic():
        for person in (alice, reader, None):
            record("job.cancelled", make_job(person, f"Of {person}"), by=None, at=now())

    def told(person):
        entries = JournalEntry.objects.visible_to(person).order_by("id")
        return [entry.subject_label for entry in entries]

    assert told(reader) == ["Of bob@example.org"]
    assert told(boss) == ["Of alice@example.org", "Of bob@example.org", "Of None"]


def test_a_program_stops_a_job_by_its_key_and_the_journal_says_so(client):
    key, secret = make_key("jobs")
    job = make_job(None, "Import")

    answer = client.post(
        f"/api/v1/jobs/{job.pk}/cancel", headers={"Authorization": f"Bearer {secret}"}
    )

    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    entry = JournalEntry.objects.get(verb="job.cancelled")
    assert (entry.key, entry.by_name, entry.subject_label) == (key, "Web shop", "Import")
