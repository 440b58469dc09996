# ruff: noqa: E501 (templates are written as their authors write them)
"""The language of templates: what it says, what it refuses, and that nobody can take it down."""

import contextlib
import re
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.rendering import BadTemplate, RenderingFailed, parse_template
from catalog.rendering.filters import FILTERS
from catalog.rendering.values import seen
from catalog.scalars import LONGEST_FIELD

KNOWN = seen(
    {
        "contact": {
            "first_name": "Zoé",
            "city": 'Saint-Denis <"&>',
            "age": 31,
            "spend": 1250.5,
            "vip": True,
            "birth_date": date(1994, 2, 3),
            "created_at": datetime(2026, 5, 1, 8, 0, tzinfo=UTC),
            "sports": ("ski", "golf"),
            "site": "https://zoe.example/a?b=c d",
            "bad": "javascript:alert(1)",
            "store": "lyon-2",
        },
        "call": {"basket": {"total": 40}},
        "language": "fr",
    }
)


def render(text, kind="text", **names):
    return parse_template(text, kind=kind).render({**KNOWN, **names})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", "Hello"),
        ("{{ contact.first_name }}!", "Zoé!"),
        ("[{{ contact.nobody_knows }}]", "[]"),
        ("{{ contact.sports }}", "ski, golf"),
        (
            "{{ contact.sports[1] }} {{ contact.sports.size }} {{ contact.sports.last }}",
            "golf 2 golf",
        ),
        ("{{ contact.vip }} {{ contact.spend }} {{ contact.age }}", "true 1250.5 31"),
        ("{{ contact }}{{ call.basket }}", ""),
        ("{{ call.basket.total }}", "40"),
        ("{{ contact.birth_date }}", "1994-02-03"),
        ("{{ contact.created_at }}", "2026-05-01T08:00:00Z"),
        ('{{ contact.birth_date | date: "%d/%m/%Y" }}', "03/02/1994"),
        ('{{ contact.birth_date | date: "long" }}', "3 février 1994"),
        ("{{ contact.spend | money: 'EUR' }}", "1\u202f250,50\xa0€"),
        ("{{ contact.spend | number: 0 }}", "1\u202f250"),
        ("{{ contact.nobody | default: 'you' | upcase }}", "YOU"),
        ("{{ contact.first_name | date }}|{{ 1 | divided_by: 0 }}", "|"),
        ("{{ 7 | divided_by: 2 }} {{ 7.0 | divided_by: 2 }} {{ 2.5 | ceil }}", "3 3.5 3"),
        ("{{ 'a,b' | split: ',' | join: ' and ' }}", "a and b"),
        ("{{ 'one two three' | truncatewords: 2 }} {{ 'abcdef' | truncate: 4 }}", "one two… abc…"),
        ("{{ 'x' }}{{- 'y' -}}  z", "xyz"),
        ("a {% comment %}{% nothing %} {{ }}{% endcomment %}b{% # this too %}", "a b"),
        ("{% if contact.age >= 26 %}grown{% else %}young{% endif %}", "grown"),
        ("{% if contact.age >= '26' %}no{% elsif contact.vip %}vip{% endif %}", "vip"),
        ("{% unless contact.vip %}no{% else %}yes{% endunless %}", "yes"),
        ("{% if contact.birth_date < '2000-01-01' and contact.nobody == blank %}y{% endif %}", "y"),
        ("{% if contact.sports contains 'ski' or contact.nobody.deep %}ski{% endif %}", "ski"),
        (
            "{% case contact.age %}{% when 30, 31 %}here{% when 31 %}again{% else %}no{% endcase %}",
            "here",
        ),
        ("{% for s in contact.sports %}{{ forloop.index }}{{ s }}{% endfor %}", "1ski2golf"),
        ("{% for s in contact.none %}x{% else %}none{% endfor %}", "none"),
        ("{% for n in (1..9) limit: 3 offset: 2 %}{{ n }}{% endfor %}", "345"),
        (
            "{% for n in (1..9) reversed %}{% if n < 7 %}{% break %}{% endif %}{{ n }}{% endfor %}",
            "987",
        ),
        ("{% for n in (1..3) %}{% if n == 2 %}{% continue %}{% endif %}{{ n }}{% endfor %}", "13"),
        ("{% assign n = contact.age | plus: 1 %}{{ n }}", "32"),
    ],
)
def test_what_templates_say(text, expected):
    assert render(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a\nb {{ x", 2, 3, "“{{” is never closed: write “}}”."),
        ("{% if contact.age", 1, 1, "“{%” is never closed: write “%}”."),
        ("{{ }}", 1, 1, "Nothing stands between the braces."),
        ("{% if contact.age %}x", 1, 1, "“if” is never closed: write “{% endif %}”."),
        ("x{% endif %}", 1, 2, "“endif” does not belong here."),
        ("{% if 1 %}{% else %}{% elsif 2 %}{% endif %}", 1, 21, "“elsif” does not belong here."),
        ("{% break %}", 1, 1, "“break” does not belong here."),
        ("{% include 'a' %}", 1, 1, "There is no tag “include”."),
        ("{% render 'a' %}", 1, 1, "There is no tag “render”."),
        ("{% capture a %}{% endcapture %}", 1, 1, "There is no tag “capture”."),
        ("{% raw %}{% endraw %}", 1, 1, "There is no tag “raw”."),
        ("{% liquid\nassign a = 1 %}", 1, 1, "There is no tag “liquid”."),
        ("{{ contact.age | shell }}", 1, 18, "There is no filter “shell”."),
        ("{{ 'x' | safe }}", 1, 10, "There is no filter “safe”."),
        ("{{ 1 | plus }}", 1, 8, "The filter “plus” cannot be given this."),
        ("{{ 1 | plus: 1, 2 }}", 1, 8, "The filter “plus” cannot be given this."),
        (
            "{{ person.age }}",
            1,
            4,
            "There is nothing called “person”. Known are: call, contact, language, links, offer, "
            "proposition, space.",
        ),
        (
            "{{ contact[call.name] }}",
            1,
            4,
            "Name what you mean: “contact[call.name]” depends on another value.",
        ),
        (
            "{% assign contact = 1 %}",
            1,
            1,
            "“contact” cannot be the name of a value of your own.",
        ),
        ("{{ (1..3) }}", 1, 4, "A range can only stand in a loop."),
        ("{{ contact.age ? }}", 1, 16, "“{{ contact.age ? }}” cannot be read."),
        (
            "{% if contact.age = 3 %}{% endif %}",
            1,
            19,
            "“{% if contact.age = 3 %}” cannot be read.",
        ),
    ],
)
def test_a_text_that_is_no_template_is_refused_with_its_place(text, line, column, message):
    with pytest.raises(BadTemplate) as refusal:
        parse_template(text, kind="text")

    assert (refusal.value.message, refusal.value.line, refusal.value.column) == (
        message,
        line,
        column,
    )


def test_a_template_names_what_it_asks_for():
    text = "{% if contact.age > call.least %}{{ contact.city | append: links.click }}{% endif %}"

    template = parse_template(text, kind="text")

    assert template.names == {"contact.age", "call.least", "contact.city", "links.click"}
    assert not template.is_static


def test_a_text_without_anything_personal_is_not_rendered():
    template = parse_template("<b>5 > 3 {% # nothing %}</b>", kind="html")

    assert template.is_static
    assert template.fixed == "<b>5 > 3 </b>"
    assert template.render({}) is template.fixed


def test_the_fields_of_content_are_names_in_the_template_of_a_space():
    template = parse_template("{{ title }}", kind="text", fields=frozenset({"title"}))

    assert template.render({"title": "Half price"}) == "Half price"
    with pytest.raises(BadTemplate, match="There is nothing called “title”"):
        parse_template("{{ title }}", kind="text")


# --- every place writes values in its own way ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>{{ contact.city }}</p>", "<p>Saint-Denis &lt;&quot;&amp;&gt;</p>"),
        ('<p title="{{ contact.city }}">', '<p title="Saint-Denis &lt;&quot;&amp;&gt;">'),
        ("{{ '<script>' }}", "&lt;script&gt;"),
        ("{% assign a = '<b>' %}{{ a | append: '</b>' }}", "&lt;b&gt;&lt;/b&gt;"),
        ('<a href="{{ contact.site }}">', '<a href="https://zoe.example/a?b=c%20d">'),
        ('<a href="{{ contact.bad }}">', '<a href="#">'),
        ('<img src="{{ contact.bad }}">', '<img src="">'),
        ('<a href="{{ contact.nobody }}">', '<a href="">'),
        ('<a href="https://a.example/?c={{ contact.city }}">', '<a href="https://a.example/?c=Saint-Denis%20%3C%22%26%3E">'),
        ('<a href="https://{{ contact.store }}.a.example/">', '<a href="https://lyon-2.a.example/">'),
        ('<a href="java{{ contact.bad }}">', '<a href="javajavascript%3Aalert%281%29">'),
        ('<p{% if contact.vip %} class="v"{% endif %}>', '<p class="v">'),
        ('<a href="{% if contact.vip %}https://a.example/{% else %}https://b.example/{% endif %}{{ contact.bad }}">', '<a href="https://a.example/javascript%3Aalert%281%29">'),
    ],
)  # fmt: skip
def test_html_escapes_values_where_they_stand(text, expected):
    assert render(text, "html") == expected


