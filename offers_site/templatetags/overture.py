"""The tags of every template, without a {% load %}."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.template import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.formats import date_format, number_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone_name, localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from offers_site.states import ICON_OF, STATE_ICONS, TONE_OF

register = template.Library()

NOTICE_ICONS = {
    "good": "circle-check",
    "wait": "triangle-alert",
    "bad": "circle-alert",
    "info": "info",
}
ICON = """\
<svg {css}width="{size}" height="{size}" viewBox="0 0 24 24" fill="none" stroke="currentColor" \
stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" \
focusable="false">"""
NOTHING = mark_safe('<span class="nothing">—</span>')
TAKES_FOCUS = mark_safe(' tabindex="0"')
TONE_OF_LEVEL = {
    "success": "good",
    "warning": "wait",
    "error": "bad",
    "info": "info",
    "debug": "info",
}


# --- The page ---


@register.simple_tag
def crumb(label: object, url: str = "") -> SafeString:
    """One step of the breadcrumbs."""
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html("<li>{}</li>", label)


@register.simple_tag(takes_context=True)
def rendered(context: Context, name: str) -> SafeString:
    """The text of a block, to show it a second time or to learn whether there is any."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks is not None else None
    return mark_safe(block.nodelist.render(context).strip()) if block is not None else SafeString()  # noqa: S308 (a rendered template)


@functools.cache
def drawings() -> ZipFile:
    """Every icon of the package, whose own tag reads the list of them anew for each."""
    return ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes()))


@functools.cache
def drawn(name: str, size: int, css: str) -> str:
    _their_head, _end, lines = drawings().read(f"{name}.svg").decode().partition(">")
    head = ICON.format(css=f'class="{css}" ' if css else "", size=size)
    return head + "".join(line.strip() for line in lines.splitlines())


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """A Lucide icon beside a word: readers of the screen do not hear it."""
    return mark_safe(drawn(str(name), size, str(css)))  # noqa: S308 (from the package, and our own templates)


# --- States and moments ---


@register.filter
def tone(state: object) -> str:
    """good, wait, bad, info or off."""
    return TONE_OF.get(str(state), "off")


@register.filter
def tone_icon(name: str) -> str:
    return ICON_OF.get(name, "minus")


@register.filter
def state_icon(state: object) -> str:
    """The icon of a state, or else of its tone."""
    return STATE_ICONS.get(str(state)) or tone_icon(tone(state))


@register.simple_tag
def badge(state: object, label: Any) -> SafeString:
    """A stored state, which decides the tone and the icon, in words that people read."""
    return badge_of(str(state), conditional_escape(label))


@functools.lru_cache(maxsize=1000)
def badge_of(state: str, label: SafeString) -> SafeString:
    return format_html(
        '<span class="badge tone-{} state-{}">{}{}</span>',
        tone(state),
        state,
        icon(state_icon(state), size=12),
        label,
    )


@register.filter
def notice_icon(name: str) -> str:
    return NOTICE_ICONS.get(name, "info")


@register.filter
def level_tone(level: str) -> str:
    return TONE_OF_LEVEL.get(level, "info")


@register.simple_tag
def when(moment: datetime | None, empty: str = "", *, in_link: bool = False) -> SafeString | str:
    """How long ago; the exact moment with its zone on hover, focus and tap (moments.js).

    Inside a link it is the link that takes the focus.
    """
    if moment is None:
        return empty or NOTHING
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        moment.isoformat(),
        exactly(moment),
        "" if in_link else TAKES_FOCUS,
        relatively(moment, at=now()),
    )


@register.filter
def value_or_nothing(value: object) -> object:
    """A dash where there is no value; the cards of small screens leave it out."""
    return NOTHING if value is None or value == "" else value


@register.filter
def exactly(moment: datetime | None) -> str:
    """The date, the time to the second and the zone."""
    if moment is None:
        return ""
    local = localtime(moment)
    day, hour = date_format(local, "DATE_FORMAT"), date_format(local, "H:i:s")
    return f"{day}, {hour} ({get_current_timezone_name()})"


def relatively(moment: datetime, *, at: datetime) -> str:
    """Within a week in words, later as a date."""
    seconds = (at - moment).total_seconds()
    size = abs(seconds)
    if size < 45:
        return _("just now") if seconds >= 0 else _("in a moment")
    if size >= timedelta(days=7).total_seconds():
        local = localtime(moment)
        same_year = local.year == localtime(at).year
        return date_format(local, "MONTH_DAY_FORMAT" if same_year else "SHORT_DATE_FORMAT")
    words = length(size)
    return (_("%(length)s ago") if seconds > 0 else _("in %(length)s")) % {"length": words}


def length(seconds: float) -> str:
    """Minutes, hours or days, rounded."""
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    hours = round(seconds / 3600)
    if hours < 24:
        return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    days = round(seconds / 86400)
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}


@register.filter
def duration(value: timedelta | float | None) -> str:
    """A length of time as one says it: 40 s, 3 min, 1 h 20 min, 2 d."""
    if value is None:
        return ""
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds < 60:
        return _("%(seconds)d s") % {"seconds": seconds}
    if seconds < 3600:
        return _("%(minutes)d min") % {"minutes": round(seconds / 60)}
    if seconds < 2 * 86400:
        parts = {"hours": seconds // 3600, "minutes": seconds % 3600 // 60}
        return _("%(hours)d h %(minutes)02d min") % parts
    return _("%(days)d d") % {"days": round(seconds / 86400)}


@register.filter
def per_second(rate: float | None) -> str:
    """A rate with as many digits as mean something."""
    if not rate or rate < 0.05:
        return ""
    return number_format(rate, decimal_pos=1 if rate < 10 else 0)


# --- Forms ---


@dataclass(frozen=True)
class Group:
    """Some fields under a heading."""

    heading: str
    fields: list[BoundField]


@register.filter
def groups(form: forms.BaseForm) -> list[Group]:
    """The visible fields by the form's `groups`, pairs (heading, names); the rest comes last."""
    declared: Iterable[tuple[object, Sequence[str]]] = getattr(form, "groups", ())
    left = {bound.name: bound for bound in form.visible_fields()}
    found = [
        Group(str(heading), [left.pop(name) for name in names if name in left])
        for heading, names in declared
    ]
    rest = [Group("", list(left.values()))] if left else []
    return [group for group in found if group.fields] + rest


