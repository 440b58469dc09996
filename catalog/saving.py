"""From forms to rows, inside the caller's transaction. `catalog.checking` has let the forms pass.

Whoever saves holds the environment until the commit, so that what was checked stays true. What a
form does not change is not written: no version, no journal entry, no approval taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from accounts.actions.granting import stale
from accounts.journal import Actor, entry_of, record_all
from accounts.models import User
from catalog.columns import COLUMNS, Columns
from catalog.models import (
    Category,
    ContentField,
    Environment,
    Filter,
    Offer,
    OfferTemplate,
    Space,
)
from catalog.parts import Target, save_labels, save_lines, save_tags, upsert
from catalog.problems import NameTaken
from catalog.references import References
from catalog.resetting import after_categories, after_environment, after_filters, after_offers
from catalog.rows import KINDS, Kind, Row
from catalog.shapes import CONTENT_FIELDS, Shape, SpaceShape, body_of
from catalog.telling import told
from catalog.tidying import tidy
from coupons.models import Coupon

BATCH = 1_000
Body = Mapping[str, Any]


def hold(environment: Environment) -> Environment:
    """The environment, which nobody else edits or publishes until the transaction ends."""
    return Environment.objects.select_for_update(no_key=True).get(pk=environment.pk)


def hold_coupons(shapes: Iterable[Any]) -> None:
    """Let nobody take away the coupons that these forms name, until the transaction ends."""
    codes = {code for shape in shapes if (code := getattr(shape, "coupon", None))}
    if codes:
        named = Coupon.objects.filter(code__in=codes).order_by("pk")
        list(named.select_for_update(no_key=True).values_list("pk", flat=True))


def save(
    row: Row | None,
    shape: Shape,
    *,
    environment: Environment | None = None,
    version: int | None = None,
    template: OfferTemplate | None = None,
    by: Actor,
    at: datetime,
) -> Any:
    """Write a form to its row as read at `version`, or to a new one; raises Stale or NameTaken.

    Says the row as it is now. An environment stands in none; a new offer may begin with a template.
    """
    held = row if isinstance(row, Environment) else environment
    if held is not None:
        held = hold(held)
    if row is not None:
        row = current(row, shape, version)
    (saved,) = save_all(
        None if isinstance(row, Environment) else held,
        [(row, shape)],
        by=by,
        at=at,
        template=template,
    )
    return KINDS[type(shape)].read_again(saved)


def current(row: Row, shape: Shape, version: int | None) -> Row:
    """The row as it is now, or Stale when that is not what was read at `version`."""
    found: list[Row] = KINDS[type(shape)].read(pk=row.pk)
    if not found or version not in (None, found[0].version):
        raise stale(row)
    return found[0]


def save_all(
    environment: Environment | None,
    pairs: Sequence[tuple[Row | None, Any]],
    *,
    by: Actor,
    at: datetime,
    template: OfferTemplate | None = None,
    are_tidy: bool = False,
) -> list[Row]:
    """Write forms of one kind to their rows, or to new ones (None); raises NameTaken.

    The rows come from `KINDS[…].read` and the environment is held. The number of statements does
    not grow with the number of forms. Says the rows in the order of the forms.
    """
    if not pairs:
        return []
    writer = Writer(KINDS[type(pairs[0][1])], environment, by, at, template)
    if not are_tidy:
        pairs = [(row, tidy(shape, writer.known.fields)) for row, shape in pairs]
    rows = [writer.take(row, shape) for row, shape in pairs]
    try:
        with transaction.atomic():
            writer.write()
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise NameTaken(_("There is already something with this name.")) from error
        raise
    return rows


@dataclass(frozen=True)
class Written:
    """A row that was made or changed for a form; `before` is what its form said until now."""

    row: Row
    shape: Any
    before: Body | None
    after: Body

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def changed(self) -> set[str]:
        before = self.before or {}
        return {name for name, value in self.after.items() if before.get(name) != value}


class Writer:
    """Gathers what forms change, then writes it."""

    def __init__(
        self,
        kind: Kind,
        environment: Environment | None,
        by: Actor,
        at: datetime,
        template: OfferTemplate | None,
    ) -> None:
        self.kind = kind
        self.environment = environment
        self.known = References(environment)
        self.by, self.at, self.template = by, at, template
        self.person = by if isinstance(by, User) else None
        self.new: list[Written] = []
        self.edited: list[Written] = []

    def take(self, row: Row | None, shape: Shape) -> Row:
        """The row of a form, which is noted for writing when the form changes it."""
        after = body_of(shape)
        if row is None:
            row = self.kind.model(**self.beginning())
            self.new.append(Written(row, shape, None, after))
            return row
        before = body_of(self.kind.shape_of(row))
        if before != after:
            self.edited.append(Written(row, shape, before, after))
        return row

    def beginning(self) -> Columns:
        columns: Columns = {"created_at": self.at}
        if self.environment is not None:
            columns["environment"] = self.environment
        if self.kind.model is Offer:
            columns |= {"author": self.person, "template": self.template}
        return columns

    # --- writing ---

    def write(self) -> None:
        for level in self.levels():
            self.fill(level)
            self.kind.model._default_manager.bulk_create(
                [each.row for each in level], batch_size=BATCH
            )
            if self.kind.model is Category:
                self.known.learn(each.row for each in level)
        if self.edited:
            names = self.fill(self.edited)
            for each in self.edited:
                each.row.version += 1
            rows = [each.row for each in self.edited]
            upsert(self.kind.model, rows, {*names, "version"})
        self.write_parts()
        self.tell()
        self.take_back_approvals()

    def levels(self) -> Iterator[list[Written]]:
        """New rows in the order in which they can be made: a category after the one above it."""
        if self.kind.model is not Category:
            if self.new:
                yield self.new
            return
        left = self.new
        while left:
            ready = [each for each in left if self.has_parent(each)]
            if not ready:
                raise LookupError("the category above is neither there nor among these")
            yield ready
            left = [each for each in left if each not in ready]

    def has_parent(self, each: Written) -> bool:
        return each.shape.parent is None or each.shape.parent in self.known.categories

    def fill(self, written: Sequence[Written]) -> set[str]:
        """Put the forms into their rows, and say which columns that are."""
        names: set[str] = set()
        for each in written:
            columns = {**COLUMNS[type(each.shape)](each.shape, self.known), **self.marks(each)}
            for name, value in columns.items():
                setattr(each.row, name, value)
            names |= set(columns)
        if self.kind.model in PLACED:
            self.place(each for each in written if each.is_new)
        return names

    def marks(self, each: Written) -> Columns:
        """When a row was changed, and who has written each side of an offer."""
        columns: Columns = {}
        if self.kind.model is not ContentField:
            columns["changed_at"] = self.at
        if self.kind.model is Offer:
            for column, concerned in (
                ("content_edited_by", each.changed & CONTENT_FIELDS),
                ("eligibility_edited_by", each.changed - CONTENT_FIELDS),
            ):
                columns[f"{column}_id"] = (
                    (self.person and self.person.pk)
                    if concerned
                    else getattr(each.row, f"{column}_id")
                )
        return columns

    def place(self, new: Iterator[Written]) -> None:
        """New categories and fields stand after those that are there."""
        rows = self.kind.model._default_manager.filter(environment=self.environment)
        last = rows.aggregate(last=Max("position"))["last"]
        for number, each in enumerate(new, start=0 if last is None else last + 1):
            each.row.position = number

    def write_parts(self) -> None:
        written = self.new + self.edited
        if self.kind.has_labels:
            rows = [(each.row, each.is_new, each.shape.access_labels) for each in written]
            save_labels(self.kind.model, rows, self.known)
        if self.kind.model is Offer:
            targets = [
                Target(each.row, each.shape, each.before and each.before["content"])
                for each in written
            ]
            save_lines(targets, self.known)
            save_tags(targets, by=self.by, at=self.at)

    def tell(self) -> None:
        entries = []
        for each in self.new + self.edited:
            verb = f"{self.kind.noun}.{'created' if each.is_new else 'changed'}"
            before, after = told(each.before, each.after)
            entries.append(
                entry_of(verb, each.row, by=self.by, at=self.at, before=before, after=after)
            )
        record_all(entries)

    def take_back_approvals(self) -> None:
        edited = [(each.row, each.changed) for each in self.edited]
        if not edited:
            return
        if self.kind.model is Environment:
            for row, changed in edited:
                after_environment(row, changed, by=self.by, at=self.at)
        elif self.kind.model is Offer:
            pks = [(row.pk, changed) for row, changed in edited]
            after_offers(pks, by=self.by, at=self.at)
        elif self.environment and self.kind.model is Category:
            pks = [(row.pk, changed) for row, changed in edited]
            after_categories(self.environment, pks, by=self.by, at=self.at)
        elif self.environment and self.kind.model is Filter:
            names = [(row.name, changed) for row, changed in edited]
            after_filters(self.environment, names, by=self.by, at=self.at)


PLACED = {Category, ContentField}


# --- what can only be written later ---


def link_fallback_offers(environment: Environment, shapes: Sequence[SpaceShape]) -> None:
    """Give spaces the fallback offers that were made after them, in the same transaction."""
    known = References(environment)
    spaces = {space.name: space for space in Space.objects.filter(environment=environment)}
    wrong = []
    for shape in shapes:
        space = spaces[shape.name]
        wanted = shape.fallback_offer and known.fallback_offers[shape.fallback_offer]
        if space.fallback_offer_id != wanted:
            space.fallback_offer_id = wanted
            wrong.append(space)
    if wrong:
        upsert(Space, wrong, ["fallback_offer_id"])
