"""Pages in a real browser, over HTTP, signed in, and watched for every complaint."""

import os
import shutil
from contextlib import ExitStack, contextmanager, nullcontext
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, override_settings
from playwright.sync_api import Error as PlaywrightError

from tests.browser.waiting import expect
from tests.build import make_user

# Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# The shell has no windows to draw: it takes half of what the whole browser takes.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
ELSEWHERE = "css/preview.css"
QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking")
QUIETER = ("--disable-component-update", "--disable-sync")
# Nobody looks at the pictures: pages are laid out, and not painted. A switch that is given twice
# counts once, so that what Playwright says of a mouse is said again.
UNPAINTED = (
    "--in-process-gpu",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,"
    "availablePointerTypes=4,acceleratedCompositingEnabled=false",
)
# No name of the outside is looked up: to wait for a network that is not there takes half a minute.
ALONE = ("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",)

# Timers of a page that run longer than the first and shorter than the second, in milliseconds, are
# divided by the third. Toasts stay as long as they do.
HASTE = """{
    const later = window.setTimeout;
    window.setTimeout = (act, wait, ...given) =>
        later(act, wait > %d && wait < %d ? wait / %d : wait, ...given);
}"""
HANDS = HASTE % (200, 1_000, 3)  # what is put off until a hand rests; a second stays one
POLLS = HASTE % (1_500, 5_000, 10)
# Every page asks at once for what its frame shows of running jobs: an eighth of all work.
NO_JOBS = """addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "running") event.preventDefault();
}, true)"""
# What a tab holds is thrown away where it stands; to go to another page takes three times as long.
# To open a document rids the window of its listeners too, and with them of what would ask back.
EMPTY = """() => {
    window.stop();
    for (let timer = setTimeout(() => {}); timer; timer -= 1) clearTimeout(timer);
    localStorage.clear();
    sessionStorage.clear();
    document.open();
    document.close();
}"""


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
        "args": [*unboxed, *QUIET, *QUIETER, *UNPAINTED, *ALONE],
    }


@pytest.fixture
def browser_context_args(browser_context_args):
    """English, light, on a wide screen; a test changes what it is about."""
    return {**browser_context_args, "viewport": WIDE, "locale": "en-GB", "color_scheme": "light"}


@pytest.fixture(scope="session")
def windows():
    """By what was asked of them; each keeps its tab open, and what it fetched for good."""
    return {}


@pytest.fixture
def context(browser, browser_context_args, windows):
    """A window costs as much as a test does; this one is handed on, and handed over clean."""
    asked = repr(sorted(browser_context_args.items()))
    if asked not in windows:
        windows[asked] = browser.new_context(**browser_context_args)
        windows[asked].add_init_script(HANDS)
    window = windows[asked]
    yield window
    window.clear_cookies()


@pytest.fixture
def frame_asks():
    """Whether the frame asks for running jobs. Files that are about them, or about it, say so."""
    return False


@pytest.fixture
def page(context, live_server, frame_asks):
    """The tab of a window, as if it were new; a test takes back what it put on it."""
    tab = context.pages[0] if context.pages else context.new_page()
    with nullcontext() if frame_asks else tab.add_init_script(NO_JOBS):
        yield tab
    try:
        leave(tab, live_server.url)
    except PlaywrightError:
        tab.close()  # what cannot be left, because a test failed, goes; the next one opens another


def leave(tab, ours):
    for other in tab.context.pages[1:]:
        other.close()
    tab.unroute_all()
    if not tab.url.startswith(ours):
        tab.goto(f"{ours}/static/{ELSEWHERE}")
    tab.evaluate(EMPTY)
    tab.emulate_media(color_scheme="light")
    if tab.viewport_size != WIDE:
        tab.set_viewport_size(WIDE)


@pytest.fixture
def complaints(page):
    """Everything that the browser finds wrong; the test that asks for it must leave it empty."""
    found: list[str] = []
    heard = {
        "console": lambda message: note_message(found, message),
        "pageerror": lambda error: found.append(f"exception: {error}"),
        "requestfailed": lambda request: note_failure(found, request),
    }
    with ExitStack() as stack:
        for event, note in heard.items():
            stack.enter_context(listening(page, event, note))
        yield found


def asked_often(page):
    """The pages that it opens from now on ask again and again after a fifth of a second."""
    return page.add_init_script(POLLS)


@contextmanager
def listening(page, event, note):
    """The tab outlives the test: who listens must stop."""
    page.on(event, note)
    try:
        yield
    finally:
        page.remove_listener(event, note)


def note_message(found, message):
    """What is refused (422) or given up by a later one is an answer like any other."""
    address = message.location["url"]
    usual = ("status of 422", "htmx:sendAbort", "htmx:afterRequest")  # the last comes beside others
    if message.type not in {"error", "warning"} or any(words in message.text for words in usual):
        return
    if not address.endswith("/favicon.ico"):  # a tab asks for it, whatever the page names
        found.append(f"{message.type}: {message.text} {address}".strip())


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


def choose_by_keys(page, opener, name):
    """Open the menu of a button and choose from it; it takes the focus once it is open."""
    opener.focus()
    page.keyboard.press("Enter")
    choices = page.locator(".menu:popover-open").get_by_role("link")
    expect(choices.first).to_be_focused()
    choices.filter(has_text=name).focus()
    page.keyboard.press("Enter")
