"""The form of content: what stands where, what is kept, what is told."""

import pytest
from django.http import QueryDict

from catalog.contentwords import (
    ContentSettings,
    FieldOfForm,
    SpaceOfForm,
    content_settings,
    for_browser,
)
from catalog.forms.content import ContentForm
from catalog.models import ContentField, Space
from catalog.shapes import OfferShape, RepresentationShape
from tests.build import NOON, make_attribute
from tests.catalog.making import make_shop

SETTINGS = ContentSettings(
    environment="shop",
    language="en",
    fields=(
        FieldOfForm("title", "Title", "line"),
        FieldOfForm("destination_url", "Destination", "url"),
        FieldOfForm("html", "HTML", "html"),
    ),
    spaces=(SpaceOfForm("hero", "Hero", "web", ("title", "html"), frozenset({"title"})),),
)
OFFER = OfferShape(
    code="A",
    label="A",
    content={"title": "Hello", "old": "kept"},
    translations={"fr": {"title": "Bonjour"}},
    representations=(
        RepresentationShape(space="mail", content={"title": "Mail"}),
        RepresentationShape(space="hero", content={"title": "Hero"}),
    ),
)


def filled(form, **changes):
    """What a browser would send of the form, with changes."""
    data = QueryDict(mutable=True)
    data.setlist("content-languages", form.languages)
    for name in form.fields:
        data[name] = form[name].value() or ""
    for name, value in changes.items():
        data[name] = value
    return data


def make_form(**changes):
    form = ContentForm(settings=SETTINGS, shape=OFFER)
    return ContentForm(filled(form, **changes), settings=SETTINGS, shape=OFFER)


def test_a_form_that_is_sent_back_changes_nothing():
    form = make_form()

    assert form.is_valid()
    assert form.shape() == OFFER
    assert form.removed == []
    assert not form.has_changed()


def test_what_is_written_goes_to_its_place_language_and_space():
    form = make_form(
        **{
            "content.*.en.title": "Hi {{ contact.first_name }}",
            "content.*.fr.title": "",
            "content.*.fr.html": "<p>Salut</p>",
            "content.hero.fr.title": "Héros",
            "content.hero.en.title": "",
        }
    )

    assert form.is_valid()
    shape = form.shape()
    assert shape.content == {"old": "kept", "title": "Hi {{ contact.first_name }}"}
    assert shape.translations == {"fr": {"html": "<p>Salut</p>"}}
    assert shape.representations == (
        RepresentationShape(space="mail", content={"title": "Mail"}),
        RepresentationShape(space="hero", translations={"fr": {"title": "Héros"}}),
    )


def test_what_was_taken_out_is_said_with_its_field():
    form = make_form(**{"content.hero.en.html": '<p onclick="x()">Hi</p><script>alert(1)</script>'})

    assert form.is_valid()
    assert form.shape().representations[1].content["html"] == "<p>Hi</p>"
    assert form.removed == [
        "HTML (Hero): taken out because it is not safe: the element <script>, "
        "the attribute “onclick” of <p>."
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("content.*.en.title", "{{ contact.first_name", "“{{” is never closed: write “}}”."),
        (
            "content.*.en.destination_url",
            "javascript:alert(1)",
            "This link does not lead to the web: begin it with https://.",
        ),
        (
            "content.*.en.html",
            "<p>\n{{ person.name }}</p>",
            "Line 2, character 4: There is nothing called “person”. Known are: call, contact, "
            "language, links, offer, proposition, space.",
        ),
        (
            "content.*.en.html",
            "a" * (256 * 1024 + 1),
            "Line 1, character 1: This is longer than the 256 KB that a field can hold.",
        ),
    ],
)
def test_a_text_that_is_no_template_is_refused_at_its_field(name, text, message):
    form = make_form(**{name: text})

    assert not form.is_valid()
    assert form.errors == {name: [message]}


def test_adding_a_language_shows_its_fields_and_saves_nothing():
    form = make_form(**{"content-add": "1", "content-language": "de", "content.*.en.title": "Hey"})

    assert form.asks_for_language
    assert form.languages == ["en", "fr", "de"]
    assert "content.hero.de.title" in form.fields
    assert form["content.*.en.title"].value() == "Hey"


def test_a_language_nobody_speaks_is_not_added():
    form = make_form(**{"content-add": "1", "content-language": "<x>"})

    assert form.languages == ["en", "fr"]


def test_a_row_says_what_it_inherits_and_whether_it_is_required():
    _everywhere, hero = make_form().panels
    english, french = hero.variants

    assert [(row.bound.label, row.inherited, row.is_required) for row in english.rows] == [
        ("Title", "Hello", True),
        ("HTML", "", False),
    ]
    assert french.rows[0].inherited == "Bonjour"


@pytest.mark.django_db
def test_settings_know_declared_fields_spaces_and_names():
    make_attribute("points", label="Loyalty points")
    shop = make_shop(call_data={"device": {"type": "string", "label": "Device"}})
    ContentField.objects.create(
        environment=shop, name="legal", label="Legal notice", type="long_text", created_at=NOON
    )

    settings = content_settings(shop).with_spaces(Space.objects.filter(name="webHero"))

    assert [field.name for field in settings.fields] == [
        "title",
        "destination_url",
        "acceptance_url",
        "image_url",
        "html",
        "text",
        "legal",
    ]
    assert settings.kinds["legal"] == "text"
    assert settings.spaces == (
        SpaceOfForm("webHero", "webHero", "web", ("title",), frozenset({"title"})),
    )
    words = for_browser(settings)["words"]
    assert {"name": "contact.points", "label": "loyalty points"} in words
    assert {"name": "call.device", "label": "device"} in words
