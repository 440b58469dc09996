"""What environments declare: call data with examples, attributes, content fields."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.utils.translation import gettext as _

from catalog.models import BUILT_IN_FIELDS
from catalog.problems import Problem, twice
from catalog.rulechecks import names_in
from catalog.shapes import AttributeShape, ContentFieldShape, EnvironmentShape
from catalog.surroundings import Surroundings
from contacts.columns import RESERVED
from contacts.values import BadValue, element
from rules.kinds import DECLARABLE, INT, STRING, Kind

ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_declarations(shape: EnvironmentShape) -> list[Problem]:
    """The call data of an environment, and the examples of calls."""
    found = []
    for name, datum in shape.call_data.items():
        path = f"call_data.{name}"
        if names_in(f"call.{name}") != {f"call.{name}"}:
            message = _("Rules could not speak of “%(name)s”.") % {"name": name}
            found.append(Problem(path, "not_a_rule_name", message))
        found += check_choices(DECLARABLE[datum.type], datum.choices, f"{path}.choices")
    return found + check_samples(shape)


def check_samples(shape: EnvironmentShape) -> list[Problem]:
    found = twice((sample.name for sample in shape.samples), "samples", "name")
    for number, sample in enumerate(shape.samples):
        for name, value in sample.data.items():
            path = f"samples[{number}].data.{name}"
            datum = shape.call_data.get(name)
            if datum is None:
                message = _("The environment declares no call data “%(name)s”.") % {"name": name}
                found.append(Problem(path, "unknown_call_data", message))
            elif value is not None:
                found += check_value(DECLARABLE[datum.type], value, path)
    return found


def check_value(kind: Kind, value: object, path: str) -> list[Problem]:
    if kind.is_list and not isinstance(value, list | tuple):
        return [Problem(path, "not_a_list", _("Write a list."))]
    try:
        for each in value if kind.is_list else [value]:  # type: ignore[attr-defined] # a list
            element(kind.element, each)
    except BadValue as refusal:
        return [Problem(path, refusal.code, str(refusal.sentence))]
    return []


def check_attribute(shape: AttributeShape, around: Surroundings) -> list[Problem]:
    return check_choices(DECLARABLE[shape.type], shape.choices, "choices")


def check_attribute_name(name: str) -> list[Problem]:
    if not ATTRIBUTE_NAME.fullmatch(name):
        message = _("Use small letters, digits and underscores, and begin with a letter.")
        return [Problem("", "bad_name", message)]
    if name in RESERVED:
        message = _("Everybody has this already, or it is a word of the rule language.")
        return [Problem("", "reserved", message)]
    return []


def check_choices(kind: Kind, choices: Collection[str], path: str) -> list[Problem]:
    if choices and kind.element not in {STRING, INT}:
        message = _("Only texts and whole numbers have choices.")
        return [Problem(path, "no_choices_here", message)]
    if len(set(choices)) < len(choices):
        return [Problem(path, "choice_twice", _("A choice stands here twice."))]
    if kind.element == INT and not all(re.fullmatch(r"-?[0-9]{1,18}", each) for each in choices):
        return [Problem(path, "not_an_int", _("Write a whole number."))]
    return []


def check_content_field(shape: ContentFieldShape, around: Surroundings) -> list[Problem]:
    if shape.name in BUILT_IN_FIELDS:
        message = _("Every offer has a field “%(name)s” already.") % {"name": shape.name}
        return [Problem("name", "built_in", message)]
    return []
