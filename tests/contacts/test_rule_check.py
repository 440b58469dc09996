"""What the rule builder is told while somebody builds."""

import json
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import rulecounting
from contacts.rulewords import words_for
from rules.parsing import parse
from tests.build import NOON, make_attribute, make_audience, make_contact, make_user
from tests.often import often

pytestmark = pytest.mark.django_db

RULE = 'contact.points >= 10 && (contact.country == "FR" || contact.country == "BE")'
POINTS = {"name": "contact.points", "ask": "at_least", "value": "10"}
FRENCH = {"name": "contact.country", "ask": "is", "value": "FR"}
BELGIAN = {"name": "contact.country", "ask": "is", "value": "BE"}
BLOCKS = {"how": "all", "parts": [POINTS, {"how": "any", "parts": [FRENCH, BELGIAN]}]}


@pytest.fixture(scope="module")
def people(module_db):
    make_attribute("points")
    for key, points, country in (
        ("A-1", 5, "FR"),
        ("A-2", 10, "FR"),
        ("A-3", 20, "BE"),
        ("A-4", 30, "DE"),
        ("A-5", None, "FR"),
    ):
        make_contact(key, points=points, country=country, email=f"{key.lower()}@example.org")
    make_contact("V-1", kind="visitor", points=50, country="FR")


@pytest.fixture
def ask(client, people):
    client.force_login(make_user("marie@example.org", role="administrator", language="en"))
    return asker(client)


def asker(client):
    def send(name, status=200, **body):
        answer = client.post(
            reverse(f"contacts:rule-{name}"), json.dumps(body), content_type="application/json"
        )
        assert answer.status_code == status, answer.content
        return answer.json() if answer["Content-Type"] == "application/json" else answer

    return send


def test_a_text_becomes_blocks_and_a_sentence(ask):
    told = ask("check", text=RULE)

    assert told["ok"] is True
    assert told["text"] == RULE
    assert told["blocks"] == BLOCKS
    assert told["buildable"] is True
    assert told["sentence"] == "Points is at least 10 and (country is “FR” or country is “BE”)."


def test_blocks_become_the_same_text_and_so_does_the_tree(ask):
    told = ask("check", blocks=BLOCKS)

    assert told["text"] == RULE
    assert ask("check", tree=told["tree"])["text"] == RULE


def test_the_sentence_is_in_the_language_of_the_person(client, people):
    client.force_login(make_user("luc@example.org", role="administrator", language="fr"))

    told = asker(client)("check", text="contact.points >= 10 && contact.pints == 3")

    assert told["mistakes"][0]["message"].startswith("«\u00a0contact.pints\u00a0» n’existe pas.")


def test_a_mistake_is_told_with_its_place(ask):
    told = ask("check", text="contact.points >= 10 && contact.pints == 3")

    assert told["ok"] is False
    assert [(each["start"], each["end"], each["code"]) for each in told["mistakes"]] == [
        (24, 37, "unknown_name")
    ]
    assert "contact.points" in told["mistakes"][0]["expected"]


def test_a_mistake_of_the_builder_is_told_with_its_condition(ask):
    matches = {"name": "contact.country", "ask": "matches", "value": "(["}

    told = ask("check", blocks={"how": "all", "parts": [POINTS, matches]})

    assert [(each["path"], each["code"]) for each in told["mistakes"]] == [([1], "bad_pattern")]


def test_what_is_not_finished_does_not_stop_the_rest(ask):
    unfinished = {"name": "contact.country", "ask": "is", "value": ""}

    told = ask("check", blocks={"how": "all", "parts": [POINTS, unfinished]})
    counted = ask("count", blocks={"how": "all", "parts": [POINTS, unfinished]})

    assert (told["ok"], told["sentence"]) == (False, "Points is at least 10.")
    assert counted["count"] == {"number": 3, "about": False}


def test_a_rule_that_is_too_free_says_why(ask):
    told = ask("check", text=f"({RULE}) && contact.points + 1 > 5")

    assert told["buildable"] is False
    assert told["why"] == [
        {
            "text": "contact.points + 1 > 5",
            "why": "It computes with values, which can only be written.",
        }
    ]
    assert [part.get("how", "written") for part in told["blocks"]["parts"]] == ["all", "written"]


def test_every_condition_says_how_many_are_left_after_it(ask):
    counted = ask("count", blocks=BLOCKS, around=['contact.key != "A-3"'])

    assert counted["all"]["number"] == 5
    assert counted["count"]["number"] == 2
    assert counted["within"]["number"] == 1
    assert {path: figure["number"] for path, figure in counted["parts"].items()} == {
        "0": 3,
        "1.0": 3,
        "1.1": 4,
        "1": 2,
    }


