"""The controls of forms, as Django's templates draw them, without the templates.

A list of time zones takes those tens of milliseconds, since they draw each choice by two templates.
What is not one of the usual controls is left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.template import Context
from django.template.base import render_value_in_context
from django.utils.html import escape
from django.utils.safestring import SafeData

Drawn = Mapping[str, Any]  # what a template sees as `widget`
FOLDER = "django/forms/widgets"
INPUTS = "checkbox color date datetime email file hidden number password search tel text time url"
PLAIN = Context()


def said(value: object) -> str:
    """`{{ value }}`: what people read, numbers as they write them."""
    return escaped(value) if isinstance(value, str) else render_value_in_context(value, PLAIN)


def escaped(value: object) -> str:
    """`{{ value|stringformat:'s' }}`: what programs read."""
    return str(value) if isinstance(value, SafeData) else str(escape(str(value)))


def attributes(widget: Drawn) -> Iterator[str]:
    for name, value in widget["attrs"].items():
        if value is True:
            yield f" {said(name)}"
        elif value is not False:
            yield f' {said(name)}="{escaped(value)}"'


def drawn_input(widget: Drawn) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{escaped(value)}"'
    name, kind = said(widget["name"]), said(widget["type"])
    return f'<input type="{kind}" name="{name}"{shown}{"".join(attributes(widget))}>'


def drawn_choice(widget: Drawn) -> str:
    """A box or a button, in its label where it has one."""
    if not widget.get("wrap_label"):
        return drawn_input(widget)
    key = widget["attrs"].get("id")
    target = f' for="{escaped(key)}"' if key else ""
    return f"<label{target}>{drawn_input(widget)}\n {said(widget['label'])}</label>"


def drawn_text(widget: Drawn) -> str:
    value = said(widget["value"]) if widget["value"] else ""
    name = said(widget["name"])
    return f'<textarea name="{name}"{"".join(attributes(widget))}>\n{value}</textarea>'


def drawn_option(widget: Drawn) -> str:
    value, label = escaped(widget["value"]), said(widget["label"])
    return f'<option value="{value}"{"".join(attributes(widget))}>{label}</option>'


def drawn_select(widget: Drawn) -> str:
    return "".join(parts_of_select(widget))


def parts_of_select(widget: Drawn) -> Iterator[str]:
    yield f'<select name="{said(widget["name"])}"{"".join(attributes(widget))}>'
    for heading, options, _number in widget["optgroups"]:
        if heading:
            yield f'\n  <optgroup label="{said(heading)}">'
        for option in options:
            yield f"\n  {drawn_option(option)}\n"
        if heading:
            yield "\n  </optgroup>"
    yield "\n</select>"


DRAWN_BY: Mapping[str, Callable[[Drawn], str]] = {
    f"{FOLDER}/{name}.html": draw
    for name, draw in {
        **dict.fromkeys(["input", *INPUTS.split()], drawn_input),
        **dict.fromkeys(["checkbox_option", "input_option", "radio_option"], drawn_choice),
        "textarea": drawn_text,
        "select": drawn_select,
        "select_option": drawn_option,
    }.items()
}
OPTION = f"{FOLDER}/select_option.html"


class Renderer(DjangoTemplates):
    """Django's own, but for the usual controls."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        draw = DRAWN_BY.get(template_name)
        if draw is None or has_options_of_its_own(context["widget"]):
            rendered: str = super().render(template_name, context, request)
            return rendered
        return draw(context["widget"])


def has_options_of_its_own(widget: Drawn) -> bool:
    """Some select draws its options otherwise."""
    groups = widget.get("optgroups", ())
    return any(option["template_name"] != OPTION for _, options, _ in groups for option in options)
