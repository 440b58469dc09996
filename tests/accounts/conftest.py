import pytest

from accounts import tasks


@pytest.fixture
def queued(monkeypatch):
    """The keys of the people whom the queue would have mailed."""
    keys: list[int] = []
    monkeypatch.setattr(tasks.mail_link, "delay", keys.append)
    return keys
