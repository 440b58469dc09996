"""Past propositions as files carry them: what another system proposed, and what became of it.

A row is known again by its `external_id` together with its moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from catalog.models.spaces import Channel
from catalog.models.spaces import Status as StatusWords
from contacts.models import Contact, ContactAlias
from contacts.storing import keep_keys
from decisioning import leaving, remembering
from decisioning.engine.values import Status
from decisioning.live import engine_for
from decisioning.offersknown import Place, places_named
from decisioning.remembering import SOURCE, Happened, identifier_of
from decisioning.statuses import MOVES, Change, change_status, find
from offers_site.statements import read
from transfers.forgetting import erased_since
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault
from transfers.reading.xml import XmlShape
from transfers.subjects import NOTHING, Chunk, Outcome, RowFault, Subject, SubjectOption
from transfers.writing.texts import as_text

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

    from accounts.models import User

CLOCKS_DIFFER_BY = timedelta(minutes=5)
PLANNED_WITHIN = timedelta(days=366)
MOST_RANK = 2**15 - 1
LARGEST_WEIGHT = Decimal(10**16)
MICRO = Decimal("0.000001")
NAMES = {status.name.lower(): status for status in Status}
# Whoever is decided for meanwhile waits until a chunk is written.
ROWS_AT_ONCE = 1_000
SENTENCES: Mapping[str, _StrOrPromise] = {
    "space_unknown": _("There is no such space."),
    "offer_unknown": _("The environment of this space has no such offer."),
    "not_happened_yet": _("This has not happened yet."),
    "planned_too_far": _("More than a year ahead."),
    "changed_before": _("The status cannot be older than the proposition."),
    "status_cannot_follow": _("From %(before)s a proposition cannot go to this status."),
    "older_than_kept": _("Older than propositions are kept here: the next purge removes it."),
}


def status_of(word: str) -> str | Fault:
    """`accepted`, or 3."""
    name = word.strip().lower()
    if name.isdecimal() and name.isascii() and int(name) in set(Status):
        name = Status(int(name)).name.lower()
    return name if name in NAMES or not name else Fault("enum_invalid", detail=CHOICES)


def weight_of(word: str) -> str | Fault:
    fits = abs(Decimal(word)) < LARGEST_WEIGHT - 1
    return str(Decimal(word).quantize(MICRO)) if fits else Fault("number_invalid")


def rank_of(word: str) -> str | Fault:
    return word if 1 <= int(word) <= MOST_RANK else Fault("number_invalid")


CHOICES = {"choices": ", ".join(NAMES)}
LABELS = {Status(value).name.lower(): label for value, label in StatusWords.choices}
COLUMNS = {
    column.name: column
    for column in (
        Column(
            "contact_key",
            _("Contact"),
            Kind.KEY,
            aliases=("key", "cle_contact", "cle", "cle_destinataire", "recipient_key"),
            required=True,
            max_length=254,
            personal=True,
        ),
        Column("offer", _("Offer"), aliases=("offre", "offer_code"), required=True, max_length=64,
               one_line=True),
        Column("space", _("Space"), aliases=("emplacement", "espace"), required=True,
               max_length=50, one_line=True),
        Column("status", _("Status"), aliases=("statut",), convert=status_of, labels=LABELS,
               max_length=40, one_line=True),
        Column("occurred_at", _("Date"), Kind.TIMESTAMP, aliases=("date", "survenu_le"),
               required=True),
        Column("weight", _("Weight"), Kind.DECIMAL, aliases=("poids",), convert=weight_of),
        Column("rank", _("Rank"), Kind.INT, aliases=("rang",), convert=rank_of),
        Column("external_id", _("Identifier there"), aliases=("identifiant_externe",),
               max_length=200, one_line=True),
        Column("changed_at", _("Date of the status"), Kind.TIMESTAMP,
               aliases=("date_statut", "modifie_le")),
        Column("id", _("Id"), export_only=True),
        Column("interaction", _("Decision"), export_only=True),
        Column("environment", _("Environment"), export_only=True),
        Column("release", _("Release"), Kind.INT, export_only=True),
        Column("channel", _("Channel"), export_only=True, labels=dict(Channel.choices)),
        Column("slot", _("Place"), export_only=True),
        Column("category", _("Category"), export_only=True),
        Column("context", _("Context"), export_only=True),
        Column("fallback", _("Fallback offer"), Kind.BOOL, export_only=True),
        Column("identification", _("Identification"), export_only=True),
        Column("data", _("Data"), Kind.JSON, export_only=True, personal=True),
    )
}  # fmt: skip


class Propositions(Subject):
    name = "propositions"
    label = _("Propositions")
    unit = _("propositions")
    key = "contact_key"
    xml = XmlShape("proposition", "propositions", attributes=frozenset(COLUMNS))
    import_right = "contacts.change_contact"
    export_right = "decisioning.view_proposition"
    personal_right = "contacts.view_personal_data"
    operations = ("insert", "upsert", "update")
    sentences = SENTENCES
    rows_at_once = ROWS_AT_ONCE
    narrowing = (
        SubjectOption("environment", _("Environment"), _("Its name.")),
        SubjectOption("space", _("Space"), _("Its name.")),
        SubjectOption("offer", _("Offer"), _("Its code.")),
    )

    @property
    def identity(self) -> sql.Composable:
        return sql.SQL("s._identity")

    def columns(self, chosen: Mapping[str, Any] = NOTHING) -> Mapping[str, Column]:
        return COLUMNS

    def resolve(self, chunk: Chunk) -> Sequence[RowFault]:
        """Whom each row is about; the rest of what it names is only held against what there is."""
        keep_keys()
        rows = list(rows_of(chunk))
        places = places_named((row["space"], row["offer"]) for row in rows)
        people = People([row["contact_key"] for row in rows])
        gone = erased_since(chunk.transfer) if chunk.transfer else frozenset()
        faults, found = [], []
        for row in rows:
            fault = fault_of(row, places, people, gone, chunk.at)
            if fault is not None:
                faults.append(fault)
                continue
            who = people.find(row["contact_key"], places[row["space"]])
            found.append((row["number"], who, identity_of(row)))
        if found:
            numbers, whose, identities = map(list, zip(*found, strict=True))
            chunk.cursor.execute(
                sql.SQL(
                    "UPDATE {} s SET _parent = f.who, _identity = f.name FROM unnest("
                    "%s::bigint[], %s::bigint[], %s::text[]) AS f(number, who, name)"
                    " WHERE s._number = f.number"
                ).format(chunk.table),
                [numbers, whose, identities],
            )
        return faults

    def apply(self, chunk: Chunk) -> Outcome:
        return History(chunk).apply()

    # --- an export ---

    def export(self, columns: Sequence[Column], filters: Mapping[str, Any]) -> sql.Composable:
        return sql.SQL("SELECT {} FROM ({}) t ORDER BY t.id").format(
            sql.SQL(", ").join(as_text(column) for column in columns), leaving.selected(filters)
        )

    def filters_from(
        self, asked: Mapping[str, str], *, by: User | None, at: datetime, zone: str
    ) -> dict[str, Any]:
        words = {
            option.name: " ".join(str(asked.get(option.name, "")).replace("\0", "").split())[:200]
            for option in self.narrowing
        }
        filters: dict[str, Any] = {name: word for name, word in words.items() if word}
        if by is not None and not by.is_administrator:
            filters["visible_to"] = by.pk
        return filters

    def filters_in_words(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        labels = {option.name: option.label for option in self.narrowing}
        return [(str(labels[n]), str(filters[n])) for n in labels if filters.get(n)]


# --- what a row says ---


def rows_of(chunk: Chunk) -> Iterator[dict[str, Any]]:
    """The staged rows by the names of their columns, those of the file and all others."""
    names = [name for name in COLUMNS if name in chunk.names]
    blank = dict.fromkeys(COLUMNS)
    for number, *cells in chunk.rows(*names):
        yield {**blank, **dict(zip(names, cells, strict=True)), "number": number}


def identity_of(row: Mapping[str, Any]) -> str | None:
    """The same row of the same system; without a name of its own there is no other like it."""
    name = row["external_id"]
    return f"{row['occurred_at'].isoformat()} {name}" if name else None


class People:
    """Whom the keys of a chunk belong to, today or formerly."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.found = {
            (kind == Contact.Kind.VISITOR, key): pk
            for pk, kind, key in Contact.objects.filter(key__in=keys).values_list(
                "pk", "kind", "key"
            )
        }
        for key, pk in ContactAlias.objects.filter(key__in=keys).values_list("key", "contact_id"):
            self.found.setdefault((False, key), pk)

    def find(self, key: str, place: Place) -> int | None:
        return self.found.get((place.has_visitors, key))


