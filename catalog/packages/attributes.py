"""The attributes of contacts that a package declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.journal import Actor
from catalog.checking import check_shape
from catalog.declarations import check_attribute_name
from catalog.gathering import attribute_shape
from catalog.problems import Problem, below
from catalog.shapes import AttributeShape
from catalog.surroundings import Surroundings
from contacts import declaring
from contacts.models import Attribute

Shapes = Mapping[str, AttributeShape]


def known_attributes(names: Iterable[str]) -> dict[str, Attribute]:
    return {each.name: each for each in Attribute.objects.filter(name__in=list(names))}


def completed(shapes: Shapes, known: Mapping[str, Attribute]) -> dict[str, AttributeShape]:
    """With the label that people know, where the package gives none."""
    return {
        name: shape
        if shape.label
        else shape.model_copy(
            update={"label": known[name].label if name in known else label_of(name)}
        )
        for name, shape in shapes.items()
    }


def label_of(name: str) -> str:
    return name.replace("_", " ").capitalize()


def check_attributes(
    shapes: Shapes, known: Mapping[str, Attribute], around: Surroundings
) -> list[Problem]:
    """An attribute that is there keeps its type: values of it are stored."""
    found: list[Problem] = []
    for name, shape in shapes.items():
        path = f"attributes.{name}"
        problems = [*check_attribute_name(name), *check_shape(shape, around)]
        row = known.get(name)
        if row is not None and row.type != shape.type:
            message = _("This attribute is declared as %(type)s already.") % {"type": row.type}
            problems.append(Problem("type", "other_type", message))
        if row is not None and row.is_retired:
            message = _("This attribute is retired: restore it first.")
            problems.append(Problem("", "retired", message))
        found += below(path, problems)
    return found


def declare_attributes(
    shapes: Shapes, known: Mapping[str, Attribute], *, by: Actor, at: datetime
) -> list[Attribute]:
    """Declare those that are missing and change the others; says those that want a column."""
    new = []
    for name, shape in shapes.items():
        row = known.get(name)
        if row is None:
            new.append(
                declaring.declare(
                    name=name,
                    label=shape.label,
                    type=shape.type,
                    choices=[(choice, choice) for choice in shape.choices],
                    is_personal=shape.personal,
                    by=by,
                    at=at,
                )
            )
        elif attribute_shape(row) != shape:
            labels = row.choice_labels
            declaring.edit(
                row,
                version=row.version,
                label=shape.label,
                choices=[(choice, labels.get(choice, choice)) for choice in shape.choices],
                is_personal=shape.personal,
                description=row.description,
                by=by,
                at=at,
            )
    return new
