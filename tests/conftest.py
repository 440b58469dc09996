"""Few fixtures: what every test stands on."""

import gc
import os

import hypothesis
import pytest
import redis
import structlog
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.test import Client, TransactionTestCase, client, override_settings
from xdist.scheduler import LoadFileScheduling

from offers_site.sessions import SessionStore
from tests import databases
from tests.build import make_user

# People's machines look for new cases in every run; the one that decides tries the same ones again.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

BROWSER = "tests/browser/"
BEGINS_AT_THE_END = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[-1] in "13579"


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Every other process begins with the last file: what one has compiled the next one reads.

    To compile the assertions of all files takes longer than to import them.
    """
    report = yield
    if BEGINS_AT_THE_END and isinstance(collector, pytest.Directory):
        report.result.reverse()
    return report


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Slow files begin, so that no process is left alone with one at the end.

    All processes have to have the same order, in whatever order they read the files.
    """
    is_quick: dict[str, bool] = {}  # whole files are slow

    def place(item):
        file = item.nodeid.partition("::")[0]
        if file not in is_quick:
            is_quick[file] = item.get_closest_marker("slow") is None
        return is_quick[file], file, item.location[1] or 0

    items.sort(key=place)


class OneBrowser(LoadFileScheduling):  # type: ignore[misc] # xdist says nothing of its types
    """Each file is one process's, and one process has the browser.

    While that waits for its pages the others take the processors, and nobody starts a second one.
    """

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return BROWSER if file.startswith(BROWSER) else file


def pytest_xdist_make_scheduler(config, log):
    return OneBrowser(config, log)


def pytest_xdist_auto_num_workers():
    """As many as there are processors to use: PostgreSQL and browsers take their part beside."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def pytest_collection_finish():
    """All tests and all of Django stay to the end; to look there for garbage takes a twentieth.

    To look often among what tests leave takes as much again, and there is little of it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    gc.enable()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    if databases.are_ours():
        with django_db_blocker.unblock():
            databases.migrate_once()


@pytest.fixture(scope="session")
def django_db_keepdb():
    """Our own server goes with its databases; to drop them first takes a second."""
    return databases.are_ours()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A thread that a test forgot must not keep the databases from being dropped at the end."""
    yield
    with django_db_blocker.unblock():
        databases.end_other_connections()


@pytest.fixture(scope="session", autouse=True)
def a_test_that_commits_leaves_nothing():
    """Django truncates every table there is, and connects anew; a quarter of a second together.

    Few tables have rows, and to delete those takes a hundredth of that. It wants a superuser; on
    a server of somebody else's the tables are truncated.
    """
    truncate = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined] # Django's own

    def empty(case):
        if databases.is_superuser():
            databases.empty_tables()
        else:
            truncate(case)
        databases.drop_declared_columns()
        databases.put_roles_back()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda _case: False)
        yield


@pytest.fixture(scope="session", autouse=True)
def answers_keep_the_contexts_of_pages():
    """To copy those of the dozens of components within as well takes its time."""

    store_any = client.store_rendered_templates  # type: ignore[attr-defined] # Django's own

    def keep(store, signal, sender, template, context, **more):
        if not (template.name or "").startswith("components/"):
            store_any(store, signal, sender, template, context, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.test.client.store_rendered_templates", keep)
        yield


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker):
    """Rows that fixtures make once for all tests of a module, each of which takes back its own."""
    with django_db_blocker.unblock(), databases.taken_back():
        yield


def sign_in(client, user, backend=None):
    """What `force_login` leaves in the browser and the database, without what it does besides."""
    request = HttpRequest()
    request.session = SessionStore()
    request.session[SESSION_KEY] = str(user.pk)
    request.session[BACKEND_SESSION_KEY] = backend
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request.session.create()
    client._set_login_cookies(request)


@pytest.fixture(scope="session", autouse=True)
def simpler_than_the_product():
    """Files are served from where they stand, passwords are hashed and people signed in quickly."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with (
        override_settings(
            STORAGES={**settings.STORAGES, "staticfiles": plain},
            WHITENOISE_AUTOREFRESH=True,
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(Client, "_login", sign_in)
        yield


@pytest.fixture
def ada(client):
    """An administrator, whose browser `client` is."""
    user = make_user("ada@example.org", role="administrator", language="en")
    client.force_login(user)
    return user


@pytest.fixture
def broker():
    """An empty broker of this process alone."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(autouse=True)
def no_request_before():
    """The thread of a test that made requests remembers the last one; a command's does not."""
    structlog.contextvars.clear_contextvars()
