"""A pool from its first form to an export, as a marketer works with it."""

import pytest
from playwright.sync_api import expect

from coupons.models import Code, Coupon, Redemption
from coupons.stock import stock_of
from coupons.tasks import change_codes
from jobs.models import Job
from offers_site.tasks import import_file as import_task
from tests.browser.conftest import NARROW, sign_in
from tests.build import make_user
from transfers.models import Transfer

FILE = "code;label;segment\nTrynow;Try it now;soccer\n2for1;;soccer\nbad code;;\nKickit;;vip\n"


@pytest.fixture(autouse=True)
def no_worker(settings, tmp_path, monkeypatch):
    """The test is the worker, so that it sees every state of the page."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


def expect_to_fit(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def import_it():
    transfer = Transfer.objects.latest("created_at")
    assert import_task(str(transfer.job_id)) == "finished"


def upload(text):
    return {"name": "codes.csv", "mimeType": "text/csv", "buffer": text.encode()}


def test_a_pool_is_made_filled_mended_used_taken_back_and_emptied(open_page):
    page = open_page("/coupons/")
    page.get_by_role("link", name="Create a coupon").first.click()

    # the tab of codes comes with the type, before anything is saved
    page.get_by_label("Label", exact=True).fill("Soccer, winter")
    expect(page.get_by_role("tab", name="Codes")).to_be_hidden()
    page.get_by_label("Individual: each person a code of their own").check()
    page.get_by_role("tab", name="Codes").click()
    page.get_by_label("Codes that were never sent may be used").check()
    page.get_by_role("tab", name="General").click()
    page.get_by_label("Valid until").fill("2099-01-28")
    page.get_by_role("button", name="Save the coupon").click()

    expect(page.get_by_text("No codes yet")).to_be_visible()
    coupon = Coupon.objects.get()
    assert coupon.code.startswith("CPN")

    # a file with an error, which is mended and sent again
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("The file to import").set_input_files(upload(FILE))
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_label("Into which coupon")).to_have_value(coupon.code)
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    import_it()
    expect(page.get_by_text("3 added, 0 changed; 1 refused and listed below.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows").click()
    mended = download.value.path().read_text().replace("bad code", "Good-code")
    page.get_by_label("The mended file").set_input_files(upload(mended))
    page.get_by_role("button", name="Send the mended file").click()
    expect(page.get_by_label("Into which coupon")).to_have_value(coupon.code)
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    import_it()
    expect(page.get_by_text("1 added, 0 changed, and nothing refused.")).to_be_visible()

    # what came of it
    page.goto(page.url.split("/transfers")[0] + f"/coupons/{coupon.code}/codes/")
    expect(page.locator("tr[data-row]")).to_have_count(4)
    page.set_viewport_size(NARROW)
    expect_to_fit(page)
    page.set_viewport_size({"width": 1280, "height": 800})

    # one code, found from anywhere without standing in an address
    page.keyboard.press("/")
    page.get_by_role("dialog", name="Search").get_by_role("combobox").fill("trynow")
    page.get_by_role("option", name="Trynow").click()
    expect(page.get_by_role("heading", name="Trynow")).to_be_visible()
    assert "trynow" not in page.url.lower()

    # used by hand, and taken back
    page.get_by_role("link", name="Redeem by hand").click()
    page.get_by_label("Comment").fill("the till was down")
    page.get_by_role("button", name="Redeem it").click()
    expect(page.get_by_text("1 of 1")).to_be_visible()
    page.get_by_role("link", name="Take back").click()
    page.get_by_label("Reason").fill("goods returned")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("0 of 1")).to_be_visible()
    expect(page.get_by_text("goods returned").first).to_be_visible()
    assert Redemption.objects.count() == 2

    # one ticked by keyboard and voided, then all that a filter shows
    page.goto(page.url.split("/coupons")[0] + f"/coupons/{coupon.code}/codes/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Void", exact=True).click()
    page.get_by_label("Reason").fill("misprinted")
    page.get_by_role("button", name="Void the codes").click()
    expect(page.get_by_text("1 code is voided.")).to_be_visible()
    page.locator("#filter-status").select_option("available")
    expect(page.locator("tr[data-row]")).to_have_count(3)
    page.get_by_role("link", name="Delete all of them").click()
    page.get_by_role("button", name="Delete the codes").click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    assert change_codes(str(Job.objects.latest("created_at").pk)) == "finished"
    assert stock_of(coupon)["total"] == 2  # the voided one, and the one that was used once
    assert Code.objects.filter(code="Trynow").exists()

    # and what is left leaves
    page.goto(page.url.split("/jobs")[0] + f"/coupons/{coupon.code}/codes/")
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_text(coupon.code).first).to_be_visible()
    expect(page.get_by_role("button", name="Export")).to_be_visible()


def test_in_french_on_a_telephone(page, live_server):
    ada = make_user("ada@example.org", role="administrator", language="fr")
    sign_in(page, live_server, ada)
    page.set_viewport_size(NARROW)

    page.goto(f"{live_server.url}/coupons/create/")
    page.get_by_label("Libellé").fill("Printemps")
    page.get_by_label("Individuel").check()
    page.get_by_role("tab", name="Codes").click()
    expect_to_fit(page)
    page.get_by_role("button", name="Enregistrer le coupon").click()
    expect(page.get_by_text("Aucun code pour l’instant")).to_be_visible()
    expect_to_fit(page)
    page.get_by_role("link", name="Générer des codes").click()
    page.get_by_label("Combien").fill("5")
    expect_to_fit(page)
