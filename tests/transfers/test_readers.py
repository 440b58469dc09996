"""The reader beside Python's own, and texts that leave and come back."""

import csv
import io
from unittest.mock import patch

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contacts.models import Contact
from tests.often import often
from transfers.reading import separated
from transfers.reading.batches import Place
from transfers.reading.encodings import Stream
from transfers.reading.separated import UNSEEMLY, CsvReader, Dialect

SEEMLY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(
    lambda text: not UNSEEMLY.search(text)
)
TABLES = st.lists(st.tuples(SEEMLY, SEEMLY), min_size=1, max_size=12)


@settings(max_examples=often(400), deadline=None)
@given(
    TABLES,
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([1, 2, 3, 5, 8, 1 << 20]),
)
def test_well_formed_files_are_read_as_python_reads_them(rows, quoting, end, block):
    # Python 3.11 writes a lone CR without quotes, and then it is the end of a line.
    assume(quoting == csv.QUOTE_ALL or not any("\r" in text for row in rows for text in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", quoting=quoting, lineterminator=end)
    writer.writerows(rows)
    body = buffer.getvalue()
    file = io.BytesIO(body.encode())
    expected = [row for row in csv.reader(io.StringIO(body, newline=""), delimiter=";") if row]

    reader = CsvReader(Stream(file, "utf-8", 0), Dialect(";", '"', ("a", "b")), Place())
    with patch.multiple(separated, BLOCK=block, BUFFER=block):
        batches = list(reader.batches(lambda row: 5))

    assert [row for batch in batches for row in batch.rows] == expected
    assert sum(len(batch.refused) for batch in batches) == 0


@pytest.mark.parametrize("block", range(1, 24))
def test_a_doubled_quote_is_never_a_closing_one_wherever_the_bytes_end(block):
    file = io.BytesIO(b'a1;"x""\ny"\r\n"p""q";z\r' * 3)

    with patch.multiple(separated, BLOCK=block, BUFFER=block):
        reader = CsvReader(Stream(file, "utf-8", 0), Dialect(";", '"', ("a", "b")), Place())
        batches = list(reader.batches(lambda row: 5))

    assert [row for batch in batches for row in batch.rows] == [["a1", 'x"\ny'], ['p"q', "z"]] * 3
    assert [line for batch in batches for line in batch.lines] == [1, 3, 4, 6, 7, 9]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 7, 11, 64, 1 << 20])
def test_a_record_too_long_to_hold_is_passed_over_wherever_the_bytes_end(block):
    long = b'"A";"' + b'x""\r\n""y"""";\r' * 60 + b'"\r\n'
    file = io.BytesIO(b"a;b\n" + long + b'"B";"c"\r\n' + long + b"C;d")

    with patch.multiple(separated, BLOCK=block, BUFFER=block, ROW_LIMIT=200):
        reader = CsvReader(Stream(file, "utf-8", 0), Dialect(";", '"', ("a", "b")), Place())
        batches = list(reader.batches(lambda row: 5))

    assert [row for batch in batches for row in batch.rows] == [["a", "b"], ["B", "c"], ["C", "d"]]
    refused = [each for batch in batches for each in batch.refused]
    assert [(each.number, each.line, each.faults[0].code) for each in refused] == [
        (2, 2, "field_too_long"),
        (4, 124, "field_too_long"),
    ]


@pytest.mark.django_db(transaction=True)
def test_any_text_comes_back_as_it_left(import_file, export):
    texts = [
        " lead",
        "trail ",
        '"',
        "a;b",
        "\\",
        "\\N",
        "\\.",
        "a\\tb",
        "\t",
        "é😀",
        "a\nb\r\nc",
        "'",
    ]
    for number, text in enumerate(texts):
        Contact.objects.create(key=f"K{number:02d}", first_name=text, city=text)
    before = export("--columns", "key,first_name,city")
    Contact.objects.all().delete()

    assert import_file(before)["inserted"] == len(texts)

    assert export("--columns", "key,first_name,city") == before
    as_xml = export("--columns", "key,first_name,city", "--format", "xml")
    Contact.objects.all().delete()
    assert import_file(as_xml, name="contacts.xml")["inserted"] == len(texts)
    assert export("--columns", "key,first_name,city") == before
