"""Lists for programs go on where they ended, and answer nonsense with a problem."""

import base64
from datetime import UTC, datetime

import pytest

from jobs.models import Job
from offers_site.paging import page_of
from offers_site.problems import Problem

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def title(job):
    return {"title": job.title}


def test_pages_follow_each_other_newest_first():
    for number in range(5):
        Job.objects.create(
            titles={"en": f"job {number}"}, task="t", created_at=NOON, queued_at=NOON
        )

    first = page_of(Job.objects.all(), title, limit=3)
    second = page_of(Job.objects.all(), title, limit=3, cursor=first["next"])

    assert [row["title"] for row in first["results"]] == ["job 4", "job 3", "job 2"]
    assert [row["title"] for row in second["results"]] == ["job 1", "job 0"]
    assert second["next"] is None


DEEP = base64.urlsafe_b64encode(b"[" * 30_000).decode()


@pytest.mark.parametrize(
    "cursor", ["x", "====", "W10", "eyJhIjoxfQ", "bnVsbA", "Ik5PTkUi", "é", DEEP]
)
def test_a_foreign_cursor_is_a_problem(cursor):
    with pytest.raises(Problem) as refusal:
        page_of(Job.objects.all(), title, cursor=cursor)

    assert (refusal.value.status, refusal.value.code) == (422, "cursor_invalid")


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_from_one_to_a_thousand_rows(limit):
    with pytest.raises(Problem) as refusal:
        page_of(Job.objects.all(), title, limit=limit)

    assert refusal.value.code == "limit_out_of_range"
