"""What is drawn once and filled in for many rows."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test.utils import override_script_prefix
from django.utils import translation
from django.utils.safestring import mark_safe

from offers_site.stencils import Damaged, Stencil

LINKS = (
    "{% for row in rows %}{% stencil code=row.code label=row.label for row.is_new %}"
    '<a href="/offers/{{ code }}/" title="{{ label }}">{{ label }}'
    "{% if row.is_new %}!{% endif %}</a>"
    "{% endstencil %}{% endfor %}"
)


def drawn(text, **given):
    return Template(text).render(Context(given))


def test_each_row_is_drawn_as_if_it_were_alone():
    rows = [
        {"code": "A", "label": 'Half <b> & "more"', "is_new": False},
        {"code": "B", "label": mark_safe("<i>safe</i>"), "is_new": True},
        {"code": "C", "label": 3, "is_new": False},
    ]

    assert drawn(LINKS, rows=rows) == (
        '<a href="/offers/A/" title="Half &lt;b&gt; &amp; &quot;more&quot;">'
        "Half &lt;b&gt; &amp; &quot;more&quot;</a>"
        '<a href="/offers/B/" title="<i>safe</i>"><i>safe</i>!</a>'
        '<a href="/offers/C/" title="3">3</a>'
    )


def test_it_is_drawn_once_for_all_that_are_alike_and_anew_for_every_page():
    drawings: list[int] = []
    rows = [{"is_new": new} for new in (True, False, True, True)]
    text = "{% for row in rows %}{% stencil for row.is_new %}{{ draw }}{% endstencil %}{% endfor %}"
    template = Template(text)

    def draw():
        drawings.append(len(drawings))
        return len(drawings)

    assert template.render(Context({"rows": rows, "draw": draw})) == "1211"
    assert template.render(Context({"rows": rows, "draw": draw})) == "3433"


def test_what_is_filled_in_is_never_taken_for_a_hole():
    holes: dict[str, str] = {}

    def draw(given):
        holes.update(given)
        return f"{given['first']}-{given['second']}"

    filled = Stencil.cut(["first", "second"], draw).filled(first=holes["second"], second="it")

    assert filled == f"{holes['second']}-it"


@pytest.mark.parametrize("name_filter", ['truncatechars:"12"', 'slice:":20"', "upper"])
def test_a_hole_that_a_filter_has_spoilt_is_told_of(name_filter):
    with pytest.raises(Damaged):
        drawn("{% stencil name=n %}{{ name|" + name_filter + " }}{% endstencil %}", n="x")


def test_anything_but_for_after_the_pairs_is_refused():
    with pytest.raises(TemplateSyntaxError):
        Template("{% stencil name=row.name row.kind %}{% endstencil %}")


def test_a_badge_escapes_what_people_have_written_and_keeps_what_is_safe():
    text = "{% badge 'live' label %}"

    assert "&lt;b&gt;</span>" in drawn(text, label="<b>")
    assert "<b></span>" in drawn(text, label=mark_safe("<b>"))
    assert "&lt;b&gt;</span>" in drawn(text, label="<b>")


# --- what is kept from page to page ---

KEPT = (
    "{% kept path=path for theme=theme %}"
    '<a href="{{ path }}" class="{{ theme.name }}">{% translate "Search" %}</a>'
    "{{ secret }}{{ user.name }}"
    "{% endkept %}"
)


class Theme:
    """One that knows how often it was drawn."""

    def __init__(self, name):
        self.given = name
        self.drawn = 0

    def name(self):
        self.drawn += 1
        return self.given


def test_what_is_kept_is_drawn_once_for_each_language_and_all_that_decides():
    template, dark, light = Template(KEPT), Theme("dark"), Theme("light")

    def drawn_with(path, theme):
        return template.render(Context({"path": path, "theme": theme}))

    assert drawn_with("/a/?b=1&c", dark) == '<a href="/a/?b=1&amp;c" class="dark">Search</a>'
    assert drawn_with("/d/", dark) == '<a href="/d/" class="dark">Search</a>'
    assert drawn_with("/d/", light) == '<a href="/d/" class="light">Search</a>'
    with translation.override("fr"):
        assert drawn_with("/d/", dark) == '<a href="/d/" class="dark">Rechercher</a>'
        assert drawn_with("/e/", dark) == '<a href="/e/" class="dark">Rechercher</a>'
    assert (dark.drawn, light.drawn) == (2, 1)


def test_what_is_kept_knows_nothing_of_the_page_on_which_it_was_drawn():
    person = {"name": "Ada"}

    assert drawn(KEPT, path="/", theme=Theme("dark"), secret="42", user=person) == (
        '<a href="/" class="dark">Search</a>'
    )


def test_what_is_kept_leads_where_the_product_is_served():
    template = Template("{% kept %}{% url 'home' %}{% endkept %}")

    assert template.render(Context()) == "/"
    with override_script_prefix("/overture/"):
        assert template.render(Context()) == "/overture/"


@pytest.mark.parametrize("given", ["path=a b", "for path", "path=a for b=c d"])
def test_what_is_kept_is_named(given):
    with pytest.raises(TemplateSyntaxError):
        Template("{% kept " + given + " %}{% endkept %}")
