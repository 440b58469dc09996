"""Previews: what is shown of an offer to whom, on which side, and that nothing is ever written."""

import re

import pytest
from django.apps import apps
from django.urls import reverse

from catalog.models import Offer
from catalog.shapes import RepresentationShape, SpaceShape
from tests.build import make_attribute, make_contact, make_label, make_user
from tests.catalog.making import edit, make_offer, make_shop, publish, write

pytestmark = pytest.mark.django_db

MAIL = {
    "name": "mailBody",
    "label": "Body of mails",
    "channel": "email",
    "fields": ({"name": "title", "required": True}, {"name": "html", "required": True}),
    "render": {"html": "<h1>{{ title }}</h1>{{ html }}"},
}
HELLO = (
    "<p>Hello {{ contact.first_name }}{% if contact.points > 100 %}, thank you{% endif %}"
    "{% if call.device == 'phone' %} on the phone{% endif %}</p>"
)


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    make_attribute("points")
    return make_shop(
        call_data={"device": {"type": "string"}},
        samples=({"name": "phone", "label": "On the phone", "data": {"device": "phone"}},),
    )


@pytest.fixture
def offer(shop):
    write(None, SpaceShape.model_validate(MAIL), shop)
    return make_offer(
        shop,
        content={"title": "Half price", "html": HELLO},
        translations={"fr": {"title": "Moitié prix"}},
        representations=(RepresentationShape(space="mailBody"),),
    )


@pytest.fixture
def reader(client):
    client.force_login(make_user("reader@example.org", role="administrator"))
    return client


def page(client, offer, **asked):
    return client.get(reverse("catalog:preview", args=["shop", offer.code]), asked)


def frame(client, offer, **asked):
    asked = {"space": "mailBody", **asked}
    return client.get(reverse("catalog:preview-frame", args=["shop", offer.code]), asked)


def body(answer):
    return found(r"<body>(.*?)</body>", answer)


def found(pattern, answer):
    match = re.search(pattern, answer.content.decode(), re.DOTALL)
    assert match is not None
    return match[1]


def counts():
    return {model: model._default_manager.count() for model in apps.get_models()}


def test_without_anybody_values_are_missing_and_that_is_said(reader, offer):
    answer = page(reader, offer)

    (one,) = (each["preview"] for each in answer.context["shown"])
    assert one.rendered.content == {"title": "Half price", "html": "<p>Hello </p>"}
    assert one.lacking == [("HTML", ["contact.first_name", "contact.points", "call.device"])]
    assert one.skipped == [("HTML", ["contact.points > 100", "call.device == 'phone'"])]
    assert "contact.points &gt; 100" in answer.content.decode()


def test_somebody_an_example_and_a_language(reader, offer):
    make_contact("C-1", first_name="Zoé <b>", points=150, language="fr-CA")

    answer = frame(reader, offer, contact="C-1", sample="phone")

    assert body(answer) == (
        "<h1>Moitié prix</h1><p>Hello Zoé &lt;b&gt;, thank you on the phone</p>"
    )
    assert "Half price" in body(frame(reader, offer, contact="C-1", language="en"))


def test_the_frame_can_do_nothing(reader, offer):
    answer = frame(reader, offer)

    policy = dict(part.split(" ", 1) if " " in part else (part, "")
                  for part in answer["Content-Security-Policy"].split("; "))  # fmt: skip
    assert policy["default-src"] == "'none'"
    assert policy["sandbox"] == ""
    assert "script-src" not in policy
    assert policy["frame-ancestors"] == "http://testserver"
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert '<iframe src="/catalogue/shop/offers/NYC/preview/frame/?space=mailBody"' in (
        page(reader, offer).content.decode()
    )
    assert re.findall(r"<iframe[^>]* sandbox[ >]", page(reader, offer).content.decode())


def test_a_preview_writes_nothing(reader, offer, django_assert_max_num_queries):
    make_contact("C-1", first_name="Zoé")
    before = counts()

    with django_assert_max_num_queries(25):
        page(reader, offer, contact="C-1", sample="phone")
    frame(reader, offer, contact="C-1")
    reader.get(reverse("catalog:preview-people", args=["shop"]), {"contact": "C"})

    assert counts() == before