@pytest.mark.parametrize(
    "text",
    [
        "<script>{{ contact.city }}</script>",
        "<style>p { color: {{ contact.city }} }</style>",
        '<p style="color: {{ contact.city }}">',
        '<p onclick="{{ contact.city }}">',
        "<p title={{ contact.city }}>",
        "<{{ contact.city }}>",
        "<p {{ contact.city }}>",
        "<!-- {{ contact.city }} -->",
        '<iframe srcdoc="{{ contact.city }}"></iframe>',
        "<textarea>{{ contact.city }}</textarea>",
        '<a href="javascript:{{ contact.city }}">',
        '<a href="java{% if contact.vip %}script:{% endif %}alert(1)">',
        '<a href="{% if contact.vip %}java{% endif %}script&#58;alert(1)">',
        '<a href="{% if contact.vip %}a{% endif %}&#5{% if contact.vip %}8;{% endif %}b">',
        '<a href="{% if contact.vip %}{% endif %}//evil.example">',
        '<a title="{% if contact.vip %}x" onclick="y{% endif %}">',
        "{% if contact.vip %}<p title='{% endif %}",
        "{% for a in contact.sports %}<p title='{% endfor %}",
        "<p title='",
    ],
)
def test_a_value_or_condition_where_nothing_makes_it_safe_is_refused(text):
    with pytest.raises(BadTemplate):
        parse_template(text, kind="html")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example/{{ contact.first_name }}?x={{ contact.city }}&y=1",
         "https://a.example/Zo%C3%A9?x=Saint-Denis%20%3C%22%26%3E&y=1"),
        ("{{ contact.site }}", "https://zoe.example/a?b=c%20d"),
        ("HTTPS://A.example/é", "https://a.example/%C3%A9"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("", ""),
    ],
)  # fmt: skip
def test_links_lead_to_the_web_with_their_values_encoded(text, expected):
    assert render(text, "url") == expected


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https:\\\\evil.example",
        "http:evil.example",
        "https://",
        "https://shop.example@evil.example",
        "https://a.example\u2028/b",
        "https://a\u200b.example/",
        "https://a.example/\u202etxt.exe",
        "ｊavascript:alert(1)",
        "https://evil.example\uff0fshop.example",
        "https://a b.example/",
        "file:///etc/passwd",
        "evil.example",
        "/offers",
        "https://a.example{{ contact.first_name }}@evil.example",
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_when_it_is_written(text):
    with pytest.raises(BadTemplate):
        parse_template(text, kind="url")


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.bad }}",
        "https://{{ contact.first_name }}.example/",
        "https://a.{{ contact.site }}",
    ],
)
def test_a_link_that_a_value_spoils_fails(text):
    with pytest.raises(RenderingFailed):
        render(text, "url")


