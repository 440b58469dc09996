"""What is wrong with the form of a package, in our own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from catalog.models.names import CODE, NAME

Place = tuple[str | int, ...]
Sentence = str | Promise
# By pydantic's type of the mistake; `%(…)s` is what it knows of it.
SENTENCES: Mapping[str, Sentence] = {
    "json_invalid": _("This is not JSON: %(error)s."),
    "missing": _("This is required."),
    "extra_forbidden": _("There is no such key here."),
    "string_type": _("Expected a text."),
    "string_unicode": _("Expected a text."),
    "bool_type": _("Expected true or false."),
    "int_type": _("Expected a whole number."),
    "float_type": _("Expected a number."),
    "finite_number": _("Expected a number."),
    "list_type": _("Expected a list: [ … ]."),
    "dict_type": _("Expected an object: { … }."),
    "model_attributes_type": _("Expected an object: { … }."),
    "literal_error": _("Expected one of: %(expected)s."),
    "too_long": _("This is longer than %(max_length)s."),
    "too_short": _("This cannot be empty."),
    "greater_than_equal": _("Expected at least %(ge)s."),
    "greater_than": _("Expected more than %(gt)s."),
    "less_than_equal": _("Expected at most %(le)s."),
    "less_than": _("Expected less than %(lt)s."),
    "moment": _("Expected a date and time in ISO 8601, as in 2026-05-01T08:00:00+02:00."),
    "date_nonexistent": _("At that moment the clocks were put forward: it does not exist."),
    "period": _("Expected a period such as 10d or 2d6h."),
    "period_of_nothing": _("A period is longer than nothing."),
    "nul": _("A text cannot hold the character NUL."),
    "zone": _("There is no time zone of this name."),
    "rank_suffix": _(
        "A space cannot end in an underscore and digits: that asks for a rank, as in “hero_2”."
    ),
    "empty_window": _("The end must be after the start."),
    "empty_multiplier_window": _("The end must be after the start."),
    "one_length": _("Expected exactly one of days, weeks and months."),
}
PATTERNS: Mapping[str, Sentence] = {
    NAME: _("Use letters, digits, dashes and underscores, and begin with a letter."),
    CODE: _("Use letters, digits, dashes, dots and underscores."),
}
OTHER_PATTERN = _("Write the code of a language, as in fr or en-GB.")
OTHERWISE = _("This is not what is expected here.")
# Which field of an object a mistake of the whole is about.
BELOW = {"empty_window": "end", "empty_multiplier_window": "multiplier_end"}
NAMED = {
    "tuple_type": "list_type",
    "mapping_type": "dict_type",
    "model_type": "dict_type",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "int_from_float": "int_type",
}


def problems_of(error: ValidationError, tree: Any) -> list[tuple[Place, str, str]]:
    """(path, code, sentence) of every mistake; alternatives of one place are told as one."""
    found: dict[Place, list[Mapping[str, Any]]] = {}
    for mistake in error.errors(include_url=False):
        found.setdefault(place_of(mistake, tree), []).append(mistake)
    return [(place, *told(mistakes)) for place, mistakes in found.items()]


def place_of(mistake: Mapping[str, Any], tree: Any) -> Place:
    """Where a mistake stands: unions and keys of mappings add words that lead nowhere."""
    location: Sequence[str | int] = mistake["loc"]
    path: list[str | int] = []
    for number, part in enumerate(location):
        if isinstance(tree, dict) and part in tree:
            tree = tree[str(part)]
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        elif not (mistake["type"] == "missing" and number == len(location) - 1):
            continue
        path.append(part)
    if mistake["type"] in BELOW:
        path.append(BELOW[mistake["type"]])
    return tuple(path)


def told(mistakes: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    types = [str(mistake["type"]) for mistake in mistakes]
    if set(types) == {"literal_error"}:
        words = [word for mistake in mistakes for word in expected(mistake)]
        return "not_a_choice", str(SENTENCES["literal_error"]) % {"expected": ", ".join(words)}
    mistake = next((m for m in mistakes if m["type"] == "float_type"), mistakes[0])
    code = NAMED.get(str(mistake["type"]), str(mistake["type"]))
    if code == "string_pattern_mismatch":
        return "bad_name", str(PATTERNS.get(mistake["ctx"]["pattern"], OTHER_PATTERN))
    sentence = str(SENTENCES.get(code, OTHERWISE))
    return code, sentence % mistake.get("ctx", {}) if "%(" in sentence else sentence


def expected(mistake: Mapping[str, Any]) -> list[str]:
    """`'web', 'email' or 'sms'` as words."""
    text = str(mistake["ctx"]["expected"]).replace(" or ", ", ")
    return [word.strip().strip("'") for word in text.split(", ")]