def fault_of(
    row: Mapping[str, Any],
    places: Mapping[str, Place],
    people: People,
    gone: frozenset[str],
    at: datetime,
) -> RowFault | None:
    """The first thing that is wrong with what a row names."""

    def fault(code: str, column: str) -> RowFault:
        return RowFault(row["number"], code, column, str(row[column]))

    if row["contact_key"] in gone:
        return fault("contact_erased", "contact_key")
    place = places.get(row["space"])
    if place is None:
        return fault("space_unknown", "space")
    if row["offer"] not in place.offers:
        return fault("offer_unknown", "offer")
    if people.find(row["contact_key"], place) is None:
        return fault("recipient_unknown", "contact_key")
    late = at + CLOCKS_DIFFER_BY
    if row["occurred_at"] > late and NAMES.get(row["status"]) != Status.SCHEDULED:
        return fault("not_happened_yet", "occurred_at")
    if row["occurred_at"] > at + PLANNED_WITHIN:
        return fault("planned_too_far", "occurred_at")
    return fault_of_change(row, late)


def fault_of_change(row: Mapping[str, Any], late: datetime) -> RowFault | None:
    changed_at = row["changed_at"]
    if changed_at is None or row["occurred_at"] <= changed_at <= late:
        return None
    code = "not_happened_yet" if changed_at > late else "changed_before"
    return RowFault(row["number"], code, "changed_at", str(changed_at))


