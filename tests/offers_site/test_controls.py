"""Controls are drawn as Django's own templates draw them."""

from datetime import date

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from offers_site.controls import Renderer

NASTY = "<b> & \"double\" 'single' {{ x }}"
ATTRS = {
    "id": "id_x",
    "class": "form-control",
    "required": True,
    "disabled": False,
    "data-count": 1234,
    "title": gettext_lazy("Search"),
    "data-nasty": NASTY,
    "data-safe": mark_safe("<i>&amp;</i>"),
    "data-nothing": None,
}
CHOICES = [
    ("", "---------"),
    (1234, 5678),
    (None, gettext_lazy("Search")),
    (NASTY, NASTY),
    (mark_safe("a&amp;b"), mark_safe("<em>safe</em>")),
    (True, False),
    (gettext_lazy("Group"), [("x", "X"), ("y", NASTY)]),
    (NASTY, [("z", 1234.5)]),
]
WIDGETS = [
    *(
        kind(attrs=ATTRS)
        for kind in (
            forms.TextInput,
            forms.NumberInput,
            forms.EmailInput,
            forms.URLInput,
            forms.ColorInput,
            forms.SearchInput,
            forms.TelInput,
            forms.PasswordInput,
            forms.HiddenInput,
            forms.MultipleHiddenInput,
            forms.FileInput,
            forms.ClearableFileInput,
            forms.Textarea,
            forms.DateInput,
            forms.DateTimeInput,
            forms.TimeInput,
            forms.CheckboxInput,
            forms.NullBooleanSelect,
            forms.SelectDateWidget,
        )
    ),
    *(
        kind(attrs=ATTRS, choices=CHOICES)
        for kind in (
            forms.Select,
            forms.SelectMultiple,
            forms.RadioSelect,
            forms.CheckboxSelectMultiple,
        )
    ),
]
VALUES = [None, "", "1234", 1234, NASTY, mark_safe("<i>&amp;</i>"), True, date(2026, 11, 21)]


def test_it_is_what_draws_our_forms():
    assert type(get_default_renderer()) is Renderer


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: type(widget).__name__)
def test_each_control_is_what_the_templates_make_of_it(widget, language):
    ours, theirs = Renderer(), DjangoTemplates()

    with override(language):
        for value in VALUES:
            many = isinstance(widget, forms.SelectMultiple | forms.MultipleHiddenInput)
            given = [value] if many else value

            assert widget.render("x<y", given, renderer=ours) == widget.render(
                "x<y", given, renderer=theirs
            )


@pytest.mark.parametrize("kind", [forms.RadioSelect, forms.CheckboxSelectMultiple, forms.Select])
def test_each_choice_is_what_the_templates_make_of_it(kind):
    class Ours(forms.Form):
        x = forms.ChoiceField(choices=CHOICES, widget=kind(attrs=ATTRS), initial=1234)

    drawn = []
    for renderer in (Renderer(), DjangoTemplates()):
        choices = list(Ours(renderer=renderer)["x"].subwidgets)
        drawn.append([choice.tag(wrap_label=wrap) for choice in choices for wrap in (False, True)])

    assert drawn[0] == drawn[1]


class OwnOption(forms.Select):
    option_template_name = "django/forms/widgets/checkbox_option.html"


def test_options_of_another_shape_are_left_to_the_templates():
    widget = OwnOption(choices=[("a", "A")], attrs={"id": "x"})

    shown = widget.render("x", "a", renderer=Renderer())

    assert shown == widget.render("x", "a", renderer=DjangoTemplates())