def test_json_is_json_whatever_the_values_are():
    text = '{"a": "x {{ contact.city }}", "b": {{ contact.age }}, "c": {{ contact.none }}, "d": {{ contact.sports }}}'

    assert render(text, "json") == (
        '{"a": "x Saint-Denis <\\"&>", "b": 31, "c": null, "d": ["ski", "golf"]}'
    )
    with pytest.raises(RenderingFailed):
        render('{"a": {{ contact.age }}{{ contact.age }}"}', "json")
    with pytest.raises(BadTemplate):
        parse_template("{not json}", kind="json")


def test_a_line_cannot_become_a_second_header():
    text = "Hello {{ call.name }}"

    assert render(text, "line", call={"name": "x\r\nBcc: all@example.org\u2028y"}) == (
        "Hello x Bcc: all@example.org y"
    )


# --- nobody gets out, and nobody takes it down ---


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.__class__ }}",
        "{{ contact.first_name.__class__ }}",
        "{{ contact['__class__']['__mro__'] }}",
        "{{ contact.first_name.upper }}",
        "{{ contact.birth_date.value }}",
        "{{ contact.keys }}",
        "{{ forloop }}",
    ],
)
def test_nothing_but_values_is_reached(text):
    body = "{% for forloop_ in contact.sports limit: 1 %}" + text + "{% endfor %}"

    assert render(body) == ""


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",  # Jinja
        "{{ config.items() }}",
        "{{ 7*7 }}",
        "{% debug %}",  # Django
        "{% load log %}",
        "{% include 'admin/base_site.html' %}",
        "{{ request.user }}",
        "{{ settings.SECRET_KEY }}",
        "{% layout 'x' %}",  # Liquid
        "{% increment x %}",
        "{% tablerow i in (1..9) %}{% endtablerow %}",
        "{% cycle 'a', 'b' %}",
        "{{ now }}",
        "{% paginate a by 5 %}{% endpaginate %}",
    ],
)
def test_the_attacks_of_other_template_languages_are_refused(text):
    with pytest.raises(BadTemplate):
        parse_template(text, kind="html")


