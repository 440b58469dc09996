"""Patterns of codes, and codes made by them: unforeseeable, each character as likely as any other.

A `#` stands for a random character; all else stands for itself.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

from django.utils.translation import gettext as _

from coupons.normalising import LONGEST, folded, is_allowed, raised

RANDOM = "#"
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CHARSETS: Mapping[str, str] = {
    # without those that people take for others: 0 O 1 I L
    "safe": "23456789ABCDEFGHJKMNPQRSTUVWXYZ",
    "alnum": DIGITS + LETTERS,
    "letters": LETTERS,
    "digits": DIGITS,
}
USUAL = "safe"
DEFAULT: Mapping[str, Any] = {"pattern": "####-####-####", "charset": USUAL}
MOST_CHARACTERS = 200  # of an alphabet
RUNS = re.compile(f"({RANDOM}+)")


class BadPattern(Exception):
    """This cannot be a pattern: the part of it that is wrong, and a sentence."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


@dataclass(frozen=True)
class Pattern:
    """What codes look like. With `has_check` another character follows that tells of mistakes."""

    text: str
    alphabet: str
    has_check: bool = False

    @cached_property
    def size(self) -> int:
        """How many characters of a code are random."""
        return self.text.count(RANDOM)

    @property
    def room(self) -> int:
        """How many different codes there can be."""
        return int(len(self.alphabet) ** self.size)

    @property
    def bits(self) -> float:
        """How hard it is to guess one code."""
        return self.size * math.log2(len(self.alphabet))

    @cached_property
    def made_like(self) -> str:
        """A regular expression for what it makes, of PostgreSQL."""
        one = "[" + "".join(re.escape(c) if c in "\\]^-" else c for c in self.alphabet) + "]"
        text = "".join(one if c == RANDOM else re.escape(c) for c in self.text)
        return f"^{text}{one if self.has_check else ''}$"

    def make(self, count: int) -> list[str]:
        """So many codes, or a few less where two would have been the same."""
        picked = pick(count * self.size, len(self.alphabet))
        symbols = self.written(picked)
        columns: list[Any] = []
        place = 0
        for part in RUNS.split(self.text):
            if part[:1] == RANDOM:
                size = len(part)
                starts = range(place, len(symbols), self.size)
                columns.append([symbols[start : start + size] for start in starts])
                place += size
            elif part:
                columns.append(repeat(part, count))
        if self.has_check:
            columns.append(self.checks(picked, count))
        return list(dict.fromkeys(map("".join, zip(*columns, strict=True))))

    def written(self, picked: bytes) -> str:
        if self.alphabet.isascii():
            table = self.alphabet.encode().ljust(256, b"\0")
            return picked.translate(table).decode()
        return "".join(map(self.alphabet.__getitem__, picked))

    def checks(self, picked: bytes, count: int) -> list[str]:
        """A check character for each code: Luhn's sum over its random ones, counted in our own."""
        n = len(self.alphabet)
        doubled = bytes((2 * i) // n + (2 * i) % n for i in range(n)).ljust(256, b"\0")
        twice = picked.translate(doubled)
        # the last character counts twice, the one before once, and so on
        found = []
        for start in range(0, count * self.size, self.size):
            end = start + self.size
            first = start + (self.size + 1) % 2
            total = sum(twice[first:end:2]) + sum(picked[start + self.size % 2 : end : 2])
            found.append(self.alphabet[-total % n])
        return found


def pick(count: int, n: int) -> bytes:
    """So many numbers below `n`, all as likely: bytes beyond the last whole multiple are let go."""
    last = 256 - 256 % n
    table = bytes(i % n for i in range(256))
    unwanted = bytes(range(last, 256))
    found = bytearray()
    while len(found) < count:
        wanted = (count - len(found)) * 256 // last + 64
        found += secrets.token_bytes(wanted).translate(table, unwanted)
    return bytes(found[:count])


def read_pattern(
    given: Mapping[str, Any] | str, *, case_sensitive: bool = False, wide: bool = False
) -> Pattern:
    """A pattern from `pattern` (or `prefix`, `length`, `suffix`), `charset` and `check`.

    The charset is the name of one of ours, or the characters themselves. Raises BadPattern.
    """
    facts = {"pattern": given} if isinstance(given, str) else dict(given)
    alphabet = read_alphabet(str(facts.get("charset") or USUAL), case_sensitive, wide)
    text = folded(str(facts.get("pattern") or ""))
    if not text and facts.get("length"):
        length = facts["length"]
        if not isinstance(length, int) or not 1 <= length <= LONGEST:
            raise BadPattern("length", _("The length is a number from 1 to 64."))
        text = f"{facts.get('prefix') or ''}{RANDOM * length}{facts.get('suffix') or ''}"
    if RANDOM not in text:
        raise BadPattern("pattern", _("A pattern has at least one #, for a random character."))
    pattern = Pattern(text, alphabet, bool(facts.get("check")))
    longest = pattern.text + (RANDOM if pattern.has_check else "")
    if len(longest) > LONGEST:
        raise BadPattern("pattern", _("A code has at most 64 characters."))
    if not is_allowed(longest.replace(RANDOM, alphabet[0]), wide=wide):
        raise BadPattern(
            "pattern",
            _("Besides # a pattern has letters without accents, digits, and . - _ among them."),
        )
    return pattern


def read_alphabet(word: str, case_sensitive: bool, wide: bool) -> str:
    alphabet = CHARSETS.get(word, word)
    norm: Callable[[str], str] = str if case_sensitive else raised
    if folded(alphabet) != alphabet or len({norm(c) for c in alphabet}) != len(alphabet):
        raise BadPattern("charset", _("A character is there twice, or reads like another one."))
    allowed = all(is_allowed(c, wide=wide) and len(norm(c)) == 1 for c in alphabet)
    if not allowed or RANDOM in alphabet or not 2 <= len(alphabet) <= MOST_CHARACTERS:
        raise BadPattern(
            "charset",
            _("Choose %(names)s, or write at least two letters or digits.")
            % {"names": ", ".join(CHARSETS)},
        )
    return alphabet
