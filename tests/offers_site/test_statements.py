"""Statements that are prepared once, whatever becomes of their connection."""

import os
import socket

import psycopg
import pytest
from django.db import connection, transaction

from offers_site.statements import read, run

pytestmark = pytest.mark.django_db(transaction=True)
ONE = "SELECT 1 WHERE %s > 0"


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
