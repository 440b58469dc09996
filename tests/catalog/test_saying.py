"""Rules are said in the words people gave what they name, wherever they are read."""

import pytest
from django.urls import reverse

from catalog.comparing import what_would_change
from catalog.recap import recap
from catalog.shapes import ContextShape
from tests.build import make_user
from tests.catalog.making import edit, fresh, make_offer, make_shop, publish

pytestmark = pytest.mark.django_db
DEVICE = {"device": {"type": "string", "label": "Device used", "choices": ("mobile", "desktop")}}
ON_A_PHONE = ContextShape(label="Phone", weight="9", filter='call.device == "mobile"')
SAID = "device used is mobile"


@pytest.fixture
def offer():
    return make_offer(make_shop(call_data=DEVICE), contexts=(ON_A_PHONE,), filter='filter("grown")')


def test_the_recap_of_an_offer_knows_call_data_and_filters(offer):
    told = recap(fresh(offer))

    assert [each.sentence for each in told.contexts] == [SAID]
    assert [each.sentence for each in told.filters] == ["belongs to the audience Grown"] * 2


@pytest.mark.parametrize(
    ("side", "path"),
    [("design", "offers/NYC/numbers/"), ("live", "offers/NYC/")],
)
def test_pages_say_call_data_by_its_label(client, offer, side, path):
    client.force_login(make_user("mia@example.org", role="offer_manager"))
    publish(offer)
    client.post(reverse("side-choose"), {"side": side})

    text = client.get(f"/catalogue/shop/{path}").content.decode()

    assert SAID in text
    assert "call.device" not in text


def test_what_changed_is_said_in_the_same_words(client, offer):
    publish(offer)
    edit(offer, contexts=(ContextShape(label="Phone", weight="9"),))

    (change,) = what_would_change(offer.environment, [fresh(offer)])

    assert [(one.before_text, one.after_text) for one in change.fields] == [(SAID, "")]
