"""Regular expressions that mean the same to RE2 and to PostgreSQL.

RE2 never backtracks, so no pattern can be slow. PostgreSQL has an engine of its own with other
words for the same things; `to_postgres` says a pattern in them. What only one of the two can say
is refused.
"""

import re
from functools import lru_cache

import re2

LONGEST = 1_000
MOST_REPEATS = 255  # PostgreSQL's bound
QUIET = re2.Options()
QUIET.log_errors = False

# One piece of a pattern: an escape, a group's head, a bracket expression, a count, anything else.
PIECE = re.compile(
    r"\\(?P<escape>.)|(?P<group>\((?:\?(?P<kind>[^)]?[^)]?))?)|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<count>\{(?P<least>\d*)(?:,(?P<most>\d*))?\})|(?P<lazy>[*+?}]\?)|(?P<other>.)",
    re.DOTALL,
)
NAMED_CLASS = re.compile(r"\[[:.=]|\\[pP]")
SAME_ESCAPES = set(r".\+*?()[]{}|^$/-")
# Perl's classes are those of ASCII in RE2, those of the locale in PostgreSQL.
CLASSES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
    "s": r"[\t\n\f\r ]",
    "S": r"[^\t\n\f\r ]",
}
INSIDE = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}
CONTROLS = set("tnrfv")


class CannotSay(ValueError):
    """A construct that RE2 and PostgreSQL do not share."""


def complaint(pattern: str) -> str:
    """Why a pattern cannot be used; empty if it can."""
    if len(pattern) > LONGEST:
        return f"> {LONGEST}"
    try:
        compiled(pattern)
        to_postgres(pattern)
    except CannotSay as reason:
        return str(reason)
    except re2.error as error:
        reason_given = error.args[0] if error.args else ""
        return reason_given.decode() if isinstance(reason_given, bytes) else str(reason_given)
    return ""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> "re2._Regexp":
    return re2.compile(pattern, QUIET)


def matches(text: str, pattern: str) -> bool:
    """Whether the pattern occurs anywhere in the text."""
    return compiled(pattern).search(text) is not None


@lru_cache(maxsize=4096)
def to_postgres(pattern: str) -> str:
    """The pattern in PostgreSQL's words; raises CannotSay."""
    return "".join(translated(piece) for piece in PIECE.finditer(pattern))


def translated(piece: re.Match[str]) -> str:
    if piece["escape"]:
        return translated_escape(piece["escape"])
    if piece["group"]:
        return translated_group(piece)
    if piece["class"]:
        return translated_class(piece["class"])
    if piece["lazy"]:
        # Whether a pattern matches does not depend on how greedily it does.
        return piece["lazy"][0]
    if piece["count"]:
        return translated_count(piece)
    return translated_other(piece["other"])


def translated_other(letter: str) -> str:
    if letter == ".":
        return r"[^\n]"
    if letter == "^":
        return r"\A"
    if letter == "$":
        return r"\Z"
    if letter in "{}]":
        return "\\" + letter
    return letter


def translated_escape(letter: str) -> str:
    if letter in CLASSES:
        return CLASSES[letter]
    if letter in CONTROLS or letter in SAME_ESCAPES:
        return "\\" + letter
    if letter in "Az":
        return {"A": r"\A", "z": r"\Z"}[letter]
    raise CannotSay(f"\\{letter}")


def translated_group(piece: re.Match[str]) -> str:
    kind = piece["kind"]
    if kind is None:
        return "("
    if kind[:1] == ":":
        return "(?:" + kind[1:]
    raise CannotSay(f"(?{kind}")


def translated_class(text: str) -> str:
    body = text[1:-1]
    if NAMED_CLASS.search(body):
        raise CannotSay(text)

    def inside(found: re.Match[str]) -> str:
        letter = found[1]
        if letter in INSIDE:
            return INSIDE[letter]
        if letter in CONTROLS or letter in SAME_ESCAPES:
            return found[0]
        raise CannotSay(found[0])

    return "[" + re.sub(r"\\(.)", inside, body, flags=re.DOTALL) + "]"


def translated_count(piece: re.Match[str]) -> str:
    least, most = piece["least"], piece["most"]
    if not least:
        # RE2 takes `{,3}` and `{}` for the letters themselves.
        return piece["count"].replace("{", r"\{").replace("}", r"\}")
    if int(least) > MOST_REPEATS or (most and int(most) > MOST_REPEATS):
        raise CannotSay(f"{piece['count']} > {MOST_REPEATS}")
    return piece["count"]
