"""Spaces in the hands of people: made, edited with what that reaches, tried and published."""

import pytest
from django.urls import reverse

from catalog.describing import space_shape
from catalog.models import Release, Space
from tests.build import make_label, make_role, make_user
from tests.catalog.making import (
    make_fallback_offer,
    make_offer,
    publish,
    space,
    write,
)

pytestmark = pytest.mark.django_db


def at(name, *args):
    return reverse(f"catalog:{name}", args=["shop", *args])


def said(answer):
    return answer.content.decode()


FORM = {
    "label": "Newsletter",
    "name": "newsletter",
    "channel": "email",
    "default_count": "3",
    "fields_-row": ["0", "1"],
    "fields_-0-name": "html",
    "fields_-0-required": "on",
    "fields_-1-name": "title",
    "record": "on",
    "status_on_proposition": "generated",
    "status_on_acceptance": "accepted",
    "tie_policy": "rotate",
    "store_on_proposition-row": ["0"],
    "store_on_proposition-0-name": "weight",
    "store_on_proposition-0-rule": "proposition.weight",
    "render_html": "<b>{{ title }}</b>",
}


def edited(name, **changes):
    """What the form of a space sends, with these changes."""
    there = space(name)
    data = {
        **FORM,
        "label": there.label,
        "channel": there.channel,
        "version": there.version,
        "fields_-row": ["0"],
        "fields_-0-name": "title",
        "render_html": "",
        "store_on_proposition-row": [],
    } | changes
    return {key: value for key, value in data.items() if value is not None}


def test_a_space_is_made_with_all_it_says(client, ada, shop):
    answer = client.post(at("space-create"), FORM)
    assert answer.status_code == 302, answer.context["form"].errors

    assert answer["Location"] == "/catalogue/shop/spaces/newsletter/"
    made = space("newsletter")
    assert made.fields == [
        {"name": "html", "required": True},
        {"name": "title", "required": False},
    ]
    assert made.store_on_proposition == {"weight": "proposition.weight"}
    assert (made.render_html, made.default_count) == ("<b>{{ title }}</b>", 3)
    page = said(client.get("/catalogue/shop/spaces/newsletter/"))
    assert "Never live" in page
    assert "created the space" in page


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"render_html": "{{ titel }}"}, "render_html", "titel"),
        ({"render_json": '{"a": '}, "render_json", "JSON"),
        ({"name": "hero_2"}, "name", "asks for a rank"),
        ({"name": "webHero"}, "name", "already"),
        ({"fields_-1-name": "html"}, "fields_", "twice"),
        ({"store_on_proposition-0-rule": "contact.nothing"}, "store_on_proposition", "weight"),
        ({"category_depth": "0"}, "category_depth", "1"),
        ({"default_count": "51"}, "default_count", "50"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, ada, shop, changes, field, sentence):
    answer = client.post(at("space-create"), FORM | changes)

    assert answer.status_code == 422
    assert sentence in str(answer.context["form"].errors[field])
    assert not Space.objects.filter(name="newsletter").exists()


def test_an_edit_that_reaches_offers_is_confirmed_first(client, ada, shop):
    make_offer(shop, "NYC")

    asked = client.post(at("space-edit", "webHero"), edited("webHero", channel="push"))
    assert asked.status_code == 422
    page = said(asked)
    assert "This reaches 1 offer" in page
    assert "Save, and reach 1 offer" in page
    assert space("webHero").channel == "web"

    seal = asked.context["impact"]["seal"]
    wrong = client.post(
        at("space-edit", "webHero"), edited("webHero", channel="push", confirmed="x" * 64)
    )
    assert wrong.status_code == 422
    answer = client.post(
        at("space-edit", "webHero"), edited("webHero", channel="push", confirmed=seal)
    )
    assert answer.status_code == 302
    assert space("webHero").channel == "push"


def test_a_confirmation_does_not_name_what_somebody_may_not_see(client, shop):
    make_label("secret")
    make_offer(shop, "HIDDEN", access_labels=("secret",))
    role = make_role(
        "Spaces", "catalog.view_design_space", "catalog.change_space", "catalog.view_design_offer"
    )
    client.force_login(make_user("sam@example.org", role=role, language="en"))

    asked = client.post(at("space-edit", "webHero"), edited("webHero", channel="push"))

    page = said(asked)
    assert "This reaches 1 offer" in page
    assert "HIDDEN" not in page


