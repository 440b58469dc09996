"""A rule in a form: with the builder, without script, and with mistakes."""

import json

import pytest
from django import forms

from contacts.forms.rulefield import Built, RuleField, Surround, WeightField
from contacts.vocabulary import Datum, Topics
from rules.kinds import DOUBLE
from tests.build import make_attribute, make_user

pytestmark = pytest.mark.django_db


class Form(forms.Form):
    rule = RuleField(label="Rule")


@pytest.fixture
def user():
    make_attribute("points")
    return make_user("marie@example.org", role="administrator")


def rule_of(form: forms.Form) -> RuleField:
    field = form.fields["rule"]
    assert isinstance(field, RuleField)
    return field


def filled(user, **data):
    form = Form(data)
    rule_of(form).for_user(user)
    return form


def test_a_text_is_given_as_its_canonical_text_and_tree(user):
    form = filled(user, rule="contact.points>=10&&( has(contact.email) )")

    assert form.is_valid()
    assert form.cleaned_data["rule"].text == "contact.points >= 10 && has(contact.email)"
    assert str(form.cleaned_data["rule"].checked.kind) == "bool"


def test_what_was_built_counts_more_than_the_text_beside_it(user):
    blocks = {
        "how": "any",
        "parts": [
            {"name": "contact.points", "ask": "at_least", "value": "10"},
            {"name": "contact.email", "ask": "known"},
        ],
    }

    form = filled(user, rule="contact.points > 99", **{"rule-blocks": json.dumps(blocks)})

    assert form.is_valid()
    assert form.cleaned_data["rule"].text == "contact.points >= 10 || has(contact.email)"


def test_mistakes_say_where_they_are(user):
    written = filled(user, rule="contact.points >= 10 && contact.pints")
    blocks = {"how": "all", "parts": [{"name": "contact.points", "ask": "is", "value": "many"}]}
    built = filled(user, rule="", **{"rule-blocks": json.dumps(blocks)})

    assert written.errors["rule"][0].startswith("Character 25: There is no “contact.pints”.")
    assert built.errors["rule"] == ["Condition 1: This value does not fit."]


def test_what_was_built_is_shown_again_with_its_mistakes(user):
    blocks = {"how": "all", "parts": [{"name": "contact.points", "ask": "is", "value": "many"}]}
    form = filled(user, rule="", **{"rule-blocks": json.dumps(blocks)})

    page = str(form["rule"])

    assert '"value": "many"' in page
    assert "<textarea" in page


def test_nothing_stands_before_the_text_in_its_field(user):
    form = Form(initial={"rule": "contact.points > 1"})
    rule_of(form).for_user(user)

    assert ">contact.points &gt; 1</textarea>" in str(form["rule"])


def test_nothing_is_asked_for(user):
    assert filled(user, rule=" ").errors["rule"] == ["This field is required."]
    empty = filled(user, rule="", **{"rule-blocks": '{"how": "all", "parts": []}'})
    assert empty.errors["rule"] == ["This field is required."]


@pytest.mark.parametrize("sent", ["nothing", "3", "[1]", '{"how": "some", "parts": [1]}'])
def test_what_no_builder_sends_is_refused(user, sent):
    assert filled(user, rule="", **{"rule-blocks": sent}).errors["rule"] == ["This is not a rule."]


def test_another_spelling_is_no_change(user):
    field = rule_of(Form()).for_user(user)

    assert not field.has_changed("contact.points >= 10", "contact.points>=10")
    assert field.has_changed("contact.points >= 10", "contact.points >= 11")
    assert field.has_changed("contact.points >= 10", Built('{"how": "all", "parts": []}', ""))


def test_forms_do_not_share_a_user(user):
    other = make_user("luc@example.org")
    first, second = Form(), Form()

    rule_of(first).for_user(user)
    rule_of(second).for_user(other)

    assert first.fields["rule"].widget.field.user == user
    assert second.fields["rule"].widget.field.user == other


class WeightForm(forms.Form):
    weight = WeightField(label="Weight", vocabulary=Topics(call=[Datum("basket", DOUBLE)]))


def weighed(user, **data):
    form = WeightForm(data)
    field = form.fields["weight"]
    assert isinstance(field, WeightField)
    field.for_user(user)
    return form


def test_a_weight_is_a_number_or_a_formula(user):
    form = weighed(user, weight="contact.points/10+ call.basket")

    assert form.is_valid()
    assert form.cleaned_data["weight"].text == "contact.points / 10 + call.basket"
    assert str(form.cleaned_data["weight"].checked.kind) == "double"


def test_a_question_is_no_weight(user):
    built = weighed(user, weight="1", **{"weight-blocks": '{"how": "all", "parts": []}'})

    assert weighed(user, weight="contact.points > 1").errors["weight"] == [
        "Character 1: This is of the kind bool. Expected: a whole number or a number."
    ]
    assert built.errors["weight"] == ["This field is required."]


def test_what_the_request_alone_tells_is_given_with_the_user(user):
    form = Form({"rule": "call.basket > 3.5"})
    topics = Topics(call=[Datum("basket", DOUBLE, "Value of the basket")])
    surrounds = [Surround("environment Shop", "contact.points > 1"), Surround("no category", "")]
    rule_of(form).for_user(user, vocabulary=topics, surrounds=surrounds)

    settings = rule_of(form).settings({"text": "call.basket > 3.5"})

    assert form.is_valid()
    assert settings["start"]["sentence"] == "Value of the basket is over 3.5."
    assert settings["asking"]["around"] == ["contact.points > 1"]
    assert settings["surrounds"] == ["environment Shop"]
    assert not filled(user, rule="call.basket > 3.5").is_valid()
