from datetime import UTC, datetime, timedelta

import pytest

from offers_site.celery import app
from offers_site.clock import Clock


@pytest.fixture
def sent(monkeypatch):
    names: list[str] = []
    monkeypatch.setattr(
        Clock, "apply_async", lambda self, entry, **options: names.append(entry.name)
    )
    return names


def make_clock(path):
    return Clock(app=app, schedule_filename=str(path / "beat-schedule"))


def run_last(clock, at):
    for entry in clock.schedule.values():
        entry.last_run_at = at
    clock.close()


def test_a_clock_that_was_set_back_goes_on(tmp_path, sent):
    run_last(make_clock(tmp_path), datetime.now(UTC) + timedelta(days=400))
    clock = make_clock(tmp_path)

    until_next = clock.tick()
    for entry in clock.schedule.values():
        entry.last_run_at -= timedelta(seconds=11)
    clock._heap = None  # as much later
    clock.tick()

    assert until_next <= 10
    assert sent == ["wake-jobs"]
    clock.close()


def test_a_clock_remembers_its_rounds(tmp_path, sent):
    run_last(make_clock(tmp_path), datetime.now(UTC) - timedelta(seconds=5))
    clock = make_clock(tmp_path)

    until_next = clock.tick()

    assert 4 < until_next < 5.1
    assert sent == []
    clock.close()