def test_what_surrounds_a_rule_counts_as_far_as_it_asks_about_the_person(ask):
    web = 'has(contact.country) && call.device == "web"'
    call = [{"name": "device", "kind": "string", "label": "Device", "choices": []}]

    counted = ask("count", blocks=BLOCKS, around=['contact.key != "A-3"', web], call=call)

    assert (counted["count"]["number"], counted["within"]["number"]) == (2, 1)
    assert counted["left_out"] == ["call.device"]


def test_ten_of_those_within_what_surrounds_a_rule(ask):
    around = ['contact.key != "A-3"', 'space.channel == "web"']

    page = ask("sample", blocks=BLOCKS, path=[], around=around, within=True).content.decode()

    assert 'data-sample-total="1"' in page
    assert "a-2@example.org" in page


def test_a_funnel_says_who_is_left_after_each_rule(people):
    words = words_for(make_user("eve@example.org", role="administrator"))
    rules = ["contact.points >= 10", 'space.channel == "web"', 'contact.country != "DE"']

    everybody, left = rulecounting.gates(
        words, [parse(rule) for rule in rules], at=NOON, zone=ZoneInfo("Europe/Paris")
    )

    assert everybody.number == 5
    assert [figure.number for figure in left] == [3, 3, 2]


DEVICE = {
    "name": "device",
    "kind": "string",
    "label": "Device",
    "choices": [["web", "Web browser"], ["app", "App"]],
}


def test_call_data_are_said_by_their_labels(ask):
    told = ask("check", text='call.device in ["web", "app"]', call=[DEVICE])

    assert told["sentence"] == "Device is Web browser or App."
    assert told["blocks"]["parts"][0]["value"] == ["web", "app"]


def test_a_page_without_an_offer_has_none_to_speak_of(ask):
    told = ask("check", text='offer.code == "A"', offer=False)

    assert told["mistakes"][0]["code"] == "unknown_name"
    assert ask("check", text='offer.code == "A"')["ok"] is True


def test_propositions_are_spoken_of_where_they_are_counted(ask):
    text = "proposition.rank < 3"

    assert ask("check", text=text)["ok"] is False
    assert ask("check", text=text, propositions=True)["ok"] is True


def test_what_an_environment_calls_by_a_name_stands_before_audiences(ask):
    make_audience("rich", "contact.points > 100", label="Rich")
    filters = [{"name": "rich", "label": "Rich here", "rule": "contact.points >= 20"}]

    told = ask("check", text='filter("rich")', filters=filters)
    counted = ask("count", text='filter("rich")', filters=filters)

    assert told["sentence"] == "Belongs to the audience Rich here."
    assert counted["count"]["number"] == 2
    assert ask("count", text='filter("rich")')["count"]["number"] == 0


def test_visitors_are_counted_where_the_rule_is_for_them(ask):
    counted = ask("count", text="contact.points > 5", kind="visitor")
    people = ask("sample", text="contact.points > 5", kind="visitor")

    assert (counted["all"]["number"], counted["count"]["number"]) == (1, 1)
    assert b"V-1" in people.content


def test_what_is_only_about_offers_asks_nothing_of_people(ask):
    asked = ask("check", text='offer.category == "travel"', people=False)
    refused = ask("check", text="contact.points > 1", people=False)

    assert (asked["ok"], refused["ok"]) == (True, False)


def test_a_weight_is_a_number_that_is_written(ask):
    told = ask("check", text="10 + contact.points * 0.5", weight=True)

    assert (told["ok"], told["blocks"], told["buildable"]) == (True, None, True)
    assert told["sentence"] == "10 + (points × 0.5)."
    question = ask("check", text="contact.points > 3", weight=True)
    assert [each["code"] for each in question["mistakes"]] == ["wrong_kind"]


def test_a_weight_that_chooses_is_said_as_a_choice(ask):
    told = ask("check", text='contact.country == "FR" ? contact.points : 1', weight=True)

    assert told["sentence"] == "If country is “FR”: points; otherwise: 1."


def test_a_weight_says_what_it_comes_to(ask):
    counted = ask("count", text="contact.points * 2", weight=True)

    assert counted["amounts"] == [10.0, 32.5, 60.0]
    assert (counted["all"]["number"], counted["known"]["number"]) == (5, 4)


def test_a_weight_that_a_decision_alone_knows_says_so(ask):
    counted = ask("count", text="size(offer.tags) + contact.points", weight=True)

    assert counted == {"left_out": ["offer.tags"]}


def test_a_weight_that_takes_too_long_is_an_estimate(ask, monkeypatch):
    def slow(text, parameters, milliseconds):
        if milliseconds != rulecounting.LATER:
            raise rulecounting.TooSlow
        return asked(text, parameters, milliseconds)

    asked = rulecounting.asked
    monkeypatch.setattr(rulecounting, "asked", slow)

    counted = ask("count", text="contact.points * 2", weight=True)

    assert (counted["about"], counted["amounts"]) == (True, [10.0, 32.5, 60.0])