def test_required_fields_that_stay_empty_and_failures_are_named(reader, shop, offer):
    offer = edit(offer, content={"title": "A", "destination_url": "{{ contact.first_name }}"})
    make_contact("C-1", first_name="Zoé")
    space = SpaceShape.model_validate(
        MAIL | {"fields": (*MAIL["fields"], {"name": "destination_url"})}
    )
    write(apps.get_model("catalog.Space").objects.get(name="mailBody"), space, shop)

    (nobody,) = (each["preview"] for each in page(reader, offer).context["shown"])
    (somebody,) = (each["preview"] for each in page(reader, offer, contact="C-1").context["shown"])

    assert (nobody.missing, nobody.failure) == (["HTML"], "")
    assert somebody.failure == (
        "Destination gives nothing usable here: the offer would be left out."
    )
    assert body(frame(reader, offer, contact="C-1")) == ""


def test_the_live_side_shows_what_is_live(reader, offer):
    publish(offer)
    edit(offer, content={"title": "Next week", "html": "<p>x</p>"})

    assert "Half price" in body(frame(reader, offer, side="live"))
    assert "Next week" in body(frame(reader, offer, side="design"))


def test_who_sees_only_what_is_live_is_shown_that_at_once(client, offer):
    publish(offer)
    edit(offer, content={"title": "Next week", "html": "<p>x</p>"})
    client.force_login(make_user("agent@example.org", "catalog.view_live_offer"))

    assert "Half price" in body(frame(client, offer))


def test_what_is_not_live_has_no_live_preview(reader, offer):
    assert page(reader, offer, side="live").status_code == 404


def test_personal_data_are_masked_for_those_who_may_not_see_them(client, offer):
    make_contact("C-1", first_name="Zoé", points=150)
    rights = ("catalog.view_design_offer", "contacts.view_contact")
    client.force_login(make_user("some@example.org", *rights))

    shown = body(frame(client, offer, contact="C-1"))

    assert shown == "<h1>Half price</h1><p>Hello •••, thank you</p>"


def test_people_are_nobody_to_those_who_may_not_see_them(client, offer):
    make_contact("C-1", first_name="Zoé", points=150)
    client.force_login(make_user("some@example.org", "catalog.view_design_offer"))

    assert body(frame(client, offer, contact="C-1")) == "<h1>Half price</h1><p>Hello </p>"
    assert (
        client.get(reverse("catalog:preview-people", args=["shop"]), {"contact": "C"}).status_code
        == 403
    )


def test_an_offer_whose_labels_one_lacks_has_no_preview(client, offer):
    offer.access_labels.add(make_label("brand-a"))
    client.force_login(make_user("some@example.org", "catalog.view_design_offer"))

    assert page(client, offer).status_code == 404
    assert frame(client, offer).status_code == 404


def test_people_are_found_while_one_types(reader, offer):
    make_contact("C-1", first_name="Zoé", last_name="Martin")
    make_contact("D-1", kind="visitor")

    people = reader.get(reverse("catalog:preview-people", args=["shop"]), {"contact": "mart"})

    assert 'data-person="C-1"' in people.content.decode()
    assert "D-1" not in people.content.decode()


def test_content_that_was_kept_before_a_rule_was_made_is_named(reader, offer):
    Offer.objects.filter(pk=offer.pk).update(content={"title": "{{ broken", "html": "x"})

    (one,) = (each["preview"] for each in page(reader, offer).context["shown"])

    assert one.failure == "Title: “{{” is never closed: write “}}”."


def test_a_mail_looks_like_one(reader, offer):
    answer = page(reader, offer).content.decode()

    assert 'class="device device-email"' in answer
    assert '<div class="device-mail-subject">Half price</div>' in answer


# --- what is typed ---


def typed(client, offer, **changes):
    data = {"content-languages": ["en"], "content-spaces": ["mailBody"], **changes}
    return client.post(reverse("catalog:preview-draft", args=["shop", offer.code]), data)


def test_what_is_typed_is_shown_and_not_kept(reader, offer):
    before = counts()

    answer = typed(reader, offer, **{"content.*.en.html": "<p>New<script>x</script></p>"})

    address = found(r'<iframe src="([^"]+)"', answer)
    assert body(reader.get(address)) == "<h1></h1><p>New</p>"
    assert "taken out because it is not safe: the element &lt;script&gt;" in answer.content.decode()
    assert counts() == before
    assert Offer.objects.get().content["title"] == "Half price"


def test_what_is_wrong_is_said_while_one_types(reader, offer):
    answer = typed(reader, offer, **{"content.*.en.title": "{{ contact.first_name"})

    assert answer.status_code == 200
    assert "“{{” is never closed" in answer.content.decode()
    assert "<iframe" not in answer.content.decode()


def test_what_somebody_typed_is_shown_to_nobody_else(reader, client, offer):
    answer = typed(reader, offer, **{"content.*.en.title": "Secret"})
    address = found(r'<iframe src="([^"]+)"', answer)

    client.force_login(make_user("other@example.org", role="administrator"))

    assert client.get(address).status_code == 404
