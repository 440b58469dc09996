"""Contacts as files carry them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from contacts import columns as known
from contacts import leaving, values
from contacts.columns import BUILT_IN, OPT_OUTS, TABLE
from contacts.models import Contact
from contacts.storing import keep_keys
from rules.kinds import BOOL, DATE, DOUBLE, INT, STRING, TIMESTAMP
from transfers.applying import Target, apply_to_table, staged
from transfers.forgetting import erased_since
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault
from transfers.reading.xml import XmlShape
from transfers.subjects import NOTHING, Chunk, Outcome, RowFault, Subject
from transfers.writing.texts import as_text

if TYPE_CHECKING:
    from accounts.models import User

KINDS = {
    BOOL: Kind.BOOL,
    INT: Kind.INT,
    DOUBLE: Kind.DOUBLE,
    STRING: Kind.TEXT,
    DATE: Kind.DATE,
    TIMESTAMP: Kind.TIMESTAMP,
    known.STRINGS: Kind.TEXTS,
    known.INTS: Kind.INTS,
}
ALIASES = {
    "key": ("cle", "contact_key", "recipient_key", "cle_destinataire"),
    "email": ("courriel", "e-mail", "adresse_email"),
    "phone": ("telephone", "tel", "mobile"),
    "first_name": ("prenom",),
    "last_name": ("nom", "nom_de_famille"),
    "birth_date": ("date_de_naissance", "date_naissance"),
    "language": ("langue",),
    "timezone": ("fuseau_horaire", "time_zone"),
    "address1": ("adresse", "adresse1", "address"),
    "address2": ("adresse2", "complement_adresse"),
    "postcode": ("code_postal", "zip"),
    "city": ("ville",),
    "country": ("pays",),
    "email_opt_out": ("refus_email",),
    "sms_opt_out": ("refus_sms",),
    "phone_opt_out": ("refus_telephone",),
    "post_opt_out": ("refus_courrier",),
}
YEARS = (1900, 2100)
# The key of whom a row is about: of people who were merged, the one that was kept.
IDENTITY = sql.SQL("coalesce(s._identity, s.key)")
FAULTS = {
    "phone_invalid": "phone_invalid",
    "language_invalid": "enum_invalid",
    "timezone_invalid": "timezone_unknown",
    "too_long": "field_too_long",
    "out_of_range": "number_invalid",
    "date_nonexistent": "date_nonexistent",
}
CHANNELS = {
    "email_opt_out": "email",
    "sms_opt_out": "sms",
    "phone_opt_out": "phone",
    "post_opt_out": "post",
}


def reading(read: Callable[[str], Any]) -> Callable[[str], str | Fault]:
    """One of our own readers of texts, as a column of a file wants it."""

    def convert(word: str) -> str | Fault:
        try:
            return str(read(word.strip())) if word.strip() else ""
        except values.BadValue as refusal:
            return Fault(FAULTS.get(refusal.code, "enum_invalid"))

    return convert


CONVERTS = {
    "phone": reading(values.phone_of),
    "language": reading(values.language_of),
    "timezone": reading(values.timezone_of),
}


class Contacts(Subject):
    name = "contacts"
    label = _("Contacts")
    unit = _("contacts")
    key = "key"
    xml = XmlShape("contact", "contacts", attributes=frozenset({"key"}))
    import_right = "contacts.change_contact"
    export_right = "contacts.view_contact"
    personal_right = "contacts.view_personal_data"

    @property
    def identity(self) -> sql.Composable:
        return IDENTITY

    def columns(self, chosen: Mapping[str, Any] = NOTHING) -> Mapping[str, Column]:
        everybody = [*BUILT_IN.values(), *OPT_OUTS.values()]
        everybody.sort(key=lambda column: column.name == "created_at")  # the last of ours
        return {
            column.name: file_column(column) for column in (*everybody, *known.declared().values())
        }

    def resolve(self, chunk: Chunk) -> Sequence[RowFault]:
        """A former key stands for whoever was kept; nobody is merged while the chunk is applied.

        Whoever was erased after the file was sent does not come back by it.
        """
        keep_keys()
        chunk.cursor.execute(
            sql.SQL(
                "UPDATE {} s SET _identity = c.key FROM contacts_contactalias a "
                "JOIN {} c ON c.id = a.contact_id WHERE a.key = s.key"
            ).format(chunk.table, sql.Identifier(TABLE))
        )
        gone = erased_since(chunk.transfer) if chunk.transfer else frozenset()
        if not gone:
            return ()
        return [
            RowFault(number, "contact_erased", "key")
            for number, key in chunk.rows("key")
            if key in gone
        ]

    def apply(self, chunk: Chunk) -> Outcome:
        columns = self.columns()
        written = {
            name: (columns[name].target if name in columns else name) for name in chunk.names
        }
        at = sql.Literal(chunk.at)
        outs = [name for name in chunk.names if name in OPT_OUTS]
        created = {
            target: sql.SQL("coalesce({}, false)").format(staged(name))
            if name in OPT_OUTS
            else staged(name)
            for name, target in written.items()
            if name != "key"
        }
        changed = {
            target: sql.SQL("coalesce({}, t.{})").format(staged(name), sql.Identifier(target))
            if name in OPT_OUTS
            else staged(name)
            for name, target in written.items()
            if name != "key"
        }
        outcome = apply_to_table(
            chunk,
            Target(
                table=TABLE,
                key={"kind": sql.SQL("'contact'::text"), "key": IDENTITY},
                created={**created, "created_at": at, "changed_at": at},
                changed=changed,
                stamped={"changed_at": at, "version": sql.SQL("t.version + 1")},
                unknown_code="recipient_unknown",
                before_change=lambda chunk: note_changes(chunk, outs),
            ),
        )
        if outcome.inserted:
            note_first(chunk, outs)
        return outcome

    def export(self, columns: Sequence[Column], filters: Mapping[str, Any]) -> sql.Composable:
        return sql.SQL("SELECT {} FROM {} t WHERE {} ORDER BY {}").format(
            sql.SQL(", ").join(as_text(column) for column in columns),
            sql.Identifier(TABLE),
            leaving.condition(filters),
            leaving.order(filters),
        )

    sorts = tuple(leaving.ORDERS)

    def columns_shown(self, shown: Sequence[str]) -> list[str]:
        return leaving.columns_shown(shown, self.columns())

    def filters_from(
        self, asked: Mapping[str, str], *, by: User | None, at: datetime, zone: str
    ) -> dict[str, Any]:
        return leaving.filters_from(asked, by=by, at=at, zone=zone) if by else {}

    def filters_in_words(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        return leaving.in_words(filters)


def file_column(column: known.Column) -> Column:
    """A column of the contacts' table, as files have it."""
    name = column.name
    longest = None
    if column.kind == STRING:
        field = None if column.is_declared else Contact._meta.get_field(name)
        longest = getattr(field, "max_length", None) or known.LONGEST_TEXT
    return Column(
        name,
        column.label,
        Kind.KEY if name == "key" else KINDS[column.kind],
        aliases=ALIASES.get(name, ()),
        required=name == "key",
        max_length=longest,
        choices=frozenset(column.choices) if column.choices else None,
        personal=column.is_personal,
        export_only=name == "created_at",
        years=YEARS,
        convert=CONVERTS.get(name) or (reading_double if column.kind == DOUBLE else None),
        labels=column.choices,
        where=column.column,
        companions={"email_normal": normal} if name == "email" else {},
    )


