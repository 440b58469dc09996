import pytest
import structlog

from accounts import tasks
from accounts.rights import BuiltIn
from tests.build import built_in


@pytest.fixture(autouse=True)
def no_request_before():
    """The thread of a test that made requests remembers the last one; a command's does not."""
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def queued(monkeypatch):
    """The keys of the people whom the queue would have mailed."""
    keys: list[int] = []
    monkeypatch.setattr(tasks.mail_link, "delay", keys.append)
    return keys


@pytest.fixture(autouse=True)
def built_in_roles(request):
    """A migration made them, but a test that commits has emptied the tables for those after it."""
    mark = request.node.get_closest_marker("django_db")
    if mark:
        request.getfixturevalue("transactional_db" if mark.kwargs.get("transaction") else "db")
        for code in BuiltIn:
            built_in(code)