def test_an_edit_of_something_older_is_refused(client, ada, shop):
    old = edited("callCenter", label="Agents")
    client.post(at("space-edit", "callCenter"), edited("callCenter", label="Callers"))

    answer = client.post(at("space-edit", "callCenter"), old)

    assert answer.status_code == 422
    assert space("callCenter").label == "Callers"


def test_what_the_form_has_no_field_for_stays(client, ada, shop):
    before = space_shape(space("callCenter"))

    client.post(
        at("space-edit", "callCenter"),
        edited("callCenter", **{"fields_-0-required": "on", "default_count": "1"}),
    )

    assert space_shape(space("callCenter")) == before


def test_templates_are_tried_without_saving_anything(client, ada, shop):
    make_offer(shop, "NYC")
    data = edited("webHero", render_html="<i>{{ title }}</i>", render_json='{"t": "{{ title }}"}')
    address = at("space-try") + "?space=webHero"

    html = client.post(address, data | {"try-offer": "NYC", "try-part": "html"})
    told = client.post(address, data | {"try-offer": "NYC", "try-part": "json"})
    broken = client.post(address, data | {"render_html": "{{ titel }}"})

    assert "<i>Go to NYC</i>" in said(html)
    assert "sandbox" in html["Content-Security-Policy"]
    assert "&quot;t&quot;: &quot;Go to NYC&quot;" in said(told)
    assert "titel" in said(broken)
    assert space("webHero").render_html == ""


def test_publishing_a_space_makes_it_live_and_says_so(client, ada, shop):
    answer = client.post(at("space-publish", "webHero"), follow=True)

    assert "Published: release 1 is live." in said(answer)
    assert "Publish changes" not in said(answer)
    client.post(at("space-edit", "webHero"), edited("webHero", label="Hero"))
    page = said(client.get(at("space-detail", "webHero")))
    assert "Changed since live" in page
    assert '<del class="before">webHero</del>' in page


def test_what_is_not_ready_is_not_published_and_says_where_to_mend_it(client, ada, shop):
    Space.objects.filter(name="webHero").update(store_on_status={"x": "contact.gone"})

    answer = client.post(at("space-publish", "webHero"))

    assert answer.status_code == 422
    assert 'href="/catalogue/shop/spaces/webHero/"' in said(answer)
    assert not Release.objects.exists()


def test_the_live_side_shows_what_is_live_and_changes_nothing(client, ada, shop):
    client.post(at("space-publish", "webHero"))
    client.post(at("space-edit", "webHero"), edited("webHero", label="Hero now"))
    client.get(at("space-list"))  # the toasts of the edit
    client.post(reverse("side-choose"), {"side": "live"})

    listed, detail = client.get(at("space-list")), client.get(at("space-detail", "webHero"))

    for page in (said(listed), said(detail)):
        assert "Hero now" not in page
        assert "Edit" not in page.split("<main")[1]
    assert client.get(at("space-detail", "callCenter")).status_code == 404


def test_what_is_live_and_lacks_what_is_required_by_now_is_a_debt(client, ada, shop):
    publish(make_offer(shop, "NYC"))
    write(
        space("webHero"),
        space_shape(space("webHero")).model_copy(
            update={
                "fields": (
                    *space_shape(space("webHero")).fields,
                    type(space_shape(space("webHero")).fields[0])(name="html", required=True),
                )
            }
        ),
        shop,
    )

    page = said(client.get(at("space-debts", "webHero")))

    assert "NYC" in page
    assert "HTML" in page
    assert "No debt" in said(client.get(at("space-debts", "callCenter")))


def test_a_space_in_use_is_not_deleted_and_says_why(client, ada, shop):
    make_offer(shop, "NYC")

    asked = client.get(at("space-delete", "webHero"))
    answer = client.post(at("space-delete", "webHero"), follow=True)

    assert "These offers use it: NYC." in asked.content.decode()
    assert "Delete the space</button>" not in asked.content.decode()
    assert "These offers use it: NYC." in said(answer)
    assert Space.objects.filter(name="webHero").exists()


def test_the_list_costs_the_same_however_many_there_are(
    client, ada, shop, django_assert_max_num_queries
):
    make_fallback_offer(shop)
    client.get(at("space-list"))
    for number in range(10):
        client.post(at("space-create"), FORM | {"name": f"mail-{number}"})
    with django_assert_max_num_queries(25):
        page = said(client.get(at("space-list")))
    assert "mail-9" in page


def test_what_spaces_ask_of_offers_stands_on_one_page(client, ada, shop):
    page = said(client.get(at("requirements")))

    assert page.count("<h2") >= 2
    assert "required" in page
