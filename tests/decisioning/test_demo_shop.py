"""Where the demo shop stands, and where it does not. What it does: tests/browser/test_shop.py."""

import stat

import pytest
from django.test import override_settings
from django.utils.timezone import now

from accounts.actions.keys import revoke_key
from accounts.authenticating import find_key
from accounts.models import ApiKey
from catalog.models import Offer
from decisioning import demo
from offers_site.embedded.places import Places
from tests.build import NOON
from tests.decisioning.http import forget

pytestmark = pytest.mark.django_db
HERE, ELSEWHERE = "http://localhost:8123", "http://localhost:8124"


@pytest.fixture(scope="module")
def opened(module_db, tmp_path_factory):
    with override_settings(PLACES=Places(tmp_path_factory.mktemp("opened")), BASE_URL=HERE):
        demo.open_shop(at=NOON)
        return demo.kept()


@pytest.fixture
def shop(opened, settings, tmp_path):
    settings.PLACES = Places(tmp_path)
    settings.BASE_URL = HERE
    demo.note(opened)
    forget()
    yield demo.kept()
    forget()


def statuses(client):
    paths = ("", "bags/", "basket/", "away/tag.js", "shoes/")
    return [client.get(f"/shop/{path}").status_code for path in paths]


def test_it_stands_where_somebody_tries_the_product(shop, client):
    assert statuses(client) == [200, 200, 200, 200, 404]
    assert client.get("/shop/away/api/v1/decisions").status_code == 503
    assert stat.S_IMODE(demo.kept_in().stat().st_mode) == 0o600
    key = ApiKey.objects.get()
    assert key.scopes == ["decide"]
    assert key.origins == ["http://127.0.0.1:8123", "http://[::1]:8123", HERE]


def test_it_stands_on_a_machine_without_ipv4(shop, client, settings):
    settings.BASE_URL = "http://[::1]:8123"
    demo.note({"key": shop["key"], "base_url": settings.BASE_URL})
    assert client.get("/shop/").status_code == 200


def test_there_is_none_without_the_demo_or_in_production(shop, client, settings):
    settings.BASE_URL = "https://offers.example"
    demo.note({"key": shop["key"], "base_url": settings.BASE_URL})
    assert statuses(client) == [404] * 5
    assert client.post("/shop/sign-in/", {"key": "C1"}).status_code == 404

    demo.kept_in().unlink()
    settings.BASE_URL = HERE
    assert statuses(client) == [404] * 5


def test_it_follows_the_installation_to_another_address(shop, client, settings):
    mug = Offer.objects.get(environment__name="shop_visitors", code="MUG")
    Offer.objects.filter(pk=mug.pk).update(label="Mine")  # somebody works on this one's catalogue
    settings.BASE_URL = ELSEWHERE
    assert client.get("/shop/").status_code == 404

    assert demo.move_shop(at=NOON)

    assert client.get("/shop/").status_code == 200
    assert find_key(shop["key"], at=now()) is None
    leads_to = dict(
        Offer.objects.filter(code="MUG").values_list(
            "environment__name", "content__destination_url"
        )
    )
    assert leads_to == {
        "shop": f"{ELSEWHERE}/shop/table/",
        "shop_visitors": f"{HERE}/shop/table/",
    }
    assert not demo.move_shop(at=NOON)


def test_whoever_revokes_its_key_has_closed_it(shop, client, settings):
    revoke_key(ApiKey.objects.get(), by=None, at=NOON)

    assert statuses(client) == [404] * 5
    settings.BASE_URL = ELSEWHERE
    assert not demo.move_shop(at=NOON)


def test_only_customers_of_the_demo_sign_in(shop, client):
    assert client.post("/shop/sign-in/", {"key": "C-1001"}).status_code == 404
    json = {"Accept": "application/json"}
    assert client.post("/shop/sign-in/", {"key": "C2"}, headers=json).json()["token"]
    assert 'data-token="' in client.get("/shop/").content.decode()

    client.cookies["overture_shop_customer"] = "C2:forged"
    assert 'data-token="' not in client.get("/shop/").content.decode()
    assert client.post("/shop/sign-in/", {"next": "https://evil.example"})["Location"] == "/shop/"
