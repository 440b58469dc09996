"""Files that nobody sends in good faith: told clearly, nothing half done, no failure of ours."""

import codecs
import functools
import gzip
import io
import os
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contacts.columns import declared
from contacts.subject import Contacts
from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_attribute, make_key
from tests.often import SHARE
from tests.transfers.conftest import contacts
from transfers.files import open_file
from transfers.models import Transfer
from transfers.options import Options
from transfers.reading.batches import Place
from transfers.reading.columns import Column, Kind
from transfers.reading.sources import Source

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def zipped(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return buffer.getvalue()


def xml(inside, attributes=""):
    return f"<x {attributes}>{inside}</x>".encode()


def is_small(body):
    return not callable(body) and len(body) < 100_000


@functools.cache
def gzip_bomb():
    return gzip.compress(bytes(6_000_000))


@functools.cache
def zip_bomb():
    return zipped(("a.csv", bytes(6_000_000)))


ELSEWHERE = Path("/tmp/overture-evil.csv")  # noqa: S108 (nothing is written there)
UTF_16 = codecs.BOM_UTF16_LE
WIDE = ";".join(["key", *(f"c{n}" for n in range(100_000))])
KEY_ZIP = zipped(("a.csv", b"key\nA\n"))

# name of the file, body (or what makes it), (read, inserted, rejected), the codes with their lines
FILES = {
    "nul in an unknown column's name": ("a.csv", b"key;fo\0o\nA;b\n", (1, 1, 0), []),
    "nul in a column of that name": (
        "a.csv",
        b"key;fo\0o\nA;b\x01\n",
        (1, 0, 1),
        [(2, "ctrl_char")],
    ),
    "nothing but nul": ("a.csv", b"\0" * 1000, (0, 0, 0), [(1, "header_unknown")]),
    "two marks": ("a.csv", codecs.BOM_UTF8 * 2 + b"key;city\nA;b\n", (1, 1, 0), []),
    "a mark within": ("a.csv", b"key\nA\n\xef\xbb\xbfB\n", (2, 1, 1), [(3, "ctrl_char")]),
    "only a mark": ("a.csv", UTF_16, (0, 0, 0), [(1, "file_empty")]),
    "half a unit of utf-16": (
        "a.csv",
        UTF_16 + "key\nA\n".encode("utf-16-le") + b"x",
        (2, 1, 1),
        [(3, "enc_invalid")],
    ),
    "half a pair in utf-16": (
        "a.csv",
        UTF_16 + "key\nA".encode("utf-16-le") + b"\x00\xd8\n\0" + "B\n".encode("utf-16-le"),
        (2, 1, 1),
        [(2, "enc_invalid")],
    ),
    "half a pair in utf-8": ("a.csv", b"key\n\xed\xa0\x80\nB\n", (2, 1, 1), [(2, "enc_invalid")]),
    "two encodings": (
        "a.csv",
        "key;city\nA;é\n".encode() + "B;é\n".encode("cp1252"),
        (2, 1, 1),
        [(3, "enc_invalid")],
    ),
    "utf-32": ("a.csv", "\ufeffkey\nA\n".encode("utf-32"), (0, 0, 0), [(1, "enc_unknown")]),
    "100,000 columns": ("a.csv", WIDE.encode(), (0, 0, 0), [(1, "header_unknown")]),
    "100,000 cells": (
        "a.csv",
        b"key\nA" + b";" * 100_000 + b"\nB\n",
        (2, 1, 1),
        [(2, "field_too_long")],
    ),
    "a header alone": ("a.csv", b"key;city", (0, 0, 0), []),
    "a header of blanks and capitals": ("a.csv", b" K E Y ; First-Name \nA;b\n", (1, 1, 0), []),
    "a header twice": ("a.csv", b"key;KEY\nA;b\n", (0, 0, 0), [(1, "header_duplicate")]),
    "a header of many lines": ("a.csv", b'\n"key";"ci\nty"\nA;b\nA;b\n', (2, 1, 1), None),
    "lines that end in CR": ("a.csv", b"key;city\rA;b\rB;c\r", (2, 2, 0), []),
    "lines that end as they like": ("a.csv", b"key\r\nA\rB\nC\r\r\n", (3, 3, 0), []),
    "quotes over megabytes": (
        "a.csv",
        b'key;city\nA;"' + b"x\r\n" * 2_000_000 + b'"\nB;c\nB;d\n',
        (3, 1, 2),
        [(2, "field_too_long"), (2_000_004, "duplicate_in_file")],
    ),
    "a quote that never closes": (
        "a.csv",
        b'key;city\nA;"' + b"x\n" * 2_000_000,
        (1, 0, 1),
        [(2, "csv_unbalanced_quote")],
    ),
    "a storm of quotes": (
        "a.csv",
        b"key\n" + b'"' * 3_000_001 + b"\nB\n",
        (1, 0, 1),
        [(2, "csv_unbalanced_quote")],
    ),
    "gzip in gzip": ("a.csv", gzip.compress(gzip.compress(b"key\nA\n")), (0, 0, 0), None),
    "gzip that ends early": (
        "a.csv",
        gzip.compress(b"key\n" + b"A\n" * 9999)[:-9],
        (0, 0, 0),
        [(0, "file_unreadable")],
    ),
    "gzip of nothing": ("a.csv", gzip.compress(b""), (0, 0, 0), [(0, "file_empty")]),
    "gzip in parts": ("a.csv", gzip.compress(b"key\nA\n") + gzip.compress(b"B\n"), (2, 2, 0), []),
    "a bomb": ("a.csv", gzip_bomb, (0, 0, 0), [(0, "file_bomb")]),
    "a bomb in a zip": ("a.csv", zip_bomb, (0, 0, 0), [(0, "file_bomb")]),
    "a zip of nothing": ("a.csv", zipped(), (0, 0, 0), [(0, "file_unreadable")]),
    "a zip in a zip": ("a.csv", zipped(("a.zip", KEY_ZIP)), (0, 0, 0), None),
    "a zip that lies": (
        "a.csv",
        KEY_ZIP.replace(b"a.csv", b"b.csv", 1),
        (0, 0, 0),
        [(0, "file_unreadable")],
    ),
    "a zip that leads elsewhere": (
        "a.csv",
        zipped(("../../../../../../tmp/overture-evil.csv", b"key\nA\n")),
        (1, 1, 0),
        [],
    ),
    "elements 100,000 deep": ("a.xml", b"<x>" + b"<a>" * 100_000, (0, 0, 0), [(1, "xml_limit")]),
    "a tag of megabytes": (
        "a.xml",
        xml("<contact key='" + "a" * 5_000_000 + "'/>"),
        (0, 0, 0),
        [(1, "xml_limit")],
    ),
    "a thousand attributes": (
        "a.xml",
        xml("<contact " + " ".join(f"a{n}=''" for n in range(1000)) + "/>"),
        (0, 0, 0),
        [(1, "xml_limit")],
    ),
    "a text of megabytes": (
        "a.xml",
        xml("<contact key='a'><city>" + "a" * 9_000_000 + "</city></contact>"),
        (1, 0, 1),
        [(1, "field_too_long")],
    ),
    "an entity from nowhere": (
        "a.xml",
        xml("<contact key='&a;'/>"),
        (0, 0, 0),
        [(1, "xml_not_well_formed")],
    ),
    "a character that is none": (
        "a.xml",
        xml("<contact key='&#xD800;'/>"),
        (0, 0, 0),
        [(1, "xml_not_well_formed")],
    ),
    "a control character": (
        "a.xml",
        xml("<contact key='a&#x85;'/>"),
        (1, 0, 1),
        [(1, "ctrl_char")],
    ),
    "an encoding of old": (
        "a.xml",
        b'<?xml version="1.0" encoding="ebcdic-cp-us"?><x/>',
        (0, 0, 0),
        [(1, "enc_unknown")],
    ),
    "a key given twice": (
        "a.xml",
        xml("<contact key='a'><key>b</key></contact><contact key='c'/>"),
        (2, 1, 1),
        [(1, "header_duplicate")],
    ),
    "a record in a record": (
        "a.xml",
        xml("<contact key='a'><contact key='b'/></contact>"),
        (1, 0, 1),
        None,
    ),
    "another vocabulary": (
        "a.xml",
        xml("<contact key='a'/>", "xmlns='urn:other'"),
        (0, 0, 0),
        [(1, "xml_unknown_element")],
    ),
    "a record alone": ("a.xml", b"<contact key='a'/>", (1, 1, 0), []),
    "a zone of Mars": (
        "a.xml",
        xml("<contact key='a'/>", "timezone='Mars'"),
        (0, 0, 0),
        [(1, "timezone_unknown")],
    ),
    "something to fetch": (
        "a.xml",
        b"<?xml-stylesheet href='http://127.0.0.1:9/'?>"
        + xml(
            "<i:include href='/etc/passwd'/><contact key='a'/>",
            "xmlns:i='http://www.w3.org/2001/XInclude'",
        ),
        (1, 1, 0),
        [],
    ),
    "something after the end": (
        "a.xml",
        xml("<contact key='a'/>") + b"junk",
        (1, 1, 0),
        [(1, "xml_not_well_formed")],
    ),
}


# Each file one way and, in turn, one of the others: with THOROUGH=1 all of them. The one way of a
# small file is that of the API.
OTHERS = (("--operation", "upsert"), ("--all-or-nothing",))
WAYS = [
    (name, how)
    for number, (name, each) in enumerate(FILES.items())
    for how in (
        *(((),) if SHARE == 1 or not is_small(each[1]) else ()),
        *(OTHERS if SHARE == 1 else OTHERS[number % 2 :][:1]),
    )
]


@pytest.mark.parametrize(("name", "how"), WAYS)
def test_hostile_files_are_told_of_clearly(import_file, name, how):
    file, body, (read, inserted, rejected), codes = FILES[name]
    body = body() if callable(body) else body

    done = import_file(body, *how, "--max-rejects", "100%", name=file)

    transfer = Transfer.objects.get(pk=done["job"])
    assert transfer.job is not None
    assert transfer.fatal_code or transfer.job.failure == ""
    assert len(contacts("key")) == done["inserted"]
    if not how:
        assert (done["read"], done["inserted"], done["rejected"]) == (read, inserted, rejected)
        assert codes is None or done.codes == codes
    elif "--all-or-nothing" in how and (rejected or transfer.fatal_code):
        assert (done.status, done["inserted"], contacts("key")) == (1, 0, [])
    assert not ELSEWHERE.exists()


@pytest.mark.parametrize("name", [name for name, each in FILES.items() if is_small(each[1])])
def test_hostile_files_through_the_api(client, settings, tmp_path, monkeypatch, name):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    _key, secret = make_key("imports")
    file, body, (read, inserted, rejected), codes = FILES[name]

    def get(path, **headers):
        return client.get(f"/api/v1/imports/{job}{path}", headers={**bearer(secret), **headers})

    data = {"subject": "contacts", "file": SimpleUploadedFile(file, body), "max_rejects": "100%"}
    answer = client.post("/api/v1/imports", data, headers=bearer(secret))
    job = answer.json()["job"]
    import_task(str(Transfer.objects.get(pk=job).job_id))

    transfer = Transfer.objects.select_related("job").get(pk=job)
    told, faults = get("").json(), get("/errors").json()["results"]
    assert (answer.status_code, told["read"], told["inserted"]) == (202, read, inserted)
    assert (told["rejected"], len(contacts("key"))) == (rejected, inserted)
    assert transfer.fatal_code or transfer.job.failure == ""
    assert sum(told["codes"].values()) == len(faults)
    assert codes is None or [(each["line"], each["error_code"]) for each in faults] == codes
    lines = b"".join(get("/errors", Accept="text/csv").streaming_content)
    assert b"\0" not in lines
    assert not ELSEWHERE.exists()


MOMENTS = [
    ("2026-03-29 02:30", "date_nonexistent"),
    ("2026-03-29 03:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first of two
    ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ("2026-03-29", datetime(2026, 3, 28, 23, 0, tzinfo=UTC)),
    ("2026-01-01T24:00", "date_range"),
    ("2026-01-01T10:00+99:99", "date_range"),
    ("٢٠٢٦-01-01", "date_format"),
    ("03/04/2026", "date_format"),
    ("46050.5", "date_format"),
    ("0000-01-01", "date_range"),
    ("2026-01-01T00:00:60", "date_range"),
]


def test_moments_are_never_guessed(import_file):
    make_attribute("seen", "timestamp")
    rows = "".join(f"K{n:02d};{word}\n" for n, (word, _what) in enumerate(MOMENTS))

    done = import_file(f"key;seen\n{rows}", "--timezone", "Europe/Paris", "--max-rejects", "100%")

    column = declared()["seen"].column
    assert contacts(column) == [what for _word, what in MOMENTS if not isinstance(what, str)]
    assert [(r.line, r.code) for r in done.rejects if r.severity == "error"] == [
        (line, what) for line, (_word, what) in enumerate(MOMENTS, 2) if isinstance(what, str)
    ]
    assert [(r.line, r.code) for r in done.rejects if r.severity == "warning"] == [
        (4, "date_ambiguous")
    ]


def test_lists_hold_whatever_is_no_bar(import_file, export):
    make_attribute("tags", "list<string>")
    make_attribute("sizes", "list<int>")
    body = (
        "key;tags;sizes\n"
        'A;"a,b|{c}|""d""|e\\f|NULL|;";1|-2\n'
        "B;||;|\n"
        "C; x | x |y ;9223372036854775807\n"
        "D;x;1|2.5\n"
        "E;x;9223372036854775808\n"
    )

    done = import_file(body)

    assert done.counters == (5, 3, 0, 0, 0, 2, 0)
    assert done.codes == [(5, "number_invalid"), (6, "number_invalid")]
    tags, sizes = (declared()[name].column for name in ("tags", "sizes"))
    assert contacts(tags, sizes) == [
        (["a,b", "{c}", '"d"', "e\\f", "NULL", ";"], [1, -2]),
        (None, None),
        (["x", "y"], [9223372036854775807]),
    ]
    left = export("--columns", "key,tags,sizes")
    assert import_file(left, "--operation", "upsert").counters == (3, 0, 0, 3, 0, 0, 0)


# --- memory ---


def hole(path, head, size, tail):
    """A file with a hole of `size` in it, which takes no room on disk."""
    with path.open("wb") as file:
        file.write(head)
        file.seek(size, os.SEEK_CUR)
        file.write(tail)
    return path


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_memory_is_bounded_whatever_the_length_of_a_field(tmp_path, quote):
    columns = {"key": Column("key", kind=Kind.KEY, required=True), "city": Column("city")}
    path = hole(tmp_path / "a.csv", b"key;city\nA;" + quote, 28 << 20, quote + b"\nB;c\n")
    source = Source.of(path)
    source.measure()

    tracemalloc.start()
    try:
        with open_file(source, Contacts(), columns, Options(), "csv", Place()) as file:
            codes = [
                [refusal.faults[0].code for refusal in (*batch.refused, *file.check(batch).refused)]
                for batch in file.batches(lambda row: 5000)
            ]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert codes == [["field_too_long"]]
    assert peak < 20 << 20
