"""Statements that a connection prepares once: what goes in, what comes out, what goes wrong."""

import os
import socket
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.errors import UndefinedTable

from offers_site import prepared, statements
from offers_site.statements import read, run

pytestmark = pytest.mark.django_db(transaction=True)
ONE = "SELECT 1 WHERE %s > 0"
ID = UUID("0199f3f0-0000-7000-8000-000000000001")
AT = datetime(2026, 6, 15, 8, 0, 0, 123456, tzinfo=UTC)


def prepared_here():
    return prepared.prepared_of(statements.raw_connection())


def test_values_come_back_as_they_went_in():
    statement = "SELECT %s::text, %s::bigint, %s::uuid, %s::timestamptz, %s::integer, %s::json"
    values = ["L\u2019été % \\", -(2**60), ID, AT, None, '[{"a": [1, 2.5, null, true]}]']

    for _time in range(2):
        assert read(statement, values) == [(*values[:5], [{"a": [1, 2.5, None, True]}])]
    assert statement in prepared_here().names


def test_what_is_of_another_kind_takes_the_other_way():
    statement = "SELECT %s::date, %s::integer[]"

    assert read(statement, [date(2026, 6, 15), [1, 2]]) == [(date(2026, 6, 15), [1, 2])]
    assert statement not in prepared_here().names


def test_a_text_that_cannot_be_stored_is_refused():
    with pytest.raises(psycopg.DataError):
        read("SELECT %s::text", ["a\0b"])


def test_an_error_is_that_of_the_database_and_leaves_nothing():
    with pytest.raises(UndefinedTable):
        read("SELECT 1 FROM nothing WHERE 1 = %s", [1])
    with pytest.raises(psycopg.errors.DivisionByZero) as error:
        run("SELECT 1 / %s", [0])

    assert error.value.diag.severity == "ERROR"
    assert read("SELECT 1", []) == [(1,)]


def test_a_server_that_has_forgotten_is_told_again():
    assert read("SELECT %s::text", ["a"]) == [("a",)]
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert read("SELECT %s::text", ["b"]) == [("b",)]


def test_a_connection_that_was_closed_is_opened_again():
    (former,) = read("SELECT pg_backend_pid()", [])
    with psycopg.connect(statements.raw_connection().info.dsn) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", former)

    (now,) = read("SELECT pg_backend_pid()", [])

    assert now != former


def test_not_all_is_kept(monkeypatch):
    monkeypatch.setattr(prepared, "MOST", 3)
    for number in range(5):
        assert read(f"SELECT {number}, %s::text", ["a"]) == [(number, "a")]

    assert len(prepared_here().names) == 3
    assert read("SELECT 0, %s::text", ["b"]) == [(0, "b")]


def test_in_a_transaction_an_error_takes_back_the_statement_alone():
    with transaction.atomic():
        with pytest.raises(psycopg.errors.DivisionByZero):
            run("SELECT 1 / %s::integer", [0])
        assert run("SELECT %s::integer", [1]) == [(1,)]


def lose_the_connection():
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def test_what_only_reads_is_asked_again_by_another_connection():
    assert read(ONE, [1]) == [(1,)]

    lose_the_connection()

    assert read(ONE, [1]) == [(1,)]


def test_what_writes_is_not_said_twice():
    assert run(ONE, [1]) == [(1,)]

    lose_the_connection()

    with pytest.raises(psycopg.OperationalError):
        run(ONE, [1])
    connection.close()


def test_values_go_there_and_back_alike_with_and_without_a_transaction():
    statement = "SELECT %s::text, %s::bigint, %s::json, %s::jsonb"
    values = ["l’été", 7, '{"a": [1.5, null]}', '{"a": [1.5, null]}']
    found = [("l’été", 7, {"a": [1.5, None]}, '{"a": [1.5, null]}')]

    alone = run(statement, values)
    with transaction.atomic():
        within = run(statement, values)

    assert (alone, within) == (found, found)


def test_who_asks_after_a_reading_need_not_try_whether_the_connection_holds(monkeypatch):
    connection.close_if_unusable_or_obsolete()  # so begins every request
    read("SELECT 1", [])
    monkeypatch.setattr(connection, "is_usable", pytest.fail)

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_reading_in_the_middle_of_a_transaction_is_a_part_of_it():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE told (word text) ON COMMIT DROP")
        cursor.execute("INSERT INTO told VALUES ('a')")

        assert read("SELECT word FROM told WHERE word = %s", ["a"]) == [("a",)]