def normal(text: str) -> str:
    return values.normal_email(text) or ""


def reading_double(word: str) -> str | Fault:
    try:
        return repr(values.fitting_double(float(word)))
    except values.BadValue:
        return Fault("number_invalid")


# --- consent: every change of it is kept ---


def note_changes(chunk: Chunk, names: Sequence[str]) -> None:
    """Write down which channels the staged rows close or open for people who are there."""
    for name in names:
        note(chunk, name, sql.SQL("s._known AND t.{0} <> s.{0}").format(sql.Identifier(name)))


def note_first(chunk: Chunk, names: Sequence[str]) -> None:
    """Write down which channels are closed for people who have just been added."""
    new = sql.SQL("NOT s._known AND s.{} AND t.created_at = {}")
    for name in names:
        note(chunk, name, new.format(sql.Identifier(name), sql.Literal(chunk.at)))


def note(chunk: Chunk, name: str, condition: sql.Composable) -> None:
    chunk.cursor.execute(
        sql.SQL(
            "INSERT INTO contacts_optoutchange "
            "(contact_id, channel, is_opted_out, at, by_id, by_name, source, proof) "
            "SELECT t.id, {channel}, s.{name}, {at}, {by}, '', 'import', {proof} "
            "FROM {staging} s JOIN {table} t ON t.key = {identity} AND t.kind = 'contact' "
            "WHERE s.{name} IS NOT NULL AND {condition}"
        ).format(
            channel=sql.Literal(CHANNELS[name]),
            name=sql.Identifier(name),
            at=sql.Literal(chunk.at),
            by=sql.Literal(chunk.by_pk),
            proof=sql.Literal(chunk.origin[:1000]),
            staging=chunk.table,
            identity=IDENTITY,
            table=sql.Identifier(TABLE),
            condition=condition,
        )
    )
