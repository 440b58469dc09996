"""A kind of file that transfers have never heard of: shops, and tickets that belong to one."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import gettext_lazy
from psycopg import sql

from offers_site.subjects import SUBJECTS
from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_key
from transfers.applying import Target, apply_to_table, staged
from transfers.models import Transfer
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault, FileFault
from transfers.reading.xml import XmlRecord, XmlShape
from transfers.subjects import Outcome, RowFault, Subject, SubjectOption, registered

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = """
CREATE TABLE shop (id bigserial PRIMARY KEY, name text UNIQUE, folds boolean NOT NULL);
CREATE TABLE ticket (
    id bigserial PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shop, code text NOT NULL,
    code_norm text NOT NULL, state text NOT NULL DEFAULT 'free', price numeric(12, 2),
    facts jsonb, batch uuid, UNIQUE (shop_id, code_norm));
CREATE TABLE use (id bigserial PRIMARY KEY, ticket_id bigint NOT NULL, external text UNIQUE);
INSERT INTO shop (name, folds) VALUES ('lyon', true), ('metz', false);
"""
IDENTITY = sql.SQL("s._parent || ':' || s._identity")


def code_of(word):
    return word if word.isascii() and " " not in word else Fault("code_wrong")


class Tickets(Subject):
    name = "tickets"
    label = unit = "Tickets"
    key = "code"
    xml = XmlShape(
        "value",
        "values",
        inherited={"shop": {"name": "shop"}},
        pairs={"facts/fact": "facts"},
    )
    operations = ("insert", "void")
    options = (SubjectOption("shop", "Shop", stands_for="shop"),)
    identity = IDENTITY

    def columns(self, chosen=None):
        return {
            column.name: column
            for column in (
                Column("shop", required=True, identifying=True),
                Column("code", kind=Kind.KEY, required=True, max_length=20, convert=code_of),
                Column("price", kind=Kind.DECIMAL),
                Column("facts", kind=Kind.JSON),
            )
        }

    def begin(self, chosen, by):
        if chosen.get("shop"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM shop WHERE name = %s", [chosen["shop"]])
                if cursor.rowcount == 0:
                    raise FileFault("pool_not_found", line=1)

    def resolve(self, chunk):
        shop = staged("shop") if "shop" in chunk.names else sql.SQL("NULL")
        chunk.cursor.execute(
            sql.SQL(
                "UPDATE {0} s SET _parent = p.id,"
                " _identity = CASE WHEN p.folds THEN upper(s.code) ELSE s.code END "
                "FROM shop p WHERE p.name = coalesce({1}, {2})"
            ).format(chunk.table, shop, sql.Literal(chunk.options.get("shop")))
        )
        chunk.cursor.execute(
            sql.SQL("SELECT s._number, {1} FROM {0} s WHERE s._parent IS NULL").format(
                chunk.table, shop
            )
        )
        return [
            RowFault(number, "pool_not_found", "shop", name)
            for number, name in chunk.cursor.fetchall()
        ]

    def apply(self, chunk):
        if chunk.operation == "void":
            return self.void(chunk)
        written = {name: staged(name) for name in ("code", "price", "facts") if name in chunk.names}
        return apply_to_table(
            chunk,
            Target(
                table="ticket",
                key={"shop_id": staged("_parent"), "code_norm": staged("_identity")},
                created={**written, "batch": sql.Literal(chunk.transfer)},
                changed={n: v for n, v in written.items() if n != "code"},
                frozen=sql.SQL("t.state <> 'free'"),
            ),
        )

    def void(self, chunk):
        chunk.cursor.execute(
            sql.SQL(
                "UPDATE ticket t SET state = 'void' FROM {} s "
                "WHERE t.shop_id = s._parent AND t.code_norm = s._identity RETURNING s._number"
            ).format(chunk.table)
        )
        done = {row[0] for row in chunk.cursor.fetchall()}
        unknown = [n for (n,) in chunk.rows() if n not in done]
        return Outcome(updated=len(done), faults=[RowFault(n, "ticket_unknown") for n in unknown])


class Uses(Subject):
    """Each row calls a function of its own, in the order of the file."""

    name = "uses"
    label = unit = "Uses"
    key = "code"
    xml = XmlShape(
        "use",
        "uses",
        names={"@id": "external"},
        also={"undo": XmlRecord({"@of": "external"}, {"action": "undo"})},
    )
    operations = ("insert",)
    options = (SubjectOption("strict", "Strict", is_flag=True),)
    identity = None
    sentences = {
        "ticket_unknown": gettext_lazy("Unknown"),
        "ticket_used": gettext_lazy("Used"),
        "code_wrong": gettext_lazy("Wrong"),
    }

    def columns(self, chosen=None):
        return {
            column.name: column
            for column in (
                Column("code", kind=Kind.KEY, required=True),
                Column("external"),
                Column("action", choices=frozenset({"use", "undo"})),
            )
        }

    def apply(self, chunk):
        outcome = Outcome()
        for number, code, external in chunk.rows("code", "external"):
            chunk.cursor.execute(
                "WITH u AS (UPDATE ticket SET state = 'used' WHERE code = %s AND state = 'free'"
                " RETURNING id) INSERT INTO use (ticket_id, external) SELECT id, %s FROM u",
                [code, external],
            )
            if chunk.cursor.rowcount:
                outcome.inserted += 1
            elif chunk.options.get("strict"):
                outcome.faults.append(RowFault(number, "ticket_used", detail={"by": "x"}))
            else:
                outcome.unchanged += 1
                outcome.warnings.append(RowFault(number, "ticket_used"))
        return outcome


@pytest.fixture
def tickets(monkeypatch, transactional_db):
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    for name, subject in registered(Tickets(), Uses()).items():
        monkeypatch.setitem(SUBJECTS, name, subject)

    def rows(columns, table="ticket"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {table} ORDER BY id")
            return cursor.fetchall()

    yield rows
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE use, ticket, shop")


def test_a_row_whose_parent_is_unknown_is_refused_and_the_others_are_taken(tickets, import_file):
    done = import_file(
        "shop;code;price;facts\n"
        'lyon;A1;1.50;"{""a"": 1}"\nparis;A2;1;\nlyon;a1;2;\nmetz;A1;3;\n'
        "metz;a1;4;[1]\nmetz;b;4;\n",
        subject="tickets",
    )

    assert done.counters == (6, 3, 0, 0, 0, 3, 0)
    assert [(r.line, r.column, r.code, r.value, r.first_seen_line) for r in done.rejects] == [
        (3, "shop", "pool_not_found", "paris", None),
        (4, "", "duplicate_in_file", "a1", 2),
        (6, "facts", "json_invalid", "[1]", None),
    ]
    assert tickets("shop_id, code, price::text, facts->>'a'") == [
        (1, "A1", "1.50", "1"),
        (2, "A1", "3.00", None),
        (2, "b", "4.00", None),
    ]
    assert tickets("batch::text")[0] == (done["job"],)


def test_an_option_takes_the_place_of_a_column(tickets, import_file):
    done = import_file("A1\nA2\nA 3\na1\n", "--list", "--shop", "lyon", subject="tickets")
    lacking = import_file("code\nA1\n", subject="tickets")
    unknown = import_file("code\nA9\n", "--shop", "paris", subject="tickets")

    assert done.counters == (4, 2, 0, 0, 0, 2, 0)
    assert done.codes == [(3, "code_wrong"), (4, "duplicate_in_file")]
    assert lacking.codes == [(1, "header_missing_column")]
    assert (unknown.status, unknown["state"], unknown["read"]) == (1, "failed", 0)
    assert unknown.codes == [(1, "pool_not_found")]


def test_duplicates_update_what_may_be_updated(tickets, import_file):
    import_file("code;price\nA;1\nB;1\n", "--shop", "lyon", subject="tickets")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ticket SET state = 'used' WHERE code = 'B'")

    done = import_file(
        "code;price\na;2\nb;2\nC;2\n",
        "--shop",
        "lyon",
        "--on-duplicate",
        "update",
        subject="tickets",
    )
    again = import_file(
        "code;price\nB;1\n", "--shop", "lyon", "--on-duplicate", "update", subject="tickets"
    )

    assert done.counters == (3, 1, 1, 0, 0, 1, 0)
    assert done.codes == [(3, "not_updatable")]
    assert again.counters == (1, 0, 0, 1, 0, 0, 0)
    assert tickets("code, price::int") == [("A", 2), ("B", 1), ("C", 2)]


def test_an_operation_of_its_own(tickets, import_file):
    import_file("A\nB\n", "--list", "--shop", "lyon", subject="tickets")

    done = import_file(
        "a\nC\n", "--list", "--shop", "lyon", "--operation", "void", subject="tickets"
    )
    refused = import_file("code\nA\n", "--operation", "upsert", subject="tickets")

    assert (done.counters, done.codes) == ((2, 0, 1, 0, 0, 1, 0), [(2, "ticket_unknown")])
    assert tickets("code, state") == [("A", "void"), ("B", "free")]
    assert (refused.status, refused.said) == (2, {})


def test_rows_are_done_one_by_one_in_the_order_of_the_file(tickets, import_file, settings):
    settings.IMPORT_CHUNK_ROWS = 2
    import_file("A\nB\n", "--list", "--shop", "lyon", subject="tickets")
    body = "code;external\nA;1\nB;2\nA;3\nB;\n"

    tried = import_file(body, "--dry-run", subject="uses")
    done = import_file(body, subject="uses")
    strict = import_file(body, "--strict", subject="uses")

    assert tried.counters == done.counters == (4, 2, 0, 2, 0, 0, 0)
    assert [(r.line, r.severity, r.code) for r in done.rejects] == [
        (4, "warning", "ticket_used"),
        (5, "warning", "ticket_used"),
    ]
    assert strict.counters == (4, 0, 0, 0, 0, 4, 0)
    assert tickets("external", "use") == [("1",), ("2",)]


def test_records_of_several_names_within_others(tickets, import_file):
    done = import_file(
        '<x xmlns="urn:couponexchange:1"><shop name="lyon"><label>L</label><values>'
        '<value code="A"><facts><fact name="season">winter</fact><fact name="n">1</fact></facts>'
        '</value></values></shop><shop name="metz"><values><value code="M"/></values></shop>'
        '<values><value code="B"/></values></x>',
        subject="tickets",
        name="tickets.xml",
    )

    assert (done.counters, done.codes) == ((3, 2, 0, 0, 0, 1, 0), [(1, "required_missing")])
    assert tickets("shop_id, code, facts") == [
        (1, "A", '{"n": "1", "season": "winter"}'),
        (2, "M", None),
    ]

    uses = import_file(
        '<uses><use id="1"><code>A</code></use><undo of="2" code="M"/></uses>',
        subject="uses",
        name="uses.xml",
    )
    assert uses.counters == (2, 2, 0, 0, 0, 0, 0)
    assert tickets("external", "use") == [("1",), ("2",)]


def test_what_stands_around_a_record_is_looked_at_too(tickets, import_file):
    done = import_file(
        '<x><shop name="ly&#x85;on"><value code="A"/></shop><shop name="ly\\on">'
        '<value code="B"/></shop><shop name="lyon"><value code="C\\"/></shop></x>',
        subject="tickets",
        name="tickets.xml",
    )

    assert (done.counters, [r.code for r in done.rejects]) == (
        (3, 1, 0, 0, 0, 2, 0),
        ["ctrl_char", "pool_not_found"],
    )
    assert done.rejects[1].value == "ly\\on"
    assert tickets("code") == [("C\\",)]


def test_the_same_options_through_the_api(tickets, client, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    _key, secret = make_key("imports")

    def post(**fields):
        data = {"file": SimpleUploadedFile("a.csv", b"code\nA\n"), **fields}
        return client.post("/api/v1/imports", data, headers=bearer(secret))

    answer = post(subject="tickets", shop="metz")
    assert answer.status_code == 202
    assert import_task(str(Transfer.objects.get(pk=answer.json()["job"]).job_id)) == "finished"
    assert tickets("shop_id, code") == [(2, "A")]

    refused = [
        post(subject="tickets", shop="metz", operation="update"),
        post(subject="contacts", shop="metz"),
        post(subject="tickets", shop="me\ttz"),
        post(subject="uses", strict="perhaps"),
    ]
    assert [each.status_code for each in refused] == [422] * 4
    assert [each.json()["errors"][0]["pointer"] for each in refused] == [
        "/operation",
        "/shop",
        "/shop",
        "/strict",
    ]


def test_an_option_of_another_subject_is_bad_usage(tickets, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("key\nA\n")

    with pytest.raises(CommandError) as refusal:
        call_command("import", "contacts", str(path), "--shop", "lyon", stderr=io.StringIO())
    assert refusal.value.returncode == 2


def test_a_subject_that_forgets_a_row_is_caught(tickets, import_file, monkeypatch):
    monkeypatch.setattr(Tickets, "apply", lambda self, chunk: Outcome(inserted=chunk.count - 1))

    done = import_file("A\nB\n", "--list", "--shop", "lyon", subject="tickets")

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert json.dumps(done.said)  # still told as one object


def test_names_are_given_once():
    with pytest.raises(ValueError, match="tickets"):
        registered(Tickets(), Tickets())