def test_none_of_counts_who_is_left(ask):
    counted = ask("count", blocks={"how": "none", "parts": [FRENCH, BELGIAN]})

    assert counted["count"]["number"] == 1
    assert {path: figure["number"] for path, figure in counted["parts"].items()} == {"0": 2, "1": 1}


def test_what_only_a_decision_knows_is_left_out_of_the_numbers(ask):
    web = {"name": "space.channel", "ask": "is", "value": "web"}

    counted = ask("count", blocks={"how": "all", "parts": [POINTS, web]})

    assert counted["count"]["number"] == 3
    assert counted["left_out"] == ["space.channel"]


def test_an_audience_is_asked_for_by_name(ask):
    make_audience("rich", "contact.points >= 20")

    counted = ask("count", text='filter("rich") && contact.country == "BE"')

    assert counted["count"]["number"] == 1


def test_a_count_that_takes_too_long_is_an_estimate(ask, monkeypatch):
    monkeypatch.setattr(rulecounting, "SOON", 0)

    def slow(text, parameters, milliseconds):
        if milliseconds != rulecounting.LATER:
            raise rulecounting.TooSlow
        return asked(text, parameters, milliseconds)

    asked = rulecounting.asked
    monkeypatch.setattr(rulecounting, "asked", slow)

    counted = ask("count", blocks=BLOCKS)

    assert (counted["about"], counted["count"]["about"]) == (True, True)
    assert ask("count", blocks=BLOCKS, patient=True)["count"] == {"number": 2, "about": False}


def test_a_statement_is_given_up_after_its_time(people):
    with pytest.raises(rulecounting.TooSlow):
        rulecounting.asked("SELECT pg_sleep(5)", [], 20)


def test_ten_of_them_are_shown(ask):
    answer = ask("sample", blocks=BLOCKS, path=[])

    page = answer.content.decode()
    assert 'data-sample-total="2"' in page
    assert "a-2@example.org" in page
    assert "a-4@example.org" not in page


def test_a_number_beside_a_condition_opens_those_it_counts(ask):
    page = ask("sample", blocks=BLOCKS, path=[1, 0]).content.decode()

    assert 'data-sample-total="3"' in page


def test_who_may_not_see_personal_data_sees_none(client, people):
    client.force_login(make_user("ana@example.org", "contacts.view_audience", language="en"))

    page = asker(client)("sample", blocks=BLOCKS, path=[]).content.decode()

    assert "a-2@example.org" not in page
    assert "A-2" in page


def test_the_names_of_audiences_that_one_may_not_see_are_not_told(ask, client):
    make_audience("rich", "contact.points >= 20")

    told = ask("check", text='filter("nobody")')

    assert told["mistakes"][0]["expected"] == ["rich"]


@pytest.mark.parametrize("name", ["check", "count", "sample"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"[]",
        b"3",
        b"{}",
        b'{"blocks": 3}',
        b'{"tree": {"op": "=="}}',
        b'{"text": 3}',
        b'{"blocks": ' + b"[" * 30_000,
        b'{"text": "' + b"a" * 270_000 + b'"}',
        b'{"text": "contact.points > 1", "call": 3}',
        b'{"text": "contact.points > 1", "call": [{"name": "a", "kind": "colour"}]}',
        b'{"text": "true", "call": [{"name": "a", "kind": "int", "label": "", "choices": [3]}]}',
        b'{"blocks": {"how": "all", "parts": []}, "weight": true}',
        b'{"text": "true", "filters": [{"name": "a", "rule": 3}]}',
        b"\xff\xfe",
    ],
)
def test_what_cannot_be_read_is_refused(client, people, name, body):
    client.force_login(make_user("marie@example.org", role="administrator"))

    answer = client.post(reverse(f"contacts:rule-{name}"), body, content_type="application/json")

    assert answer.status_code == 400


@pytest.mark.parametrize("path", [[9], [0, 0], [-1], ["a"], 3, [True]])
def test_a_place_that_is_none_is_refused(ask, path):
    ask("sample", status=400, blocks=BLOCKS, path=path)


letters = st.lists(
    st.sampled_from([*'abc.&|!()[]"=<>+-?: 09', "contact.", "points", "\\", "é", "\n"]), max_size=30
).map("".join)


@given(text=letters | st.text(max_size=20), around=letters)
@settings(
    max_examples=often(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_breaks_the_check_or_the_count(client, ask, text, around):
    for name in ("check", "count", "sample"):
        answer = client.post(
            reverse(f"contacts:rule-{name}"),
            json.dumps({"text": text, "around": [around]}),
            content_type="application/json",
        )

        assert answer.status_code in {200, 400}
