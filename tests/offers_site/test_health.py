"""What load balancers and Prometheus ask."""

import re

import pytest
from django.db import DatabaseError, OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from offers_site import health


def test_a_living_process_says_so_without_the_database(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_a_ready_process_says_what_it_asked(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "broker": "ok",
        "migrations": "ok",
    }
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_missing_migration_makes_a_process_unready(client):
    MigrationRecorder.Migration.objects.filter(app="jobs").delete()

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["migrations"] == "pending"


@pytest.fixture
def disk(monkeypatch):
    """The looks at the files of migrations, of a process that has just started."""
    looks = []

    class Executor(MigrationExecutor):
        def __init__(self, *args):
            looks.append("disk")
            super().__init__(*args)

    monkeypatch.setattr("offers_site.health.MigrationExecutor", Executor)
    monkeypatch.setitem(health.CHECKS, "migrations", health.Migrations().state)
    return looks


@pytest.mark.django_db
def test_a_process_that_was_ready_looks_at_the_disk_no_more(client, disk):
    assert [client.get("/readyz").status_code for _ in range(3)] == [200, 200, 200]
    assert disk == ["disk"]


@pytest.mark.django_db
def test_a_newer_process_that_migrates_leaves_an_older_one_ready(client, disk):
    client.get("/readyz")
    MigrationRecorder.Migration.objects.create(app="jobs", name="9999_of_the_next_version")

    assert client.get("/readyz").status_code == 200
    assert disk == ["disk"]


@pytest.mark.django_db
def test_a_database_that_has_gone_back_makes_a_process_unready_until_it_has_come_forward(
    client, disk
):
    client.get("/readyz")
    gone = MigrationRecorder.Migration.objects.filter(app="jobs")
    kept = list(gone.values("app", "name", "applied"))
    gone.delete()
    without = [client.get("/readyz") for _ in range(2)]
    MigrationRecorder.Migration.objects.bulk_create(
        MigrationRecorder.Migration(**row) for row in kept
    )

    assert [answer.status_code for answer in without] == [503, 503]
    assert without[0].json()["migrations"] == "pending"
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_broker_that_does_not_answer_makes_a_process_unready(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["broker"]) == (503, "unreachable")


def test_a_database_that_does_not_answer_makes_a_process_unready(client, monkeypatch):
    def refuse():
        raise OperationalError("no server")

    monkeypatch.setattr("offers_site.health.connection.cursor", refuse)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] == "unreachable"
    assert answer.json()["migrations"] == "unknown"


def test_figures_are_for_this_machine_alone(client):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


@pytest.mark.django_db
def test_with_a_token_figures_are_for_its_bearer_alone(client, settings):
    settings.METRICS_TOKEN = "a-token"

    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 403
    answer = client.get(
        "/metrics", REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer a-token"}
    )
    assert answer.status_code == 200


@pytest.mark.django_db
def test_figures_count_requests_by_view_and_show_the_queues(client, broker):
    broker.lpush("bulk", "a task")
    client.get("/healthz")

    figures = client.get("/metrics").content.decode()

    assert 'overture_requests_total{method="GET",status="200",view="healthz"}' in figures
    assert 'overture_queue_depth{queue="bulk"} 1.0' in figures
    assert 'overture_up{service="database"} 1.0' in figures
    assert re.search(r"^overture_disk_free_bytes [1-9]", figures, re.MULTILINE)


def test_figures_do_without_a_broker(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert health.queue_depths() == {}


def test_figures_do_without_a_database(monkeypatch):
    class Nothing:
        def unfinished(self):
            raise DatabaseError

    monkeypatch.setattr("jobs.models.Job.objects", Nothing())

    assert health.unfinished_jobs() == {}
