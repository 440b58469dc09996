"""A shop of another origin that includes our script, in a real browser."""

import gzip
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings as ours

from contacts.models import Contact
from decisioning.models import Proposition
from tests.browser.conftest import listening
from tests.browser.waiting import expect
from tests.decisioning.http import Bank, forget, open_bank

PAGE = """<!doctype html>
<html lang="en">
<title>Shop</title>
<h1>Shop</h1>
<div id="hero" data-offer-space="webHero_1" data-offer-categories="essentials, anonTravel">Own
words.</div>
<div id="second" data-offer-space="webHero_2" data-offer-categories="essentials, anonTravel">Own
too.</div>
<div id="nowhere" data-offer-space="nowhere" data-offer-call="{{no JSON">Nothing to see.</div>
<script type="module" src="{base}/tag.js" data-environment="contacts" data-key="{key}"{more}>
</script>
</html>"""


@pytest.fixture
def shop():
    """A server of somebody else's, with one page."""
    pages: dict[str, str] = {}

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages["html"].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", pages
        server.shutdown()


@pytest.fixture
def open_shop(page, shop, live_server, settings, transactional_db):
    origin, pages = shop
    settings.BASE_URL = live_server.url
    open_bank()
    bank = Bank("decide", origins=[origin])
    key = bank.headers["Authorization"].partition(" ")[2]

    def visit(more=""):
        pages["html"] = PAGE.format(base=live_server.url, key=key, more=more)
        page.goto(f"{origin}/")
        return page

    yield visit
    forget()


def test_it_is_small():
    script = (ours.BASE_DIR / "static" / "js" / "tag.js").read_bytes()

    assert len(gzip.compress(script)) < 4_000


def test_somebody_unknown_sees_offers_and_is_known_again(open_shop):
    page = open_shop()

    title = page.locator("#hero [data-offer='ANON-TRIP'] h2")
    expect(title).to_have_text("Win eight days in the desert")
    expect(page.locator("#second")).to_have_text("Own too.")
    expect(page.locator("#nowhere")).to_have_text("Nothing to see.")
    (cookie,) = page.context.cookies()
    assert cookie["value"] == Contact.objects.get(kind="visitor").key
    page.reload()
    expect(page.locator("#hero [data-offer]")).to_have_count(1)
    assert Contact.objects.filter(kind="visitor").count() == 1

    # a click is noted and leads on
    with page.expect_request(re.compile("^https://banque-solene.example/")):  # nobody is there
        page.locator("#hero [data-offer] h2 a").click()
    assert Proposition.objects.filter(offer="ANON-TRIP", status=2).count() == 1


def test_one_call_serves_the_page_and_signing_in_asks_again(open_shop):
    calls = []
    page = open_shop()
    expect(page.locator("#hero [data-offer]")).to_have_count(1)

    with listening(page, "request", lambda one: calls.append(one.url)):
        page.evaluate("overture.identify({key: 'C6'})")
        expect(page.locator("#hero [data-offer='PRESS']")).to_have_count(1)
        expect(page.locator("#second [data-offer='APP']")).to_have_count(1)

    assert len([url for url in calls if url.endswith("/decisions")]) <= 2  # with what asks first
    assert Contact.objects.get(kind="visitor").linked_contact.key == "C6"

    # when nobody answers the page stays as it is
    page.route(re.compile("/api/v1/decisions"), lambda route: route.abort())
    page.reload()
    expect(page.locator("#hero")).to_have_text("Own words.")


def test_without_consent_nothing_is_kept(open_shop):
    page = open_shop(more=' data-consent="false"')

    expect(page.locator("#hero [data-offer='ANON-TRIP']")).to_have_count(1)
    assert page.context.cookies() == []
    assert not Proposition.objects.exists()
    assert not Contact.objects.filter(kind="visitor").exists()
