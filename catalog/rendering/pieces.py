"""Cutting a template into what stands as it is, values and tags.

One scanner for everybody who has to tell Liquid from the text around it — the parser, the cleaning
of HTML, the contexts of values — so that none sees a tag where another sees none. It reads each
character once: the library's own takes minutes over a hostile text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from catalog.rendering.refusals import BadTemplate, bad_at

LONGEST_PIECE = 1_000  # characters between the braces
MOST_PIECES = 2_000
DEEPEST = 20  # tags within tags
MOST_BRACKETS = 10  # of each kind within one piece: the library looks ahead at each

OPENING = re.compile(r"\{\{|\{%")
TAG = re.compile(r"-?\s*(#|\w+)\s*")
ENDS = {"if": "endif", "unless": "endunless", "case": "endcase", "for": "endfor"}
# Which tags divide a block.
DIVIDES = {"elsif": ("if", "unless"), "when": ("case",), "else": ("if", "unless", "case", "for")}
TAGS = frozenset({*ENDS, *ENDS.values(), *DIVIDES, "assign", "break", "continue", "comment"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a template: `source` is what stands there, braces included."""

    kind: Literal["text", "value", "tag", "comment"]
    source: str
    start: int
    word: str = ""  # of a tag
    inner: str = ""  # the expression
    inner_start: int = 0
    trims_before: bool = False
    trims_after: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.source)


def cut(text: str) -> list[Piece]:
    """The pieces of a template, in order and without a gap; raises BadTemplate."""
    pieces = list(scan(text))
    if sum(piece.kind != "text" for piece in pieces) > MOST_PIECES:
        raise bad_at(text, 0, _("There are too many values and tags in this template."))
    check_blocks(text, pieces)
    return pieces


def scan(text: str) -> Iterator[Piece]:
    at = 0
    while found := OPENING.search(text, at):
        if found.start() > at:
            yield Piece("text", text[at : found.start()], at)
        piece = value_at(text, found.start()) if found[0] == "{{" else tag_at(text, found.start())
        yield piece
        at = piece.end
    if at < len(text):
        yield Piece("text", text[at:], at)


def value_at(text: str, start: int) -> Piece:
    piece = braced(text, start, "}}")
    if not piece.inner:
        raise bad_at(text, start, _("Nothing stands between the braces."))
    return piece


def tag_at(text: str, start: int) -> Piece:
    piece = braced(text, start, "%}")
    if piece.inner.startswith("#"):
        return Piece("comment", piece.source, start)
    found = TAG.match(piece.inner)
    word = found[1] if found else ""
    if word not in TAGS:
        raise bad_at(text, start, _("There is no tag “%(tag)s”.") % {"tag": word or piece.source})
    if word == "comment":
        return comment_at(text, start, piece.end)
    inner = piece.inner[found.end() :] if found else ""
    return Piece(
        "tag",
        piece.source,
        start,
        word,
        inner,
        piece.inner_start + len(piece.inner) - len(inner),
        piece.trims_before,
        piece.trims_after,
    )


def braced(text: str, start: int, closing: str) -> Piece:
    """What is between the braces that open at `start`."""
    end = text.find(closing, start + 2)
    opened = text[start : start + 2]
    if end < 0:
        raise never_closed(text, start, opened, closing)
    inner = text[start + 2 : end]
    if len(inner) > LONGEST_PIECE:
        raise bad_at(text, start, _("This is too long to stand between braces."))
    if "{{" in inner or "{%" in inner:
        raise never_closed(text, start, opened, closing)
    if any(inner.count(bracket) > MOST_BRACKETS for bracket in "(["):
        raise bad_at(text, start, _("There are too many brackets here."))
    before, after = inner.startswith("-"), inner.endswith("-") and inner != "-"
    bare = inner[before : len(inner) - after]
    stripped = bare.lstrip()
    return Piece(
        "value",
        text[start : end + 2],
        start,
        inner=stripped.rstrip(),
        inner_start=start + 2 + before + len(bare) - len(stripped),
        trims_before=before,
        trims_after=after,
    )


COMMENT_END = re.compile(r"\{%-?\s*endcomment\s*-?%\}")


def comment_at(text: str, start: int, end: int) -> Piece:
    """Everything up to the end of a comment; comments do not stand within comments."""
    found = COMMENT_END.search(text, end)
    if not found:
        raise never_closed(text, start, "comment", "{% endcomment %}")
    return Piece("comment", text[start : found.end()], start)


def check_blocks(text: str, pieces: Sequence[Piece]) -> None:
    """Every block is closed, in its own way and order; raises BadTemplate."""
    opened: list[Block] = []
    for piece in pieces:
        if piece.kind == "tag":
            place_tag(text, piece, opened)
    if opened:
        piece = opened[-1].piece
        raise never_closed(text, piece.start, piece.word, "{% " + ENDS[piece.word] + " %}")


@dataclass
class Block:
    """A block that is open, and whether its `else` has come."""

    piece: Piece
    has_else: bool = False


def place_tag(text: str, piece: Piece, opened: list[Block]) -> None:
    word = piece.word
    if word in ENDS:
        opened.append(Block(piece))
        if len(opened) > DEEPEST:
            raise bad_at(text, piece.start, _("There are too many tags within each other."))
    elif not belongs(word, opened):
        message = _("“%(tag)s” does not belong here.")
        raise bad_at(text, piece.start, message % {"tag": word})
    elif word in DIVIDES:
        opened[-1].has_else = word == "else"
    elif word in ENDS.values():
        opened.pop()


def belongs(word: str, opened: Sequence[Block]) -> bool:
    """Can a tag that opens nothing stand within these blocks?"""
    if word in DIVIDES:
        inner = opened[-1] if opened else None
        return inner is not None and inner.piece.word in DIVIDES[word] and not inner.has_else
    if word in ENDS.values():
        return bool(opened) and ENDS[opened[-1].piece.word] == word
    return word == "assign" or any(block.piece.word == "for" for block in opened)


def never_closed(text: str, at: int, opening: str, closing: str) -> BadTemplate:
    message = _("“%(opening)s” is never closed: write “%(closing)s”.")
    return bad_at(text, at, message % {"opening": opening, "closing": closing})
