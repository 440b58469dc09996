"""Presentation rules, predefined filters, tags and content fields in the hands of people."""

from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import ContentField, Filter, Offer, PresentationRule, Revision, Tag
from catalog.rulesaying import doubts_of, in_words
from catalog.shapes import CategoryShape, ContentFieldShape, FilterShape, PresentationRuleShape
from tests.build import make_contact, make_label, make_user
from tests.catalog.making import fresh, make_offer, publish, states, write

pytestmark = pytest.mark.django_db


def at(name, *args):
    return reverse(f"catalog:{name}", args=["shop", *args])


def said(answer):
    return answer.content.decode()


# --- presentation rules ---

RULE = {
    "label": "Email fatigue",
    "name": "fatigue",
    "active": "on",
    "max": "2",
    "scope": "offer",
    "period": "7d",
    "channel": "email",
    "same_channel": "on",
    "statuses": ["accepted", "presented"],
    "applies_to": 'offer.category == "travel"',
    "recipients": 'filter("grown")',
    "propositions": 'proposition.space == "webHero"',
}


def test_a_rule_is_made_with_every_option(client, ada, shop):
    answer = client.post(at("presentation-rule-create"), RULE)

    assert answer["Location"] == "/catalogue/shop/presentation-rules/"
    made = PresentationRule.objects.get(name="fatigue")
    assert (made.max, made.scope, made.period) == (2, "offer", timedelta(days=7))
    assert (made.channel, made.same_channel, made.statuses) == ("email", True, [1, 3])
    assert made.applies_to == 'offer.category == "travel"'
    assert made.recipients == 'filter("grown")'
    assert made.propositions == 'proposition.space == "webHero"'
    assert made.order == 1
    page = said(client.get(at("presentation-rule-list")))
    assert "At most 2 propositions of the offer by email in 7 days." in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"max": "0"}, "max"),
        ({"period": "0"}, "period"),
        ({"period": "soon"}, "period"),
        ({"applies_to": "contact.city == 'Paris'"}, "applies_to"),
        ({"recipients": "proposition.rank > 1"}, "recipients"),
        ({"propositions": "proposition.nothing"}, "propositions"),
        ({"statuses": ["lost"]}, "statuses"),
        ({"name": "R1"}, "name"),
        ({"scope": "galaxy"}, "scope"),
    ],
)
def test_what_is_wrong_with_a_rule_stands_at_its_field(client, ada, shop, changes, field):
    answer = client.post(at("presentation-rule-create"), RULE | changes)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10d", timedelta(days=10)),
        ("2d 6h", timedelta(days=2, hours=6)),
        ("12h", timedelta(hours=12)),
        ("7", timedelta(days=7)),
        ("", None),
    ],
)
def test_a_period_is_written_as_people_do(client, ada, shop, written, kept):
    client.post(at("presentation-rule-create"), RULE | {"period": written})

    assert PresentationRule.objects.get(name="fatigue").period == kept


def rule(**values):
    return PresentationRuleShape(**{"name": "r", "label": "R"} | values)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        (rule(), "At most 1 proposition of any offer, ever."),
        (
            rule(max=3, scope="rule", period=timedelta(days=3)),
            "At most 3 propositions of the offers of the rule, together in 3 days.",
        ),
        (
            rule(scope="category", channel="web", period=timedelta(days=1)),
            "At most 1 proposition of offers in its category on the web in 1 day.",
        ),
        (
            rule(scope="offer", same_channel=True, period=timedelta(days=2, hours=6)),
            "At most 1 proposition of the offer on the channel of the call in 2 days and 6 hours.",
        ),
    ],
)
def test_a_rule_is_a_sentence(shop, shape, sentence):
    assert in_words(shape, shop)[0] == sentence


def test_what_counts_is_said_too(shop):
    shape = rule(
        statuses=("presented", "accepted"),
        channel="email",
        same_channel=True,
        active=False,
        count_this_call=True,
        applies_to='offer.category == "travel"',
    )

    assert in_words(shape, shop)[1:] == [
        "It is about these offers: the offer’s category is “travel”.",
        "Only propositions that are presented or accepted, and made on this channel count.",
        "Offers chosen earlier in the same call count as well.",
        "It is not active: nobody asks it.",
    ]


def test_a_rule_that_hits_what_is_always_included_is_doubted(client, ada, shop):
    always = write(
        None, CategoryShape(name="essentials", label="Essentials", always_include=True), shop
    )

    assert "Essentials" in doubts_of(rule(), [always])[0]
    assert doubts_of(rule(applies_to='offer.category == "travel"'), [always]) == []
    assert doubts_of(rule(active=False), [always]) == []
    assert doubts_of(rule(), []) == []
    page = said(client.get(at("presentation-rule-create")))
    assert "!(&quot;essentials&quot; in offer.categories)" in page
    told = client.post(at("presentation-rule-say"), RULE | {"applies_to": ""})
    assert "It also reaches the offers of Essentials" in said(told)


