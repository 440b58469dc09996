"""What codes may look like, and how two of them are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

LONGEST = 64
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
UNWANTED = set("<>&\"'\\")
# Letters and marks that nobody sees, though they are no control characters.
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
SENTENCES: dict[str, _StrOrPromise] = {
    "required_missing": _("A code is missing."),
    "code_too_long": _("A code has at most 64 characters."),
    "code_invalid_chars": _(
        "A code has letters without accents, digits, and among them dots, dashes and underscores."
    ),
    "code_invalid_wide": _("A code has visible characters, but none of < > & \" ' and \\."),
}


class BadCode(Exception):
    """This cannot be a code: `code` says why to programs, `sentence` to people."""

    def __init__(self, code: str, *, wide: bool = False) -> None:
        super().__init__(code)
        self.code = code
        is_wide = wide and code == "code_invalid_chars"
        self.sentence = SENTENCES["code_invalid_wide" if is_wide else code]


class CodeText(NamedTuple):
    """A code as it is shown, and as it is compared."""

    code: str
    norm: str


def read_code(text: str, *, case_sensitive: bool = False, wide: bool = False) -> CodeText:
    """A code that somebody typed or sent, or BadCode.

    Full-width letters become plain ones and no-break spaces plain spaces first: whatever stays and
    only looks like a letter is refused after that.
    """
    code = folded(text)
    if not code:
        raise BadCode("required_missing")
    if not is_allowed(code, wide=wide):
        raise BadCode("code_invalid_chars", wide=wide)
    norm = code if case_sensitive else raised(code)
    if len(code) > LONGEST or len(norm) > LONGEST:
        raise BadCode("code_too_long")
    return CodeText(code, norm)


def normal(text: str, *, case_sensitive: bool = False, wide: bool = False) -> str:
    """A code as it is compared with others of its pool, or BadCode."""
    return read_code(text, case_sensitive=case_sensitive, wide=wide).norm


def coupon_norm(text: str) -> str:
    """The code of a coupon as it is compared, or BadCode; capitals never matter there."""
    return normal(text)


def lookups(text: str) -> tuple[str, ...]:
    """Under what a code that somebody presents may be stored; nothing when it can be no code."""
    code = folded(text)
    if not code or not is_allowed(code, wide=True):
        return ()
    return tuple(form for form in dict.fromkeys((code, raised(code))) if len(form) <= LONGEST)


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def raised(code: str) -> str:
    return unicodedata.normalize("NFKC", code.upper())


def is_allowed(code: str, *, wide: bool) -> bool:
    if not wide:
        return bool(PLAIN.match(code))
    return code.isprintable() and not UNWANTED & set(code) and not BLANK.search(code)


def masked(code: str) -> str:
    """Enough of a code for whoever has it before them, too little for whoever has not."""
    return f"{code[:3]}…{code[-2:]}" if len(code) >= 8 else f"{code[:1]}…"
