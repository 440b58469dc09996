"""What a rule asks at the least, as far as its text shows: it is read before the rule is parsed.

Of ten thousand offers most are for those who live in one city, or come by one device. Where the
text is a chain of `&&` with a link like `contact.city == "Lyon"`, the whole can hold for nobody
else, and whoever lives elsewhere need not be asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Path = tuple[str, str]
Value = str | int | None  # None: what is missing
TEXT = r"\"[^\"\\\n]*\"|'[^'\\\n]*'"
LITERAL = rf"(?:{TEXT}|\d{{1,9}})"
LINK = re.compile(
    r"\s*(contact|call)\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)\s*"
    rf"(?:==\s*({LITERAL})|in\s*\[\s*({LITERAL}(?:\s*,\s*{LITERAL})*)\s*\])\s*"
)
STOPS = re.compile(r"&&|\|\||[?()\[\]]")
FLAG = re.compile(r"\s*(!?)\s*(contact|call)\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)\s*")
ONE = re.compile(LITERAL)
QUOTED = re.compile(TEXT)
HARD = re.compile(r"[\"'\\]|//")  # what is left of texts with escapes, and comments


@dataclass(frozen=True, slots=True)
class Key:
    """The person, or the call, must have one of these values there."""

    path: Path
    values: frozenset[Value]

    @property
    def is_flag(self) -> bool:
        """Whether it tells people in two halves alone."""
        return self.values <= TRUE or self.values <= UNTRUE


TRUE, UNTRUE = frozenset({True}), frozenset({False, None})


def key_in(text: str | None) -> Key | None:
    """The first link that names values, else the first flag; None where the text is no chain.

    Right for every text that is a rule, and nothing is lost where it is none: that never holds.
    """
    if text is None:
        return None
    bare = QUOTED.sub(lambda found: "_" * len(found[0]), text)
    if HARD.search(bare):
        return None
    chain = links(bare)
    for start, end in chain:
        found = LINK.fullmatch(text, start, end)
        if found:
            values = map(value_of, ONE.findall(found[3] or found[4]))
            return Key((found[1], found[2]), frozenset(values))
    flags = (FLAG.fullmatch(text, start, end) for start, end in chain)
    flag = next((found for found in flags if found), None)
    return flag and Key((flag[2], flag[3]), UNTRUE if flag[1] else TRUE)


def links(bare: str) -> list[tuple[int, int]]:
    """Where the links of the chain stand. What is in brackets may be denied: it is part of one."""
    found: list[tuple[int, int]] = []
    start = level = 0
    for stop in STOPS.finditer(bare):
        if stop[0] in "([":
            level += 1
        elif stop[0] in ")]":
            level -= 1
        elif level == 0 and stop[0] != "&&":
            return []  # one thing or another
        elif level == 0:
            found.append((start, stop.start()))
            start = stop.end()
    return [*found, (start, len(bare))]


def value_of(literal: str) -> Value:
    return literal[1:-1] if literal[0] in "'\"" else int(literal)