def test_the_sentence_follows_the_form(client, ada, shop):
    told = said(client.post(at("presentation-rule-say"), RULE | {"max": "5", "label": ""}))
    unfinished = said(client.post(at("presentation-rule-say"), RULE | {"max": ""}))

    assert "At most 5 propositions of the offer by email in 7 days." in told
    assert "as soon as the form makes sense" in unfinished
    assert not PresentationRule.objects.filter(name="fatigue").exists()


def order(client):
    return [
        each["shape"].name for each in client.get(at("presentation-rule-list")).context["rules"]
    ]


def test_rules_are_put_in_order_and_stay_so(client, ada, shop):
    for name in ("a", "b"):
        client.post(at("presentation-rule-create"), RULE | {"name": name})
    assert order(client) == ["R1", "a", "b"]

    client.post(at("presentation-rule-order"), {"up": "b", "name": ["R1", "a", "b"]})
    assert order(client) == ["R1", "b", "a"]
    client.post(at("presentation-rule-order"), {"name": ["a", "R1", "b"]})
    assert order(client) == ["a", "R1", "b"]
    client.post(at("presentation-rule-order"), {"down": "b"})
    assert order(client) == ["a", "R1", "b"]
    answer = client.post(
        at("presentation-rule-order"), {"down": "a"}, headers={"HX-Request": "true"}
    )
    assert said(answer).index("rule-R1") < said(answer).index("rule-a")


def test_rules_go_live_and_away_together(client, ada, shop):
    client.post(at("presentation-rules-publish"))
    client.post(at("presentation-rule-create"), RULE)
    assert "Never live" in said(client.get(at("presentation-rule-list")))

    client.post(at("presentation-rules-publish"))
    client.post(at("presentation-rule-delete", "R1"))
    assert "Publish the rules" in said(client.get(at("presentation-rule-list")))
    client.post(at("presentation-rules-publish"))

    live = Revision.objects.current().filter(kind="presentation_rule")
    assert list(live.values_list("name", flat=True)) == ["fatigue"]
    client.post(reverse("side-choose"), {"side": "live"})
    page = said(client.get(at("presentation-rule-list")))
    assert "Email fatigue" in page
    assert "data-grip" not in page


# --- predefined filters ---


def test_a_filter_is_made_shown_and_used(client, ada, shop):
    make_contact("C-1", country="FR", birth_date="1980-01-01")
    make_contact("C-2", country="FR")
    make_contact("C-3", country="DE")

    client.post(
        at("filter-create"),
        {"label": "French", "name": "french", "rule": 'contact.country == "FR"'},
    )
    page = said(client.get(at("filter-detail", "french")))
    assert 'class="stat-value">2<' in page
    assert "Country is “FR”." in page

    used = said(client.get(at("filter-detail", "grown")))
    assert '<a href="/catalogue/shop/categories/travel/">Travel</a>' in used
    listed = client.get(at("filter-list"))
    assert listed.context["uses"] == {"french": 0, "grown": 1}
    Filter.objects.filter(name="french").update(rule="contact.gone == 1")  # an attribute retired
    broken = said(client.get(at("filter-detail", "french")))
    assert "There is no “contact.gone”." in broken
    assert "not counted" in broken


def test_before_it_is_saved_a_filter_says_how_many_there_are_then(client, ada, shop):
    for number in range(3):
        make_contact(f"C-{number}", country="FR" if number else "DE")
    client.post(
        at("filter-create"),
        {"label": "French", "name": "french", "rule": 'contact.country == "FR"'},
    )

    told = client.post(at("filter-compare", "french"), {"rule": "true", "label": "French"})

    assert told.context["before"].rule.number == 2
    assert told.context["after"].rule.number == 3
    assert Filter.objects.get(name="french").rule == 'contact.country == "FR"'
    broken = client.post(at("filter-compare", "french"), {"rule": "contact.", "label": "French"})
    assert "after" not in broken.context


def test_a_changed_filter_takes_back_the_approval_of_what_asks_it(client, ada, shop):
    offer = make_offer(shop)
    publish(offer)
    row = Filter.objects.get(name="grown")

    client.post(
        at("filter-edit", "grown"), {"label": "Grown", "rule": "true", "version": row.version}
    )

    assert states(fresh(offer)) == ("live", "editing")


@pytest.mark.parametrize("text", ['filter("grown")', "contact.", "", "1 + 1"])
def test_a_filter_that_means_nothing_is_refused(client, ada, shop, text):
    row = Filter.objects.get(name="grown")

    answer = client.post(
        at("filter-edit", "grown"), {"label": "Grown", "rule": text, "version": row.version}
    )

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["rule"]


def test_a_filter_in_use_is_not_deleted(client, ada, shop):
    answer = client.post(at("filter-delete", "grown"), follow=True)

    assert "These ask it: travel." in said(answer)
    assert Filter.objects.filter(name="grown").exists()


