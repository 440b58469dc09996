"""What pages say back: toasts, confirmations, errors of forms, and the way out of a form."""

import re

import pytest
from django.utils.timezone import now

from accounts.models import AccessLabel
from jobs.actions import start_job
from jobs.models import Job
from tests.browser.conftest import asked_often, choose_by_keys, listening, sign_in
from tests.browser.waiting import expect
from tests.build import PASSWORD, make_label, make_user


def test_signing_in_by_keyboard(page, live_server, complaints):
    make_user("ada@example.org", role="administrator", first_name="Ada", language="en")
    page.goto(f"{live_server.url}/people/")

    page.get_by_label("Email").focus()
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    assert complaints == []


@pytest.fixture
def own_page(browser, browser_context_args):
    """A window whose clock can be moved: it cannot be put back."""
    window = browser.new_context(**browser_context_args)
    yield window.new_page()
    window.close()


def test_what_went_well_is_said_and_leaves(own_page, live_server, administrator):
    page = own_page
    sign_in(page, live_server, administrator)
    page.clock.install()
    page.goto(f"{live_server.url}/labels/create/")

    page.get_by_label("Name").fill("Brand A")
    code = page.get_by_label("Code")
    if code.count():
        code.fill("brand-a")
    page.get_by_role("button", name=re.compile("Create|Save")).click()
    toast = page.locator("#toasts .toast-item")
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.run_for(20_000)
    expect(toast).to_be_visible()
    page.mouse.move(10, 10)
    page.clock.run_for(8_000)

    expect(toast).to_have_count(0)


def test_a_mistake_is_told_on_top_and_beside_the_field(open_page):
    page = open_page("/people/invite/")

    page.get_by_label("Email address").fill("nobody")
    page.get_by_role("button", name="Send the invitation").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()

    expect(page.get_by_label("Email address")).to_be_focused()
    expect(page.get_by_label("Email address")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".invalid-feedback").first).to_be_visible()

    # leaving with something written is asked about
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_label("Email address").fill("bob@example.org")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Home").first.click()
    assert asked == ["beforeunload"]
    expect(page.get_by_role("heading", level=1)).to_have_text("Invite somebody")


def test_a_confirmation_is_answered_by_keyboard(open_page):
    make_label("brand-a")
    page = open_page("/labels/")

    choose_by_keys(page, page.get_by_role("button", name=re.compile("Actions for")), "Delete")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(".toast-item")).to_be_visible()
    assert AccessLabel.objects.count() == 0


def test_a_session_that_ended_leads_to_sign_in(open_page, administrator):
    page = open_page("/people/")
    administrator.session_generation += 1
    administrator.save(update_fields=["session_generation"])

    page.get_by_role("link", name="Name", exact=True).click()

    page.wait_for_url(re.compile(r"/sign-in/\?next="))


def test_a_job_is_asked_to_stop_in_a_dialog_that_stays_one(open_page, administrator):
    start_job(
        lambda: "Import of codes", task="jobs.tasks.none", by=administrator, at=now(), total=10
    )
    page = open_page(Job.objects.get().get_absolute_url())
    stop = page.get_by_role("link", name="Stop")

    for _again in range(2):
        stop.click()
        expect(page.locator("dialog#dialog:modal")).to_contain_text("Stop this job?")
        page.keyboard.press("Escape")
    expect(stop).to_be_focused()

    stop.click()
    page.get_by_role("button", name="Stop the job").click()
    expect(page.locator(".badge").first).to_have_text("Cancelled")


def test_the_exact_moment_is_shown_to_the_keyboard_and_to_a_finger(open_page, administrator):
    page = open_page(administrator.get_absolute_url())
    added = page.locator("aside time").last
    tip = page.locator(".tip")

    added.focus()
    expect(tip).to_have_text(added.get_attribute("title"))
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()

    added.blur()
    added.click()
    expect(tip).to_be_visible()
    page.locator("h1").click()
    expect(tip).to_be_hidden()

    page.emulate_media(media="print")
    printed = added.evaluate("element => getComputedStyle(element, '::after').content")
    page.emulate_media(media="screen")
    assert printed == f'"{added.get_attribute("title")}"'


COUNT_WHAT_WOULD_BE_ASKED = """() => {
    window.wouldAsk = 0;
    document.addEventListener("htmx:beforeRequest", (event) => {
        if (event.detail.elt.id === "job") window.wouldAsk += 1;
    });
}"""


def test_nothing_moves_on_the_page_while_a_menu_is_open(open_page, page, administrator):
    start_job(
        lambda: "Import of codes", task="jobs.tasks.none", by=administrator, at=now(), total=10
    )
    job = Job.objects.get()
    with asked_often(page):
        open_page(job.get_absolute_url())
    figures = page.locator("main .progress-figures")
    expect(figures).to_contain_text("0 of 10")
    page.get_by_role("button", name="AM Menu of Ada Morel").click()
    page.evaluate(COUNT_WHAT_WOULD_BE_ASKED)
    asked = []

    with listening(page, "request", lambda request: asked.append(request.url)):
        Job.objects.update(done=7)
        page.wait_for_function("() => window.wouldAsk >= 2")
    assert [url for url in asked if url.endswith(job.get_absolute_url())] == []
    expect(figures).to_contain_text("0 of 10")

    page.keyboard.press("Escape")
    expect(figures).to_contain_text("7 of 10")