@register.filter
def kind(bound: BoundField) -> str:
    """How the field is drawn: check, options, select, file or text."""
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "options"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, forms.Select):
        return "select"
    return "file" if isinstance(widget, forms.FileInput) else "text"


@register.filter
def dressed(bound: BoundField) -> SafeString:
    """The field's widget with the classes of our forms."""
    classes = {"check": "form-check-input", "select": "form-select"}
    css = [classes.get(kind(bound), "form-control"), bound.field.widget.attrs.get("class", "")]
    if bound.errors:
        css.append("is-invalid")
    return bound.as_widget(attrs={"class": " ".join(filter(None, css))})


@register.filter
def choices_of(bound: BoundField) -> list[BoundWidget]:
    """The boxes or buttons of a field with several, dressed."""
    bound.field.widget.attrs["class"] = "form-check-input"
    return list(bound.subwidgets)


@register.filter
def clear_label(bound: BoundField) -> bool:
    """Does the label say that the field may stay empty? Not where nothing is an answer too."""
    if getattr(bound.field, "is_said", False):
        return False
    return not bound.field.required and kind(bound) != "check" and not bound.field.disabled


# --- Pictures ---


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    text: str
    width: str
    tone: str


@register.inclusion_tag("components/bars.html")
def bars(rows: Iterable[Sequence[object]], caption: str, unit: str = "") -> dict[str, object]:
    """Bars on one scale, with a table behind. A row is (label, value) or (label, value, tone)."""
    given = [(str(row[0]), float(str(row[1])), str(row[2]) if len(row) > 2 else "") for row in rows]
    most = max((value for _label, value, _tone in given), default=0) or 1
    drawn_bars = [
        Bar(
            label,
            value,
            number_format(value, decimal_pos=0 if value == int(value) else None),
            f"{max(0.0, value) / most * 100:.2f}%",
            tone_name,
        )
        for label, value, tone_name in given
    ]
    return {"bars": drawn_bars, "caption": caption, "unit": unit}
