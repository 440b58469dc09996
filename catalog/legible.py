"""Words that people read and click on: nothing in them is hidden, or turns what stands beside."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Controls, changes of direction, and characters without a width; those that join letters may stay.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
BLANK = re.compile(
    "[\\s\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\ufe00-\ufe0f"
    "\uffa0\U000e0100-\U000e01ef]*"
)
LINES = re.compile("[\t\n\r]")


def illegible(text: str) -> str | None:
    """Why people could not read a label, in a sentence; None when they can."""
    if found := HIDDEN.search(text):
        known = {"code": f"U+{ord(found[0]):04X}"}
        return _("The character %(code)s cannot be seen: leave it out.") % known
    if text and BLANK.fullmatch(text):
        return _("This shows nothing: write something that can be read.")
    return None


def illegible_note(text: str) -> str | None:
    """The same of a text of several lines, which may also be blank."""
    return illegible(LINES.sub("", text) or "-")


def validate_legible(text: str) -> None:
    """The same for the field of a form."""
    if sentence := illegible(text):
        raise ValidationError(sentence, code="illegible")