BOMBS = [
    "{% for i in (1..1000000000) %}x{% endfor %}",
    "{% for i in (1..999999999999999999999999) %}x{% endfor %}",
    "{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}",
    "{% for i in (1..900) %}{% for j in (1..900) %}{% endfor %}{% endfor %}",
    "{% assign a = 'aaaaaaaaaaaaaaaa' %}" + "{% assign a = a | append: a | append: a %}" * 50 + "{{ a }}",
    "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..99) %}{% assign a = a | replace: 'a', a %}{% endfor %}{{ a }}",
    "{% assign a = 9 %}{% for i in (1..99) %}{% assign a = a | times: a %}{% endfor %}{{ a }}",
    "{{ '" + "a" * 900 + "' }}" * 2_000,
    "{% for i in (1..1000) %}{{ '" + "a" * 900 + "' }}{{ '" + "b" * 900 + "' }}{% endfor %}",
    "{% for i in (1..1000) %}{{ i | money: 'EUR' }}{{ i | number }}{% endfor %}",
    "{{" * 100_000,
    "{%" * 100_000,
    "{{ " + " " * 200_000,
    "{% if " + "a and " * 150 + "b %}{% endif %}",
    "{{ a" + "[a" * 300 + "]" * 300 + " }}",
    "{{ " + "(" * 900 + " }}",
    "{{ '" + "'" * 900 + " }}",
    "{% if 1 %}" * 5_000,
    "{% if 1 %}" * 30 + "{% endif %}" * 30,
    "{% case 1 %}{% when " + ",".join("1" * 400) + " %}{% case 1 %}{% when 1,1,1,1 %}x{% endcase %}{% endcase %}",
    "{% comment %}" * 10_000,
    '{{ "now" | date: "%' + "9" * 90 + 'd" }}',
    "<" * LONGEST_FIELD,
    "<a " * (LONGEST_FIELD // 3),
    "&" * LONGEST_FIELD,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BOMBS)))
def test_no_template_takes_long_or_gives_much(number):
    """Two seconds of this thread's own time would be a hundred times what they take."""
    began = time.thread_time()

    try:
        size = len(render(BOMBS[number], "html"))
    except (BadTemplate, RenderingFailed):
        size = 0

    assert size <= 1024 * 1024
    assert time.thread_time() - began < 2


def test_a_text_of_ten_megabytes_is_refused_before_it_is_read():
    with pytest.raises(BadTemplate, match=r"longer than the 256 KB"):
        parse_template("x" * 10 * 1024 * 1024, kind="html")


PARTS = st.lists(
    st.sampled_from(
        [
            *("{{", "}}", "{%", "%}", " if ", " endif ", "for i in (1..3)", "endfor"),
            *("contact.age", "|", "'", '"', "<", ">", "<a href=", "<p ", "=", "&#58;", "#"),
            *("javascript:", "-", "\n", "x", "//", "{{ contact.city }}", "{% endif %}"),
            *("{% if contact.vip %}", "{% else %}"),
        ]
    ),
    max_size=25,
).map("".join)


@given(PARTS, st.sampled_from(["html", "text", "line", "url", "json"]))
def test_every_text_is_a_template_or_is_refused_with_a_place(text, kind):
    try:
        template = parse_template(text, kind=kind)
    except BadTemplate as error:
        refusal = error
    else:
        with contextlib.suppress(RenderingFailed):
            assert isinstance(template.render(KNOWN), str)
        return
    assert refusal.message
    assert refusal.line >= 1
    assert refusal.column >= 1


def test_the_examples_of_the_documentation_are_templates():
    text = (Path(__file__).parents[2] / "docs" / "offers.md").read_text()
    examples = re.findall(r"```liquid\n(.*?)```", text, re.DOTALL)

    assert len(examples) == 6
    assert "Hello Zoé" in render(examples[0])
    for example in examples:
        parse_template(example, kind="html")
    named = set(re.findall(r"`(\w+)`", text.partition("After a bar")[2].partition("It is the")[0]))
    assert named <= set(FILTERS)
