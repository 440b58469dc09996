"""Pages in a real browser, over HTTP, signed in, and watched for every complaint."""

import os
import shutil
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from playwright.sync_api import expect

from tests.build import make_user

# Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking")
QUIETER = ("--disable-component-update", "--disable-sync")
# No name of the outside is looked up: to wait for a network that is not there takes half a minute.
ALONE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",)

expect.set_options(timeout=20_000)  # of a machine that does much besides; who passes waits for none


def pytest_collection_modifyitems(items):
    """Slow, all of them. Without a browser they say so, and pass nothing off as passed."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.slow)
        if find_browser() is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium; `make test` installs one"))


def find_browser():
    given = os.environ.get("CHROMIUM")
    return given or next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session", autouse=True)
def files_from_the_sources():
    """The server of the tests starts once, and reads only then how files are served."""
    served = {"WHITENOISE_USE_FINDERS": True, "WHITENOISE_AUTOREFRESH": True}
    with override_settings(**served, WHITENOISE_MAX_AGE=600):  # a browser fetches each file once
        yield


@pytest.fixture(scope="session")
def base_url():
    """Addresses are spelled out; the plugin's own fixture of this name warns under pytest 9."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    unboxed = ("--no-sandbox",) if os.geteuid() == 0 else ()
    return {
        **browser_type_launch_args,
        "executable_path": find_browser(),
        "args": [*unboxed, *QUIET, *QUIETER, *ALONE],
    }


@pytest.fixture
def browser_context_args(browser_context_args):
    """English, light, on a wide screen; a test changes what it is about."""
    return {**browser_context_args, "viewport": WIDE, "locale": "en-GB", "color_scheme": "light"}


@pytest.fixture(scope="session")
def windows():
    """By what was asked of them; each keeps an empty page open, and what it fetched for good."""
    return {}


@pytest.fixture
def context(browser, browser_context_args, windows, live_server):
    """A tab is opened for a tenth of what a window of its own costs, and is as clean."""
    asked = repr(sorted(browser_context_args.items()))
    if asked not in windows:
        windows[asked] = browser.new_context(**browser_context_args)
        windows[asked].new_page()
    window = windows[asked]
    yield window
    empty, *used = window.pages
    for page in used:
        page.close()
    window.clear_cookies()
    cleaner = window.new_cdp_session(empty)
    data = {"origin": live_server.url, "storageTypes": "all"}
    cleaner.send("Storage.clearDataForOrigin", data)
    cleaner.detach()


@pytest.fixture
def complaints(page):
    """Everything that the browser finds wrong; the test that asks for it must leave it empty."""
    found: list[str] = []
    page.on("console", lambda message: note_message(found, message))
    page.on("pageerror", lambda error: found.append(f"exception: {error}"))
    page.on("requestfailed", lambda request: note_failure(found, request))
    return found


def note_message(found, message):
    """A form that is refused (422) is an answer like any other."""
    if message.type in {"error", "warning"} and "status of 422" not in message.text:
        found.append(f"{message.type}: {message.text}")


def note_failure(found, request):
    """A request that was given up because the page moved on is nothing to complain of."""
    if request.failure != "net::ERR_ABORTED":
        found.append(f"{request.failure}: {request.url}")


@pytest.fixture
def administrator():
    return make_user(
        "ada@example.org",
        role="administrator",
        first_name="Ada",
        last_name="Morel",
        language="en",
    )


@pytest.fixture
def open_page(page, live_server, complaints, administrator):
    """Opens an address as the administrator, and fails the test that leaves a complaint."""
    sign_in(page, live_server, administrator)

    def open_address(path):
        page.goto(f"{live_server.url}{path}")
        page.wait_for_function("window.htmx !== undefined")
        return page

    yield open_address
    assert complaints == []


def sign_in(page, live_server, user):
    """Put the session of `user` into the browser."""
    client = Client()
    client.force_login(user)
    cookies: SimpleCookie = client.cookies
    session = cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