# --- what is written ---


class Stored(NamedTuple):
    """A proposition that is there, as far as a row is held against it."""

    id: UUID
    contact: int | None
    offer: str
    space: str
    status: int


STORED = """
SELECT id, contact_id, offer, space, status FROM decisioning_proposition WHERE id = ANY(%s::uuid[])
"""


def stored(names: Sequence[UUID]) -> dict[UUID, Stored]:
    return {row[0]: Stored(*row) for row in read(STORED, [list(names)])} if names else {}


class History:
    """The rows of a chunk: new ones are written together, told ones go on one by one."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk, self.outcome = chunk, Outcome()
        self.rows = list(self.read())
        self.kept_since = chunk.at - timedelta(days=settings.PROPOSITION_RETENTION_DAYS)

    def read(self) -> Iterator[tuple[UUID, Happened]]:
        rows = list(rows_of(self.chunk))
        places = places_named((row["space"], row["offer"]) for row in rows)
        whose = dict(self.chunk.rows("_parent"))
        for row in rows:
            one = Happened(
                number=row["number"],
                contact=whose[row["number"]],
                place=places[row["space"]],
                space=row["space"],
                offer=row["offer"],
                status=NAMES[row["status"] or "presented"],
                at=row["occurred_at"],
                changed_at=row["changed_at"],
                weight=row["weight"] or Decimal(),
                rank=row["rank"] or 1,
                external_id=row["external_id"] or "",
            )
            yield identifier_of(one), one

    def apply(self) -> Outcome:
        there = stored([id_ for id_, one in self.rows if one.external_id])
        new = [(id_, one) for id_, one in self.rows if id_ not in there]
        told = [(there[id_], one) for id_, one in self.rows if id_ in there]
        if self.chunk.operation == "update":
            self.outcome.faults += [
                RowFault(one.number, "not_updatable", "external_id", one.external_id)
                for _id, one in new
            ]
            new = []
        concerned = [(row, one) for row, one in told if self.is_news(row, one)]
        remembering.make_months(one for _id, one in new)
        remembering.hold_clocks(
            self.chunk.cursor, {one.contact for _row, one in (*new, *concerned)}
        )
        for row, one in concerned:
            self.go_on(row, one)
        self.insert(new)
        return self.outcome

    def is_news(self, row: Stored, one: Happened) -> bool:
        """Whether a row that is there is told something else of; else it is settled here."""
        is_same = (row.offer, row.space) == (one.offer, one.space)
        if not is_same or row.contact not in {one.contact, None}:
            self.outcome.existing.append(one.number)
            return False
        if row.status == one.status or find(row.id).has_been(one.status):
            self.outcome.unchanged += 1
            return False
        if self.chunk.operation == "insert":
            self.outcome.existing.append(one.number)
            return False
        if one.status not in MOVES[row.status]:
            before = {"before": Status(row.status).name.lower()}
            self.outcome.faults.append(
                RowFault(one.number, "status_cannot_follow", "status", "", before)
            )
            return False
        return True

    def go_on(self, row: Stored, one: Happened) -> None:
        change = Change(status=one.status, at=one.told_at, source=SOURCE)
        changed = change_status(row.id, change, engine_for=engine_for)
        self.outcome.updated += changed.is_changed
        self.outcome.unchanged += not changed.is_changed

    def insert(self, new: Sequence[tuple[UUID, Happened]]) -> None:
        if not new:
            return
        made = remembering.insert(self.chunk.cursor, new)
        mine = [one for id_, one in new if id_ in made]
        self.outcome.inserted += len(mine)
        self.outcome.existing += [one.number for id_, one in new if id_ not in made]
        remembering.count(self.chunk.cursor, (one for one in mine if not one.known.is_fallback))
        self.outcome.warnings += [
            RowFault(one.number, "older_than_kept", "occurred_at")
            for one in mine
            if one.at < self.kept_since
        ]
