"""The tags of components/list.html: the parts of a list's template, and its rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import template
from django.template import Context, Engine, Template, TemplateDoesNotExist
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from offers_site.stencils import Stencil, surroundings
from offers_site.templatetags.overture import NOTHING, value_or_nothing, when

if TYPE_CHECKING:
    from offers_site.columns import Column, Shape
    from offers_site.lists import ListPage

register = template.Library()

ROW = "components/list_row.html"


@register.simple_tag(takes_context=True)
def part(context: Context, page: ListPage[Any], name: str) -> SafeString:
    """A partial of the list's template, such as `empty`; nothing where there is none."""
    drawn_by = partial_of(context, page, name)
    return drawn(drawn_by, context) if drawn_by is not None else SafeString()


@register.simple_tag(takes_context=True)
def has_part(context: Context, page: ListPage[Any], name: str) -> bool:
    """Has the list's template this partial?"""
    return partial_of(context, page, name) is not None


@register.simple_tag(takes_context=True)
def rows(context: Context, page: ListPage[Any]) -> SafeString:
    """Every row: what stands around the cells is drawn once, and the cells for each."""
    return mark_safe("".join(drawn_rows(context, page)))  # noqa: S308 (rendered templates)


def drawn_rows(context: Context, page: ListPage[Any]) -> Iterator[str]:
    stencils: dict[bool, Stencil] = {}  # with a menu and without
    cells = [
        (column, partial_of(context, page, f"cell_{column.drawn_as or column.name}"))
        for column in page.columns
    ]
    menu = partial_of(context, page, "row_menu")
    names = [f"cell_{number}" for number in range(len(cells))]
    for number, row in enumerate(page.rows, 1):
        with context.push(row=row):
            filling: dict[str, object] = {"key": page.key_of(row), "name": row, "number": number}
            filling["menu"] = drawn(menu, context) if menu is not None else ""
            for name, (column, drawn_by) in zip(names, cells, strict=True):
                context["column"] = column
                filling[name] = cell(context, column, row, drawn_by)
        has_menu = bool(filling["menu"])
        if has_menu not in stencils:
            stencils[has_menu] = stencil_of(
                engine_of(context), page.shape, surroundings(), has_menu=has_menu, menus=bool(menu)
            )
        yield stencils[has_menu].filled(**filling)


@lru_cache(maxsize=200)
def stencil_of(
    engine: Engine, shape: Shape, _where: Hashable, *, has_menu: bool, menus: bool
) -> Stencil:
    """What stands around the cells of a row, on every page of a list of this shape."""
    template_of_row: Template = engine.get_template(ROW)
    cells = [f"cell_{number}" for number in range(len(shape.shown))]

    def draw(holes: Mapping[str, str]) -> str:
        given = {
            "list": shape,
            "key": holes["key"],
            "row": holes["name"],
            "number": holes["number"],
            "menu": holes["menu"] if has_menu else "",
            "has_menus": menus,
            "cells": [(head, holes[name]) for head, name in zip(shape.shown, cells, strict=True)],
        }
        return template_of_row.render(Context(given))

    return Stencil.cut(["key", "name", "number", "menu", *cells], draw)


def cell(
    context: Context, column: Column, row: object, drawn_by: Template | None
) -> SafeString | str:
    """What stands in one cell: its partial, else the attribute of the column's name."""
    if drawn_by is None:
        value = getattr(row, column.name, "")
        value = value() if callable(value) else value
        shown: Any = when(value) if isinstance(value, datetime) else value_or_nothing(value)
        return conditional_escape(shown)
    text = drawn(drawn_by, context)
    return NOTHING if text == "—" else text


def drawn(drawn_by: Template, context: Context) -> SafeString:
    return mark_safe(drawn_by.render(context).strip())  # noqa: S308 (a rendered template)


def partial_of(context: Context, page: ListPage[Any], name: str) -> Template | None:
    """A partial of the list's template, looked up once."""
    if name not in page.partials:
        try:
            page.partials[name] = engine_of(context).get_template(
                f"{page.definition.template}#{name}"
            )
        except TemplateDoesNotExist:
            page.partials[name] = None
    return page.partials[name]


def engine_of(context: Context) -> Any:
    return context.template.engine  # type: ignore[union-attr] # it is being rendered
