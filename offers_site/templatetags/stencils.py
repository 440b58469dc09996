"""The tags that draw once what is alike: for the rows of a page, and for many pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.template import Context
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.utils.safestring import SafeString

from offers_site.stencils import Stencil, surroundings

register = template.Library()

MOST_KEPT = 300  # drawings of one piece: some kilobytes each


class StencilNode(template.Node):
    """What is inside `{% stencil %}`, cut once per page for all that is alike."""

    def __init__(
        self,
        inside: template.NodeList,
        holes: dict[str, FilterExpression],
        alike: Sequence[FilterExpression],
    ) -> None:
        self.nodelist = inside
        self.holes = holes
        self.alike = alike

    def render(self, context: Context) -> SafeString:
        page: Any = context.render_context.dicts[0]  # where {% include %} keeps its own
        cut: dict[tuple[object, ...], Stencil] = page.setdefault(self, {})
        like = tuple(each.resolve(context) for each in self.alike)
        if like not in cut:
            cut[like] = Stencil.cut(list(self.holes), lambda holes: self.drawn(context, holes))
        return cut[like].filled(
            **{name: each.resolve(context) for name, each in self.holes.items()}
        )

    def drawn(self, context: Context, holes: Mapping[str, str]) -> str:
        with context.push(**holes):
            return self.nodelist.render(context)


@register.tag
def stencil(parser: Parser, token: Token) -> StencilNode:
    """`{% stencil code=row.code label=row.label for row.is_new %}…{% endstencil %}`.

    What is inside is drawn once for all that is alike in what comes after `for`; the values before
    it are only filled in. It sees them by name, and must depend on nothing else that differs from
    row to row: it can print them and build addresses of them, but ask and cut nothing of them.
    Numbers are filled in without separators.
    """
    bits = token.split_contents()[1:]
    holes = token_kwargs(bits, parser)
    if bits and bits.pop(0) != "for":
        raise template.TemplateSyntaxError("stencil: pairs name=value, then “for” and what decides")
    alike = [parser.compile_filter(bit) for bit in bits]
    inside = parser.parse(("endstencil",))
    parser.delete_first_token()
    return StencilNode(inside, holes, alike)


class KeptNode(template.Node):
    """What is inside `{% kept %}`, cut once per process for all pages on which it is alike."""

    child_nodelists = ()  # whoever looks for blocks need not look here

    def __init__(
        self,
        inside: template.NodeList,
        holes: dict[str, FilterExpression],
        alike: dict[str, FilterExpression],
    ) -> None:
        self.nodelist = inside
        self.holes = holes
        self.alike = alike
        self.cut: dict[tuple[object, ...], Stencil] = {}

    def render(self, context: Context) -> SafeString:
        given = {name: each.resolve(context) for name, each in self.alike.items()}
        like = (surroundings(), *given.values())
        stencil = self.cut.get(like)
        if stencil is None:
            if len(self.cut) >= MOST_KEPT:
                self.cut.clear()
            stencil = Stencil.cut(
                list(self.holes), lambda holes: self.drawn(context.template, {**given, **holes})
            )
            self.cut[like] = stencil
        return stencil.filled(**{name: each.resolve(context) for name, each in self.holes.items()})

    def drawn(self, page: Any, given: Mapping[str, object]) -> str:
        """Nothing is seen but what is given, so that nothing of one page stays for another."""
        context = Context(given)
        with context.bind_template(page), context.render_context.push_state(page):
            return self.nodelist.render(context)


@register.tag
def kept(parser: Parser, token: Token) -> KeptNode:
    """`{% kept path=request.get_full_path for theme=frame.theme %}…{% endkept %}`.

    As `{% stencil %}`, but what was drawn serves every page for which the values after `for` are
    the same, in the same language. Inside, only these values and the holes are known by name.
    """
    bits = token.split_contents()[1:]
    holes = token_kwargs(bits, parser)
    begins_for = not bits or bits.pop(0) == "for"
    alike = token_kwargs(bits, parser)
    if bits or not begins_for:
        raise template.TemplateSyntaxError("kept: pairs name=value, then “for” and such pairs")
    inside = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(inside, holes, alike)
