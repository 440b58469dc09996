"""Where in a text a value stands, and so how it is written there.

A template is walked as a browser will read it: between tags a value is escaped, in a link it is
percent-encoded, in a string of JSON it is written as JSON. Where nothing makes a value safe — a
script, the name of a tag, an attribute without quotes — it is refused, and so is a condition that
would leave the text in one place or another depending on its outcome.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from django.utils.translation import gettext as _

from catalog.rendering.refusals import RenderingFailed
from catalog.rendering.urls import HOST_LABEL, BadLink, Phase, link_value, phase_after, web_link
from catalog.rendering.values import Html, one_line, to_text, without_controls

Writer = Callable[[Any], str]
State = TypeVar("State")
URL_ATTRIBUTES = frozenset(
    {"href", "src", "action", "formaction", "background", "cite", "poster", "longdesc", "data"}
)
UNSAFE_ATTRIBUTES = re.compile(r"on|style$|srcdoc$|srcset$|http-equiv$|xmlns|xlink:")
RAW_ELEMENTS = frozenset(
    {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript"}
    | {"plaintext", "template", "svg", "math"}
)


class Misplaced(ValueError):
    """A value or a condition that cannot stand where it stands; says why."""


# --- how values are written ---


def write_text(value: Any) -> str:
    return without_controls(to_text(value))


def write_line(value: Any) -> str:
    return one_line(to_text(value))


def write_html(value: Any) -> str:
    if type(value) is Html:
        return value
    return html.escape(without_controls(to_text(value)))


def write_attribute(value: Any) -> str:
    return html.escape(without_controls(to_text(value)))


def write_in_link(value: Any) -> str:
    return quote(to_text(value), safe="")


def write_in_host(value: Any) -> str:
    written = to_text(value)
    if not HOST_LABEL.fullmatch(written):
        raise RenderingFailed(_("A value cannot stand in the name of a host."))
    return written


def write_web_link(value: Any) -> str:
    written = to_text(value)
    if not written:
        return ""
    found = web_link(written)
    if found is None:
        raise RenderingFailed(_("A value is no link to the web."))
    return found


def write_link_attribute(value: Any) -> str:
    """A whole link; one that is none leads nowhere."""
    written = to_text(value)
    return html.escape(link_value(written) or "#") if written else ""


def write_source(value: Any) -> str:
    """A whole link to something that is shown; one that is none shows nothing."""
    return html.escape(link_value(to_text(value)) or "")


def write_json(value: Any) -> str:
    """A value of JSON of its own."""
    return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)


def write_in_json(value: Any) -> str:
    """Part of a string in JSON."""
    return json.dumps(to_text(value), ensure_ascii=False)[1:-1]


# --- where they stand ---


class Context(Protocol):
    """How one kind of text is read. States are values that compare."""

    @property
    def start(self) -> Any: ...

    def after(self, state: Any, literal: str) -> Any:
        """The state after a text that stands as it is; raises Misplaced."""

    def writer(self, state: Any) -> tuple[Writer, Any]:
        """How a value is written here, and the state after it; raises Misplaced."""

    def join(self, states: Sequence[Any]) -> Any:
        """The one state of all ways that lead here; raises Misplaced."""

    def finish(self, state: Any) -> None:
        """The text may end here, or Misplaced."""


@dataclass(frozen=True)
class Plain:
    """A text in which all places are alike."""

    write: Writer
    start: None = None

    def after(self, state: None, literal: str) -> None:
        return None

    def writer(self, state: None) -> tuple[Writer, None]:
        return self.write, None

    def join(self, states: Sequence[None]) -> None:
        return None

    def finish(self, state: None) -> None:
        return None


class Link:
    """A link by itself."""

    start: Phase = "start"

    def after(self, state: Phase, literal: str) -> Phase:
        return link_after(state, literal)

    def writer(self, state: Phase) -> tuple[Writer, Phase]:
        return link_writer(state, write_web_link)

    def join(self, states: Sequence[Phase]) -> Phase:
        return states[0] if len(set(states)) == 1 else "mixed"

    def finish(self, state: Phase) -> None:
        return None


def link_after(phase: Phase, literal: str) -> Phase:
    try:
        return phase_after(phase, literal)
    except BadLink:
        message = _("This link does not lead to the web: begin it with https://.")
        raise Misplaced(message) from None


def link_writer(phase: Phase, whole: Writer) -> tuple[Writer, Phase]:
    if phase == "start":
        return whole, "mixed"
    return (write_in_host if phase == "host" else write_in_link), phase


@dataclass(frozen=True)
class JsonState:
    in_string: bool = False
    escapes: bool = False


class Json:
    start = JsonState()

    def after(self, state: JsonState, literal: str) -> JsonState:
        in_string, escapes = state.in_string, state.escapes
        for mark in re.finditer(r'["\\]|[^"\\]+', literal):
            if escapes:
                escapes = False
                if mark[0] in '"\\':
                    continue
            if mark[0] == '"':
                in_string = not in_string
            elif mark[0] == "\\":
                escapes = in_string
        return JsonState(in_string, escapes)

    def writer(self, state: JsonState) -> tuple[Writer, JsonState]:
        if state.escapes:
            raise Misplaced(_("A value cannot stand after a backslash."))
        return (write_in_json if state.in_string else write_json), state

    def join(self, states: Sequence[JsonState]) -> JsonState:
        return same(states)

    def finish(self, state: JsonState) -> None:
        return None


@dataclass(frozen=True)
class HtmlState:
    """A place in HTML. `mode`: text, tag (its name), inside (a tag), name (of an attribute), value,
    raw (an element whose text is not HTML), comment."""

    mode: str = "text"
    element: str = ""
    attribute: str = ""
    quote: str = ""
    phase: Phase = "start"


IN_TEXT = HtmlState()


class InHtml:
    start = IN_TEXT

    def after(self, state: HtmlState, literal: str) -> HtmlState:
        at = 0
        while at < len(literal):
            before, begin = state, at
            state, at = read(state, literal, at)
            if before.mode == "value" and before.attribute in URL_ATTRIBUTES:
                phase = phase_in_attribute(before, state, literal[begin:at])
                state = replace(state, phase=phase) if state.mode == "value" else state
        return state

    def writer(self, state: HtmlState) -> tuple[Writer, HtmlState]:
        if state.mode == "text":
            return write_html, state
        if state.mode != "value" or not state.quote:
            raise Misplaced(
                _("A value can stand in text and between the quotes of an attribute, not here.")
            )
        if UNSAFE_ATTRIBUTES.match(state.attribute):
            message = _("A value cannot stand in the attribute “%(name)s”.")
            raise Misplaced(message % {"name": state.attribute})
        if state.attribute not in URL_ATTRIBUTES:
            return write_attribute, state
        whole = write_link_attribute if state.attribute == "href" else write_source
        write, phase = link_writer(state.phase, whole)
        return write, replace(state, phase=phase)

    def join(self, states: Sequence[HtmlState]) -> HtmlState:
        if {state.mode for state in states} == {"tag", "inside"}:  # `<td{% if … %} class="…"`
            states = [replace(state, mode="tag") for state in states]
        phases = {state.phase for state in states}
        if len(phases) == 1:
            return same(states)
        return same([replace(state, phase="mixed") for state in states])

    def finish(self, state: HtmlState) -> None:
        if state.mode not in {"text", "raw"}:
            raise Misplaced(_("The text ends within a tag."))


def same(states: Sequence[State]) -> State:
    if any(state != states[0] for state in states):
        raise Misplaced(
            _("A condition or loop must begin and end in the same place: around whole tags.")
        )
    return states[0]


def phase_in_attribute(before: HtmlState, after: HtmlState, written: str) -> Phase:
    """How far the link in an attribute has come; raises Misplaced."""
    is_whole = after.mode != "value"
    if is_whole:
        written = written.removesuffix(before.quote)
    link = html.unescape(written)
    if before.phase == "start":
        link = link.strip(" ") if is_whole else link.lstrip(" ")
    phase = link_after(before.phase, link)
    if not is_whole and phase != "rest" and re.search(r"&[#\w]*\Z", written):
        raise Misplaced(_("A character of a link is cut in two here."))
    return phase


# --- reading HTML: each step takes what belongs together, and says where it stopped ---


VALUE_END = {mark: re.compile(mark or r"[\s>]") for mark in ("", '"', "'")}
TAG_START = re.compile(r"<(?:!--|(/?[A-Za-z])|[!?/])|<\Z")
EMPTY_COMMENT = re.compile(r"-?>")
COMMENT_END = re.compile(r"--!?>")
TAG_NAME = re.compile(r"/?[^\s/>]*")
NAME = re.compile(r"=?[^\s/>=]*")
EQUALS = re.compile(r"\s*=\s*")


def read(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    """The state after the next part of a text, and where that part ends; raises Misplaced."""
    return STEPS[state.mode](state, text, at)


def in_text(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    found = TAG_START.search(text, at)
    if not found:
        return state, len(text)
    if found[0] == "<!--":
        empty = EMPTY_COMMENT.match(text, found.end())
        return (IN_TEXT, empty.end()) if empty else (HtmlState("comment"), found.end())
    if found[1]:
        return HtmlState("tag"), found.end() - 1 - found[1].startswith("/")
    if found[0] == "<":
        raise Misplaced(_("Nothing that changes can stand right after “<”."))
    return HtmlState("bogus"), found.end()


def in_comment(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    found = COMMENT_END.search(text, at)
    return (IN_TEXT, found.end()) if found else (state, len(text))


def in_bogus(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    end = text.find(">", at)
    return (state, len(text)) if end < 0 else (IN_TEXT, end + 1)


def in_tag(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    found = TAG_NAME.match(text, at)
    name = found[0] if found else ""
    end = at + len(name)
    mode = "tag" if end == len(text) else "inside"
    return HtmlState(mode, state.element + name.lower()), end


def in_inside(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    if text[at] == ">":
        is_raw = state.element in RAW_ELEMENTS
        return (HtmlState("raw", state.element) if is_raw else IN_TEXT), at + 1
    if text[at].isspace() or text[at] == "/":
        return state, at + 1
    return replace(state, mode="name", attribute=""), at


def in_name(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    found = NAME.match(text, at)
    name = found[0] if found else ""
    end = at + len(name)
    if end == len(text):
        raise Misplaced(_("Nothing that changes can stand in the name of an attribute."))
    behind = EQUALS.match(text, end)
    if not behind:
        return replace(state, mode="inside", attribute=""), end
    at = behind.end()
    if at == len(text):
        raise Misplaced(_("Write the value of an attribute between quotes."))
    mark = text[at] if text[at] in "\"'" else ""
    opened = replace(state, mode="value", attribute=name.lower(), quote=mark, phase="start")
    return opened, at + len(mark)


def in_value(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    found = VALUE_END[state.quote].search(text, at)
    if not found:
        return state, len(text)
    closed = replace(state, mode="inside", attribute="", quote="", phase="start")
    return closed, found.start() + len(state.quote)


def in_raw(state: HtmlState, text: str, at: int) -> tuple[HtmlState, int]:
    found = re.compile(rf"(?i)</{state.element}(?=[\s/>])").search(text, at)
    return (state, len(text)) if not found else (HtmlState("tag"), found.start() + 1)


STEPS: dict[str, Callable[[HtmlState, str, int], tuple[HtmlState, int]]] = {
    "text": in_text,
    "comment": in_comment,
    "bogus": in_bogus,
    "tag": in_tag,
    "inside": in_inside,
    "name": in_name,
    "value": in_value,
    "raw": in_raw,
}