def test_who_uses_a_filter_is_told_only_of_what_may_be_seen(client, shop):
    make_label("secret")
    make_offer(shop, "DARK", label="Umbra", filter='filter("grown")', access_labels=("secret",))
    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    for name in ("filter-detail", "filter-edit"):
        page = said(client.get(at(name, "grown")))
        assert "Travel" in page
        assert "Umbra" not in page


# --- tags ---


def test_tags_are_made_renamed_merged_and_deleted(client, ada, shop):
    make_offer(shop, "NYC", tags=("summer", "city"))
    offer = make_offer(shop, "SUN", tags=("sumer",))
    wrong, right = Tag.objects.get(name="sumer"), Tag.objects.get(name="summer")

    client.post(reverse("catalog:tag-create"), {"name": "winter"})
    merged = client.post(reverse("catalog:tag-merge", args=[wrong.pk]), {"into": "summer"})
    assert merged.status_code == 302, merged.context["form"].errors
    client.post(reverse("catalog:tag-rename", args=[right.pk]), {"name": "Summer", "version": 1})

    assert [tag.name for tag in fresh(offer).tags.all()] == ["Summer"]
    page = client.get(reverse("catalog:tag-list"))
    counted = {tag.name: tag.number_of_offers for tag in page.context["list"].rows}
    assert counted == {"city": 1, "Summer": 2, "winter": 0}
    refused = client.post(reverse("catalog:tag-delete", args=[right.pk]), follow=True)
    assert "2 offers carry it" in said(refused)
    client.post(reverse("catalog:tag-delete", args=[Tag.objects.get(name="winter").pk]))
    assert not Tag.objects.filter(name="winter").exists()


def test_a_merged_tag_takes_back_the_approval_of_eligibility(client, ada, shop):
    publish(make_offer(shop, "SUN", tags=("sumer",)))
    rule = PresentationRuleShape(name="R2", label="R2", applies_to="'sumer' in offer.tags")
    write(None, rule, shop)
    asked = client.get(
        reverse("catalog:tag-rename", args=[Tag.objects.get(name="sumer").pk])
    ).content.decode()
    assert "These name it in their rules, which do not follow: R2 (Shop). Change them too." in asked
    write_tag = client.post(reverse("catalog:tag-create"), {"name": "summer"})
    assert write_tag.status_code == 302

    client.post(
        reverse("catalog:tag-merge", args=[Tag.objects.get(name="sumer").pk]), {"into": "summer"}
    )

    assert states(Offer.objects.get(code="SUN")) == ("live", "editing")


@pytest.mark.parametrize("name", ["", "summer", "x" * 51, "\u200b"])
def test_a_bad_name_of_a_tag_is_refused(client, ada, shop, name):
    make_offer(shop, tags=("summer",))

    answer = client.post(reverse("catalog:tag-create"), {"name": name})

    assert answer.status_code == 422
    assert Tag.objects.count() == 1


# --- content fields ---


def test_content_fields_are_declared_ordered_and_deleted(client, ada, shop):
    for name in ("legal", "teaser", "badge"):
        client.post(
            at("content-field-create"), {"label": name.title(), "name": name, "type": "text"}
        )

    client.post(at("content-field-order"), {"up": "badge"})
    client.post(at("content-field-order"), {"name": ["badge", "teaser", "legal"]})

    rows = ContentField.objects.order_by("position")
    assert [row.name for row in rows] == ["badge", "teaser", "legal"]
    client.post(
        at("content-field-edit", "legal"),
        {"label": "Legal notice", "type": "long_text", "help": "Small print", "version": 1},
    )
    page = said(client.get(at("content-field-list")))
    assert "Legal notice" in page
    assert "Small print" in page
    client.post(at("content-field-delete", "badge"))
    assert not ContentField.objects.filter(name="badge").exists()


@pytest.mark.parametrize("name", ["title", "legal", "2x", ""])
def test_a_content_field_that_cannot_be_is_refused(client, ada, shop, name):
    write(None, ContentFieldShape(name="legal", label="Legal"), shop)

    answer = client.post(at("content-field-create"), {"label": "X", "name": name, "type": "text"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["name"]


def test_a_filled_content_field_is_not_deleted(client, ada, shop):
    write(None, ContentFieldShape(name="legal", label="Legal"), shop)
    make_offer(shop, content={"title": "Go", "legal": "Small print"})

    answer = client.post(at("content-field-delete", "legal"), follow=True)

    assert "1 offer fills it." in said(answer)


def test_filters_of_another_environment_are_not_there(client, ada, shop):
    write(None, FilterShape(name="mine", label="Mine", rule="true"), shop)

    assert client.get("/catalogue/other/filters/").status_code == 404
    assert client.get(at("filter-detail", "nothing")).status_code == 404
