"""The lines of offers — weights, representations, caps, tags — and the labels of all that has them.

A line that is merely edited keeps its row: counters of caps hang on it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from accounts.journal import Actor, entry_of, record_all
from catalog.columns import cap_columns, context_columns, representation_columns
from catalog.contents import missing_fields
from catalog.describing import by_position, cap_shape, context_shape, representation_shape
from catalog.models import Cap, Context, Offer, Representation, Tag
from catalog.references import References
from catalog.shapes import CapShape, FallbackOfferShape, OfferShape, RepresentationShape, Shape

BATCH = 1_000
Line = Any  # a Context, a Representation or a Cap
OfferForm = OfferShape | FallbackOfferShape


@dataclass(frozen=True)
class Target:
    """An offer whose row is written, what its parts should be, and what it said before."""

    offer: Offer
    shape: OfferForm
    content_before: Mapping[str, str] | None  # None: it is new

    @property
    def is_new(self) -> bool:
        return self.content_before is None


@dataclass(frozen=True)
class Lines:
    """One kind of line: how its form is read from a row, and written to one."""

    model: type[models.Model]
    name: str  # of the offer's relation, and of the field of its form
    shape_of: Callable[[Any], Shape]
    columns: Callable[[Any, References], Mapping[str, Any]]
    identity: Callable[[Any], Hashable]  # lines that share it are one line, edited
    by_order: bool = True  # whether what is left is matched in its order


def identity_of_cap(cap: CapShape) -> Hashable:
    return (cap.counts, cap.per, cap.every, cap.spaces)


def identity_of_representation(representation: RepresentationShape) -> Hashable:
    return representation.space


LINES = (
    Lines(Context, "contexts", context_shape, context_columns, lambda one: one.label),
    Lines(Cap, "caps", cap_shape, cap_columns, identity_of_cap),
    Lines(
        Representation,
        "representations",
        representation_shape,
        representation_columns,
        identity_of_representation,
        by_order=False,
    ),
)


@dataclass
class Changes:
    """What has to happen to the lines of one kind."""

    new: list[Line] = field(default_factory=list)
    edited: list[Line] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


def save_lines(targets: Sequence[Target], known: References) -> None:
    """Write the lines of these offers, in a number of statements that does not grow with them."""
    for lines in LINES:
        found = Changes()
        for target in targets:
            compare(lines, target, known, found)
        write(lines, found)


def compare(lines: Lines, target: Target, known: References, found: Changes) -> None:
    offer, shape = target.offer, target.shape
    rows = [] if target.is_new else by_position(getattr(offer, lines.name).all())
    shapes: Sequence[Shape] = getattr(shape, lines.name, ())
    matches = matched(lines, rows, shapes)
    for position, (row, line) in enumerate(zip(matches, shapes, strict=True)):
        columns = {**lines.columns(line, known), "position": position}
        if row is None:
            found.new.append(lines.model(offer=offer, **columns))
            continue
        if isinstance(row, Representation):
            columns["is_enabled"] = stays_enabled(row, target, line, known)
        if any(getattr(row, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(row, name, value)
            found.edited.append(row)
    kept = {id(row) for row in matches if row is not None}
    found.gone += [row.pk for row in rows if id(row) not in kept]


def matched(lines: Lines, rows: Sequence[Line], shapes: Sequence[Shape]) -> list[Line | None]:
    """For each form the row that it edits: its twin, else its like, else the next one left."""
    left = [(row, lines.shape_of(row)) for row in rows]
    found: list[Line | None] = [None] * len(shapes)

    def take(fits: Callable[[Shape, Shape], bool]) -> None:
        for number, shape in enumerate(shapes):
            if found[number] is None:
                for each in left:
                    if fits(each[1], shape):
                        found[number] = each[0]
                        left.remove(each)
                        break

    take(lambda was, shape: was == shape)
    take(lambda was, shape: lines.identity(was) == lines.identity(shape))
    if lines.by_order:
        take(lambda was, shape: True)
    return found


def stays_enabled(row: Representation, target: Target, line: Any, known: References) -> bool:
    """One that is enabled stays so, unless it says something else now and lacks something."""
    before = {**(target.content_before or {}), **row.content}
    now = {**target.shape.content, **line.content}
    required = known.required.get(line.space, ())
    return row.is_enabled and (
        before == now or not missing_fields(target.shape.content, line.content, required)
    )


def write(lines: Lines, found: Changes) -> None:
    """The lines that go leave first: the others may take their places."""
    rows = lines.model._default_manager
    if found.gone:
        rows.filter(pk__in=found.gone).delete()
    if found.edited:
        names = [f.attname for f in lines.model._meta.concrete_fields if not f.primary_key]
        upsert(lines.model, found.edited, names)
    rows.bulk_create(found.new, batch_size=BATCH)


def upsert(model: type[models.Model], rows: Sequence[Any], names: Iterable[str]) -> None:
    """Write these columns of rows that are there. One statement takes them all, and quickly."""
    model._default_manager.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=list(names),
    )


# --- tags and labels ---


def save_tags(targets: Sequence[Target], *, by: Actor, at: datetime) -> None:
    """The tags of these offers; a tag that is not there yet is made."""
    wanted = {name for target in targets for name in target.shape.tags}
    known = dict(Tag.objects.filter(name__in=wanted).values_list("name", "pk"))
    if unknown := sorted(wanted - set(known)):
        Tag.objects.bulk_create(
            [Tag(name=name, created_at=at) for name in unknown], ignore_conflicts=True
        )
        made = Tag.objects.filter(name__in=unknown)
        record_all([entry_of("tag.created", tag, by=by, at=at) for tag in made])
        known.update((tag.name, tag.pk) for tag in made)
    save_links(
        Offer.tags.through,
        "offer_id",
        "tag_id",
        [
            (
                target.offer.pk,
                set() if target.is_new else {tag.pk for tag in target.offer.tags.all()},
                {known[name] for name in target.shape.tags},
            )
            for target in targets
        ],
    )


def save_labels(
    model: type[models.Model],
    rows: Iterable[tuple[Any, bool, Iterable[str]]],
    known: References,
) -> None:
    """The access labels of rows: (row, whether it is new, the codes of its labels)."""
    many = model._meta.get_field("access_labels")
    through: Any = many.remote_field.through  # type: ignore[union-attr] # a many-to-many field
    save_links(
        through,
        f"{model._meta.model_name}_id",
        "accesslabel_id",
        [
            (
                row.pk,
                set() if is_new else {label.pk for label in row.access_labels.all()},
                {known.labels[code] for code in codes},
            )
            for row, is_new, codes in rows
        ],
    )


def save_links(
    through: Any, left: str, right: str, wanted: Iterable[tuple[int, set[int], set[int]]]
) -> None:
    """The rows of a many-to-many table: (from, to which until now, to which from now on)."""
    new: list[Any] = []
    gone: set[tuple[int, int]] = set()
    for pk, before, now in wanted:
        new += [through(**{left: pk, right: other}) for other in sorted(now - before)]
        gone |= {(pk, other) for other in before - now}
    links = through._default_manager
    if gone:
        there = links.filter(**{f"{left}__in": {pk for pk, _other in gone}})
        keys = [key for key, *ends in there.values_list("pk", left, right) if tuple(ends) in gone]
        links.filter(pk__in=keys).delete()
    links.bulk_create(new, batch_size=5_000, ignore_conflicts=True)
