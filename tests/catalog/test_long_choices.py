"""The select of hundreds of categories, which draws its options itself."""

import pytest
from django import forms
from django.test.html import parse_html

from catalog.forms.fields import LongSelect

CHOICES = [("", "Any <category>"), ("travel", 'Travel & "more"'), ("canada", "\u2003Canada")]


@pytest.mark.parametrize("value", ["travel", "", None, "unknown", ["canada"]])
def test_it_is_the_select_that_django_draws(value):
    attrs = {"id": "id_category", "required": True, "aria-describedby": "help"}

    def drawn(widget):
        return parse_html(
            widget(attrs={"class": "form-select"}, choices=CHOICES).render("category", value, attrs)
        )

    assert drawn(LongSelect) == drawn(forms.Select)
