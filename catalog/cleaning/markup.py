"""Cleaning HTML that has Liquid in it.

nh3 reads HTML as browsers do. Each piece of Liquid is put aside first, as something that an HTML
parser leaves where it is — a comment between tags, a word within a value, an attribute within a tag
— and put back afterwards. What comes out is read as a template, and cleaned once more: it must stay
as it is, or it is refused.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict

import nh3
from django.utils.translation import gettext as _

from catalog.cleaning.allowed import (
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    LINK_SCHEMES,
    TAGS,
    allowed_styles,
)
from catalog.rendering import BadTemplate, parse_template, too_long
from catalog.rendering.contexts import IN_TEXT, URL_ATTRIBUTES, HtmlState, InHtml, Misplaced, read
from catalog.rendering.pieces import OPENING, Piece, cut
from catalog.rendering.refusals import bad_at
from catalog.rendering.urls import BadLink, phase_after
from catalog.scalars import LONGEST_FIELD

PASSAGES = 4  # until the text stays as it is
HIDDEN = frozenset({"comment", "bogus"})
IMPLIED = frozenset({"tbody", "html", "head", "body", "colgroup"})


def clean_html(text: str, *, fields: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """HTML that only shows, and what was taken out; raises BadTemplate."""
    removed: dict[str, None] = {}
    for _passage in range(PASSAGES):
        passage = Passage(text)
        cleaned = passage.run()
        removed.update(passage.removed)
        if len(cleaned) > LONGEST_FIELD:
            raise too_long()
        if cleaned == text:
            parse_template(text, kind="html", fields=fields)
            return text, tuple(removed)
        text = cleaned
    raise BadTemplate(_("This HTML cannot be made safe: write it more simply."))


class Passage:
    """One passage of one text through the cleaner."""

    def __init__(self, text: str) -> None:
        self.text = with_plain_liquid(text)
        self.mark = mark_for(self.text)
        self.removed: dict[str, None] = {}
        self.pieces: list[Piece] = []

    def run(self) -> str:
        self.pieces = cut(self.text)
        marked = self.marked()
        cleaned = nh3.clean(
            marked,
            tags=TAGS,
            clean_content_tags=DROPPED_WITH_CONTENT,
            attributes=ATTRIBUTES,
            attribute_filter=self.attribute,
            generic_attribute_prefixes={f"data-{self.mark}", "aria-"},
            strip_comments=False,
            link_rel=None,
            url_schemes=LINK_SCHEMES,
        )
        cleaned = re.sub(rf"<!--(?!{self.mark}\d+z-->).*?-->", "", cleaned, flags=re.DOTALL)
        self.compare(marked, cleaned)
        return self.restored(cleaned)

    # --- Liquid aside, and back ---

    def marked(self) -> str:
        """The text with a mark in the place of each piece of Liquid, and without comments."""
        state, parts = IN_TEXT, []
        for number, piece in enumerate(self.pieces):
            if piece.kind == "text":
                kept, state = self.literal(piece, state)
                parts.append(kept)
            elif piece.kind == "comment":
                self.removed[_("a comment")] = None
            else:
                self.check_place(piece, state)
                parts.append(self.mark_in(state, number))
        return "".join(parts)

    def literal(self, piece: Piece, state: HtmlState) -> tuple[str, HtmlState]:
        kept: list[str] = []
        at = 0
        while at < len(piece.source):
            try:
                after, end = read(state, piece.source, at)
            except Misplaced as error:
                if piece is self.pieces[-1]:  # nothing follows that could depend on it
                    return "".join([*kept, piece.source[at:]]), state
                raise bad_at(self.text, piece.start + at, str(error)) from None
            part = piece.source[at:end]
            if state.mode in HIDDEN or after.mode in HIDDEN:
                self.removed[_("a comment")] = None
                part = "" if state.mode in HIDDEN else part[: part.rfind("<")]
            kept.append(part)
            state, at = after, end
        return "".join(kept), state

    def check_place(self, piece: Piece, state: HtmlState) -> None:
        """A value stands in text or in an attribute. Where both go, so does the value."""
        if piece.kind == "value" and state.mode not in {"text", "raw", "value"} | HIDDEN:
            try:
                InHtml().writer(state)
            except Misplaced as error:
                raise bad_at(self.text, piece.start, str(error)) from None

    def mark_in(self, state: HtmlState, number: int) -> str:
        mark = f"{self.mark}{number}z"
        if state.mode == "text":
            return f"<!--{mark}-->"
        if state.mode in {"value", "raw"}:
            return f"~{mark}~"  # which begins no scheme of a link
        return "" if state.mode in HIDDEN else f' data-{mark}="" '

    def restored(self, cleaned: str) -> str:
        order: list[int] = []

        def piece(found: re.Match[str]) -> str:
            number = int(found[1] or found[2] or found[3])
            order.append(number)
            return (" " if found[2] else "") + self.pieces[number].source

        pattern = rf'<!--{self.mark}(\d+)z-->| data-{self.mark}(\d+)z=""|~{self.mark}(\d+)z~'
        text = re.sub(pattern, piece, cleaned)
        if order != sorted(set(order)):
            raise BadTemplate(_("Conditions and loops must stand around whole elements."))
        return text

    # --- what is allowed, and what was not ---

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        if name.startswith(f"data-{self.mark}"):
            return ""
        if name == "style":
            return self.styles(value)
        return self.link(value) if name in URL_ATTRIBUTES else value

    def styles(self, value: str) -> str | None:
        if self.mark in value:
            self.removed[_("a style that depends on a value or a condition")] = None
            return None
        kept, refused = allowed_styles(value)
        for one in refused:
            self.removed[_("the style “%(style)s”") % {"style": one}] = None
        return kept or None

    def link(self, value: str) -> str | None:
        value = value.strip().replace(" ", "%20")
        return value if self.is_link(value) else None

    def is_link(self, value: str) -> bool:
        """Does it begin as a link to the web, to a page of the site, or with a value?

        What is relative to the page leads elsewhere on each page, and nowhere in a mail.
        """
        try:
            return phase_after("start", value.split(f"~{self.mark}", 1)[0]) != "relative"
        except BadLink:
            return False

    def as_written(self, text: str) -> str:
        return re.sub(
            rf"~{self.mark}(\d+)z~", lambda found: self.pieces[int(found[1])].source, text
        )

    def compare(self, before: str, after: str) -> None:
        """Note the elements and attributes that are no longer there."""
        had, has = Inventory(before), Inventory(after)
        for tag in had.tags - has.tags:
            if tag not in IMPLIED:
                self.removed[_("the element <%(tag)s>") % {"tag": tag}] = None
        for tag, name in had.attributes - has.attributes:
            if not has.tags[tag] or name == "style" or self.mark in name:
                continue
            links = [link for link in had.links[tag, name] if not self.is_link(link)]
            for link in links:
                self.removed[_("the link “%(link)s”") % {"link": self.as_written(link)[:80]}] = None
            if not links:
                words = {"name": name, "tag": tag}
                self.removed[_("the attribute “%(name)s” of <%(tag)s>") % words] = None


class Inventory:
    """How many there are of each element, and of each attribute of each element; and the links."""

    def __init__(self, text: str) -> None:
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[tuple[str, str]] = Counter()
        self.links: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        state, at = IN_TEXT, 0
        while at < len(text):
            before, begin = state, at
            try:
                state, at = read(state, text, at)
            except Misplaced:  # it ends within a tag
                return
            self.note(before, state, text[begin:at])

    def note(self, before: HtmlState, after: HtmlState, part: str) -> None:
        if before.mode == "tag" and not after.element.startswith("/"):
            self.tags[after.element] += 1
        elif before.mode == "name":
            name = after.attribute or part.strip().rstrip("=").strip().lower()
            self.attributes[after.element, name] += 1
        elif before.mode == "value" and before.attribute in URL_ATTRIBUTES:
            link = html.unescape(part.removesuffix(before.quote)).strip()
            self.links[before.element, before.attribute].append(link)


def mark_for(text: str) -> str:
    """A word of small letters and digits that does not stand in the text."""
    small = text.lower()
    number = 0
    while f"liquid{number}x" in small:
        number += 1
    return f"liquid{number}x"


def with_plain_liquid(text: str) -> str:
    """The text with its Liquid as Liquid: an editor of HTML writes “<” in it as “&lt;”."""
    parts, at = [], 0
    while found := OPENING.search(text, at):
        end = text.find(CLOSINGS[found[0]], found.end())
        if end < 0:
            break
        parts += [text[at : found.end()], plain(text, found.end(), end)]
        at = end
    return "".join([*parts, text[at:]])


CLOSINGS = {"{{": "}}", "{%": "%}"}
BRACES = re.compile(r"\{\{|\}\}|\{%|%\}")


def plain(text: str, start: int, end: int) -> str:
    """What stands between braces, read until there is nothing more to read; raises BadTemplate."""
    inner = text[start:end]
    if "&" not in inner and "\xa0" not in inner:
        return inner
    while (read_once := html.unescape(inner)) != inner:
        inner = read_once
    if BRACES.search(inner):  # it would end earlier than it did
        message = _("“%(piece)s” cannot be read.")
        raise bad_at(text, start - 2, message % {"piece": text[start - 2 : end + 2][:80]})
    return inner.replace("\xa0", " ")
