# ruff: noqa: E501 (HTML is written as its authors write it)
"""Content made safe when it is saved: what stays, what goes, what is told, and that it stays so."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.cleaning import BadField, Removed, clean_field, clean_offer, clean_space
from catalog.cleaning.allowed import ATTRIBUTES, TAGS, allowed_styles
from catalog.rendering import BUILT_IN_KINDS, BadTemplate, parse_template
from catalog.shapes import OfferShape, Rendering, RepresentationShape, SpaceShape
from tests.often import often


def clean(text, kind="html"):
    return clean_field(text, kind)


# --- what stays ---


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain text, 5 &lt; 6 &amp; 7",
        "<p>Hi <strong>you</strong><br>there</p>",
        '<a href="https://a.example/?a=1&amp;b=2" target="_blank" title="x">x</a>',
        '<a href="mailto:a@example.org">a</a><a href="tel:+331">b</a><a href="#x">c</a><a href="/d">d</a>',
        '<a href="{{ links.click }}" _urltype="11">x</a>',
        '<img src="{{ image }}" alt="">'.replace("image", "offer.code"),
        "<p style=\"color: #c00; font-family: 'Open Sans', sans-serif; margin: 0 auto\">x</p>",
        '<table width="600" cellpadding="0" bgcolor="#fff"><tbody><tr><td align="center" valign="top">x</td></tr></tbody></table>',
        "{% if contact.age < 26 and contact.city != '<b>' %}<p>young</p>{% else %}<p>grown</p>{% endif %}",
        "<table><tbody>{% for s in contact.sports %}<tr><td>{{ s }}</td></tr>{% endfor %}</tbody></table>",
        '{% if contact.vip %}<a href="https://a.example/">{% endif %}x{% if contact.vip %}</a>{% endif %}',
        '<p {% if contact.vip %} class="v" {% endif %} title="t">x</p>',
        '<p class="a {% if contact.vip %}vip{% endif %}">x</p>',
        '<a href="{% if contact.vip %}https://a.example/{% else %}https://b.example/{% endif %}?c={{ contact.city }}">x</a>',
        '<p title="{{ contact.city | default: "nowhere" }}">x</p>',
        "<ul>{% for s in contact.sports %}<li>{{ s | escape }}</li>{% endfor %}</ul>",
        "<p>{{- contact.city -}}</p>{% assign a = 1 %}{{ a }}",
        "<p>liquid0x0z ~liquid0x1z~</p>{{ contact.city }}",
    ],
)
def test_what_is_safe_stays_as_it_was_written(text):
    cleaned = clean(text)

    assert (cleaned.text, cleaned.removed) == (text, ())


def test_liquid_that_an_editor_wrote_as_text_of_html_is_liquid_again():
    cleaned = clean("<p>{%&nbsp;if contact.age &lt; 26 %}{{ 'a &amp;lt; b' }}{% endif %}</p>")

    assert cleaned.text == "<p>{% if contact.age < 26 %}{{ 'a < b' }}{% endif %}</p>"


# --- what goes, and is told ---


@pytest.mark.parametrize(
    ("text", "kept", "told"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>", "the element <script>"),
        ('<p onclick="x()">a</p>', "<p>a</p>", "the attribute “onclick” of <p>"),
        ("<p ONMOUSEOVER=x()>a</p>", "<p>a</p>", "the attribute “onmouseover” of <p>"),
        ('<img src=x onerror="alert(1)">', "<img>", "the attribute “onerror” of <img>"),
        ("<svg><script>alert(1)</script></svg>a", "a", "the element <svg>"),
        ("<style>p{background:url(//evil)}</style>a", "a", "the element <style>"),
        ("<iframe src='https://evil.example'></iframe>a", "a", "the element <iframe>"),
        ("<object data='x'></object><embed src='x'>a", "a", "the element <object>"),
        ("<form action='/x'><input name='p'></form>a", "a", "the element <form>"),
        ("<link rel=stylesheet href='//evil'>a", "a", "the element <link>"),
        ("<meta http-equiv=refresh content='0;url=//evil'>a", "a", "the element <meta>"),
        ("<base href='//evil/'>a", "a", "the element <base>"),
        ('<p id="x" name="y">a</p>', "<p>a</p>", "the attribute “id” of <p>"),
        ('<p data-hx-get="/x">a</p>', "<p>a</p>", "the attribute “data-hx-get” of <p>"),
        ('<p hx-on:click="x">a</p>', "<p>a</p>", "the attribute “hx-on:click” of <p>"),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>", "the link “javascript:alert(1)”"),
        ('<a href="java\tscript:alert(1)">a</a>', "<a>a</a>", "the link “java\tscript:alert(1)”"),
        ('<a href="&#106;avascript:x">a</a>', "<a>a</a>", "the link “javascript:x”"),
        ('<a href=" javascript:x">a</a>', "<a>a</a>", "the link “javascript:x”"),
        ('<a href="//evil.example">a</a>', "<a>a</a>", "the link “//evil.example”"),
        ('<a href="http:evil.example">a</a>', "<a>a</a>", "the link “http:evil.example”"),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>", "the link “data:text/html,x”"),
        ('<a href="/\\evil.example">a</a>', "<a>a</a>", "the link “/\\evil.example”"),
        ('<a href="java{{ contact.city }}script:x">a</a>', "<a>a</a>", "the link “java{{ contact.city }}script:x”"),
        ('<a href="page.html">a</a>', "<a>a</a>", "the link “page.html”"),
        ('<img src="data:image/svg+xml,x">', "<img>", "the link “data:image/svg+xml,x”"),
        ('<p style="position:fixed;color:red">a</p>', '<p style="color: red">a</p>', "the style “position:fixed”"),
        ('<p style="background:url(https://evil/?x)">a</p>', "<p>a</p>", "the style “background:url(https://evil/?x)”"),
        ('<p style="color:{{ contact.city }}">a</p>', "<p>a</p>", "a style that depends on a value or a condition"),
        ("<!-- note --><p>a</p>", "<p>a</p>", "a comment"),
        ("<!--[if mso]><b>x</b><![endif]-->a", "a", "a comment"),
        ("<!doctype html><html><body><p>a</p></body></html>", "<p>a</p>", "a comment"),
        ('<b onclick="{{ contact.city }}">a</b>', "<b>a</b>", "the attribute “onclick” of <b>"),
        ('<p {% if contact.vip %}onclick="x()"{% endif %}>a</p>', "<p {% if contact.vip %} {% endif %}>a</p>", "the attribute “onclick” of <p>"),
        ('<a {% if contact.vip %}href="https://a.example/"{% else %}href="https://b.example/"{% endif %}>a</a>',
         '<a {% if contact.vip %} href="https://a.example/" {% else %} {% endif %}>a</a>',
         "the attribute “href” of <a>"),
    ],
)  # fmt: skip
def test_what_is_not_safe_goes_and_the_author_is_told(text, kept, told):
    cleaned = clean(text)

    assert re.sub(" +", " ", cleaned.text) == kept
    assert told in cleaned.removed


@pytest.mark.parametrize(
    "text",
    [
        "<script>{% if contact.vip %}</script>x{% endif %}",
        '<p onclick="{% if contact.vip %}">x{% endif %}</p>',
        '{{ "&#125;&#125;&lt;script&gt;alert(1)&lt;/script&gt;" }}',
        "{% if contact.vip %&#125;<script>",
        "<{{ contact.city }}>",
        "<p {{ contact.city }}>",
        '<a href="{% if contact.vip %}java{% endif %}script:alert(1)">x</a>',
        '<p title="{% if contact.vip %}" onclick="alert(1)" x="{% endif %}">x</p>',
        "{{ contact.city | safe }}",
        "<p>{{ <b>contact.city</b> }}</p>",
    ],
)
def test_liquid_that_cannot_be_kept_safe_is_refused_with_a_sentence(text):
    with pytest.raises(BadTemplate) as refusal:
        clean(text)

    assert refusal.value.message


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: red", "color: red"),
        ("COLOR:RED;;", "color: RED"),
        ("background: #fff; background-image: url(x)", "background: #fff"),
        ("background: u\\72l(x)", ""),
        ("background: url  (x)", ""),
        ("background:/**/url(x)", ""),
        ("background: image-set('https://evil' 1x)", ""),
        ("background: linear-gradient(#fff, rgb(1,2,3))", "background: linear-gradient(#fff, rgb(1,2,3))"),
        ("width: expression(alert(1))", ""),
        ("width: calc(1px + 1px)", ""),
        ("color: var(--x)", ""),
        ("-moz-binding: url(x)", ""),
        ("behavior: url(x)", ""),
        ("content: 'x'", ""),
        ("position: absolute; z-index: 9; top: 0; transform: none; opacity: 0", ""),
        ("margin: -9999px", ""),
        ("margin: 0 -1px", ""),
        ("text-indent:-9em", ""),
        ("display: fixed", ""),
        ("font-family: 'a", ""),
        ("color: red} p {color: blue", ""),
        ("color: red; @import 'x'", "color: red"),
        ("color: r\\65 d", ""),
        ("font: 12px/1.5 Arial, sans-serif !important", "font: 12px/1.5 Arial, sans-serif !important"),
    ],
)  # fmt: skip
def test_styles_are_kept_property_by_property(style, kept):
    assert allowed_styles(style)[0] == kept


# --- forms of offers and spaces ---


def test_every_field_of_an_offer_is_cleaned_and_what_went_has_its_path():
    bad = "<p>x<script>y</script></p>"
    shape = OfferShape(
        code="A",
        label="A",
        content={"html": bad, "title": "  Hi\x07 "},
        translations={"fr": {"html": bad}},
        representations=(
            RepresentationShape(space="s", content={"html": bad}, translations={"de": {"html": bad}}),
        ),
    )  # fmt: skip

    cleaned, removed = clean_offer(shape, BUILT_IN_KINDS)

    assert cleaned.content == {"html": "<p>x</p>", "title": "Hi"}
    assert cleaned.translations == {"fr": {"html": "<p>x</p>"}}
    assert cleaned.representations[0].content == {"html": "<p>x</p>"}
    assert cleaned.representations[0].translations == {"de": {"html": "<p>x</p>"}}
    assert removed == [
        Removed("content.html", "the element <script>"),
        Removed("translations.fr.html", "the element <script>"),
        Removed("representations[0].content.html", "the element <script>"),
        Removed("representations[0].translations.de.html", "the element <script>"),
    ]


def test_a_field_that_cannot_be_kept_is_named_by_its_path():
    shape = OfferShape(code="A", label="A", content={"destination_url": "javascript:x"})

    with pytest.raises(BadField) as refusal:
        clean_offer(shape, BUILT_IN_KINDS)

    assert refusal.value.path == "content.destination_url"


def test_the_templates_of_a_space_are_cleaned_with_the_names_of_fields():
    shape = SpaceShape(
        name="s",
        label="S",
        channel="web",
        render=Rendering(html='<a href="{{ destination_url }}" onclick="x">{{ title }}</a>'),
    )

    cleaned, removed = clean_space(shape, frozenset(BUILT_IN_KINDS))

    assert cleaned.render.html == '<a href="{{ destination_url }}">{{ title }}</a>'
    assert removed == [Removed("render.html", "the attribute “onclick” of <a>")]


# --- whatever people and programs write ---

SIGNS = st.sampled_from(
    [
        *("<", ">", "</", "/>", "=", '"', "'", "`", " ", "\t", "\n", "&", ";", "&lt;", "&#60;"),
        *("{{", "}}", "{%", "%}", "{{ contact.city }}", "{% if contact.vip %}", "{% else %}"),
        *("{% endif %}", "{% for s in contact.sports %}", "{% endfor %}", "{{ '\"><script>' }}"),
        *("a", "p", "b", "img", "table", "tr", "td", "script", "style", "svg", "math", "title"),
        *("mglyph", "mtext", "annotation-xml", "noscript", "textarea", "select", "template"),
        *("href", "src", "style", "onclick", "onerror", "class", "srcdoc", "xlink:href"),
        *("javascript:alert(1)", "https://a.example/", "//evil", "data:text/html,x"),
        *(
            "url(//evil)",
            "expression(1)",
            "position:fixed",
            "color:red",
            "<!--",
            "-->",
            "<![CDATA[",
        ),
        *("]]>", "<!", "<?", "\x00", "\u2028", "--!>", "liquid0x0z", "~", "data-liquid0x0z"),
    ]
)
NESTED = st.recursive(
    st.lists(SIGNS, max_size=6).map("".join),
    lambda inner: st.builds(
        "<{0} {1}={2}{3}{2}>{4}</{0}>".format,
        st.sampled_from(["p", "a", "svg", "math", "table", "script", "td", "style", "b"]),
        st.sampled_from(["href", "onclick", "style", "title", "src", "class"]),
        st.sampled_from(['"', "'", ""]),
        st.lists(SIGNS, max_size=3).map("".join),
        inner,
    ),
    max_leaves=5,
)


class Strict(HTMLParser):
    """Reads what came out as another parser does, and notes what may not be there."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.found.append(tag)
        for name, value in attrs:
            allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set())
            if name not in allowed and not name.startswith("aria-"):
                self.found.append(f"{tag} {name}")
            link = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name in {"href", "src", "cite"} and re.match(
                r"(?!https?:|mailto:|tel:)[^/?#]*:|//", link
            ):
                self.found.append(f"{name} {value}")
            if name == "style" and re.search(
                r"url|expression|position|[\\@{]", value or "", re.IGNORECASE
            ):
                self.found.append(f"style {value}")

    def handle_comment(self, data):
        self.found.append("comment")


NAMES = {"contact": {"city": '"><script>x</script>', "vip": True, "sports": ["'"]}}


@settings(max_examples=often(300), deadline=None)
@given(NESTED)
def test_whatever_is_written_comes_out_safe_and_stays_so(text):
    try:
        cleaned = clean(text)
    except BadTemplate:
        return

    assert clean(cleaned.text).text == cleaned.text
    for known in (NAMES, {}):
        rendered = parse_template(cleaned.text, kind="html").render(known)
        assert Strict(rendered).found == []
