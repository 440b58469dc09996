"""Offers in the pages of a Django site, written on the server.

    {% load overture_offers %}
    {% offers "contacts" key=customer.key consent=consent %}
      {% offer_slot "webHero" categories="travel" %}What stands here shows when there is no offer.
      {% endoffer_slot %}
    {% endoffers %}

Everything between `offers` and `endoffers` is one call, whatever files it is put together from.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.timezone import now

from decisioning.places import Page

register = template.Library()
PAGE = "_overture_page"
ASKED = frozenset({"key", "keys", "token", "visitor", "consent", "call", "language"})


class OffersNode(Node):
    def __init__(
        self, environment: FilterExpression, asked: dict[str, FilterExpression], nodelist: NodeList
    ) -> None:
        self.environment, self.asked, self.nodelist = environment, asked, nodelist

    def render(self, context: Context) -> SafeString:
        asked: dict[str, Any] = {name: each.resolve(context) for name, each in self.asked.items()}
        page = Page(
            environment=str(self.environment.resolve(context)),
            consent=bool(asked.pop("consent", True)),
            call=asked.pop("call", None) or {},
            language=asked.pop("language", None) or translation.get_language(),
            browser=getattr(context.get("request"), "overture_browser", None),
            target=asked,
        )
        with context.push(**{PAGE: page}):
            written = self.nodelist.render(context)
        return page.filled(written, at=now())


@register.tag("offers")
def parse_offers(parser: Parser, token: Token) -> OffersNode:
    """The environment; whom it is for by `key`, `keys`, `token` or `visitor`; `consent`; `call`."""
    name, *bits = token.split_contents()
    if not bits:
        raise TemplateSyntaxError(f"{name}: say of which environment.")
    environment = parser.compile_filter(bits.pop(0))
    asked = token_kwargs(bits, parser)
    if bits or not asked.keys() <= ASKED:
        raise TemplateSyntaxError(
            f"{name}: expected {', '.join(sorted(ASKED))}, each with a value."
        )
    nodelist = parser.parse(("endoffers",))
    parser.delete_first_token()
    return OffersNode(environment, asked, nodelist)


@register.simple_block_tag(takes_context=True, end_name="endoffer_slot")
def offer_slot(
    context: Context,
    content: SafeString,
    space: str,
    *,
    slot: str | None = None,
    count: int | None = None,
    categories: str = "",
    themes: str = "",
    call: dict[str, Any] | None = None,
) -> SafeString:
    """A place for offers, and the words that stand in it when there are none."""
    page = context.get(PAGE)
    if page is None:
        raise TemplateSyntaxError("offer_slot: it stands between offers and endoffers.")
    asked: dict[str, Any] = {
        "space": space,
        "slot": slot,
        "count": count,
        "categories": words(categories),
        "themes": words(themes),
        "call": call or {},
    }
    found: SafeString = page.add(asked, content)
    return found


def words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
