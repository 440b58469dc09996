"""A template: parsed once, kept, and rendered for as many people as there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal

from django.utils.translation import gettext as _

from catalog.rendering import contexts
from catalog.rendering.compiling import Frame, Step, run
from catalog.rendering.contexts import Context
from catalog.rendering.fusing import Fused
from catalog.rendering.parsing import ROOTS, Reader
from catalog.rendering.refusals import BadTemplate, RenderingFailed
from catalog.rendering.urls import is_picture_path, web_link
from catalog.rendering.values import Html
from catalog.scalars import LONGEST_FIELD

# What is written: `line` is a text that may become a header, `image` a link that may also lead to a
# picture that we serve.
Kind = Literal["html", "text", "line", "url", "image", "json"]
CONTEXTS: Mapping[Kind, Context] = {
    "html": contexts.InHtml(),
    "text": contexts.Plain(contexts.write_text),
    "line": contexts.Plain(contexts.write_line),
    "url": contexts.Link(),
    "image": contexts.Link(),
    "json": contexts.Json(),
}
KEPT = 2_048  # parsed templates in a process


@dataclass(frozen=True)
class Template:
    """What a text says to everybody. `names` are the values it asks for, as "contact.city"."""

    kind: Kind
    source: str
    names: frozenset[str]
    is_static: bool
    steps: Sequence[Step] = field(repr=False)
    fixed: str | None = field(default=None, repr=False)

    @cached_property
    def fused(self) -> Fused | None:
        """The one step, where it is all that is to be done."""
        only = self.steps[0] if len(self.steps) == 1 else None
        return only if isinstance(only, Fused) else None

    def render(self, names: Mapping[str, Any]) -> str:
        """The text for somebody; raises RenderingFailed. `names` are made by `values.seen`."""
        if self.fixed is not None:
            return self.fixed
        return self.render_in(Frame(names))

    def render_in(self, frame: Frame) -> str:
        try:
            if self.fused is not None:
                return finished(self.kind, self.fused.text(frame))
            run(self.steps, frame)
        except RenderingFailed:
            raise
        except Exception as error:  # whatever a value did: the offer is dropped, the site stands
            raise RenderingFailed(str(error)) from error
        return finished(self.kind, "".join(frame.parts))


def finished(kind: Kind, written: str) -> str:
    if kind == "html":
        return Html(written)
    if kind in {"url", "image"}:
        return finished_link(kind, written)
    if kind == "json":
        try:
            json.loads(written)
        except (ValueError, RecursionError) as error:
            raise RenderingFailed("no JSON") from error
    return written


def finished_link(kind: Kind, written: str) -> str:
    written = written.strip()
    if not written or (kind == "image" and is_picture_path(written)):
        return written
    found = web_link(written)
    if found is None:
        raise RenderingFailed("no link to the web")
    return found


def parse_template(text: str, *, kind: Kind, fields: frozenset[str] = frozenset()) -> Template:
    """The template of a text; raises BadTemplate, which says what is wrong and where.

    `fields` are further names: those of the content, in the template of a space.
    """
    if len(text) > LONGEST_FIELD:
        raise too_long()
    return parsed(text, kind, fields)


def too_long() -> BadTemplate:
    message = _("This is longer than the %(most)d KB that a field can hold.")
    return BadTemplate(message % {"most": LONGEST_FIELD // 1024})


@lru_cache(maxsize=KEPT)
def parsed(text: str, kind: Kind, fields: frozenset[str]) -> Template:
    reader = Reader(text, CONTEXTS[kind], ROOTS | fields)
    steps = reader.read()
    fixed = None
    if reader.is_static:
        try:
            frame = Frame({})
            run(steps, frame)
            fixed = finished(kind, "".join(frame.parts))
        except RenderingFailed:
            raise BadTemplate(UNUSABLE[kind]()) from None
    return Template(kind, text, frozenset(reader.named), reader.is_static, tuple(steps), fixed)


UNUSABLE: Mapping[Kind, Any] = {
    "url": lambda: _("This is no link to the web: write it with https:// and its host."),
    "image": lambda: _("This is no picture: choose one, or write its link with https://."),
    "json": lambda: _("This is not JSON."),
    "html": lambda: _("This is too long."),
    "text": lambda: _("This is too long."),
    "line": lambda: _("This is too long."),
}
