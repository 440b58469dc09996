"""A pool in the hands of a marketer: its form, its codes, and the keys that work on them."""

from coupons.models import Coupon
from coupons.stock import stock_of
from tests.browser.conftest import NARROW, WIDE, sign_in
from tests.browser.waiting import expect
from tests.build import make_codes, make_user


def expect_to_fit(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_pool_is_made_and_its_codes_are_found_and_voided_by_keys(open_page):
    """Files of codes, uses by hand and whole filters are tried without a browser."""
    page = open_page("/coupons/create/")

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
    assert coupon.type == "individual"

    make_codes(coupon, "Trynow", "2for1", "Good-code", "Kickit")
    open_page(f"/coupons/{coupon.code}/codes/")
    expect(page.locator("tr[data-row]")).to_have_count(4)
    page.set_viewport_size(NARROW)
    expect_to_fit(page)
    page.set_viewport_size(WIDE)

    # one ticked by keyboard and voided, in a dialog that asks why
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Void", exact=True).click()
    page.get_by_label("Reason").fill("misprinted")
    page.get_by_role("button", name="Void the codes").click()
    expect(page.get_by_text("1 code is voided.")).to_be_visible()
    assert stock_of(coupon)["void"] == 1

    # one code, found from anywhere without standing in an address
    page.keyboard.press("/")
    page.get_by_role("dialog", name="Search").get_by_role("combobox").fill("trynow")
    page.get_by_role("option", name="Trynow").click()
    expect(page.get_by_role("heading", name="Trynow")).to_be_visible()
    assert "trynow" not in page.url.lower()


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
