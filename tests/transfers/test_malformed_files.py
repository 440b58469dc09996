"""The acceptance scenarios AS-19 to AS-30 that concern files, told of contacts."""

import codecs
import gzip
import zipfile
from datetime import UTC, date, datetime

import pytest

from contacts.models import Contact
from tests.transfers.conftest import contacts

pytestmark = pytest.mark.django_db(transaction=True)


# --- AS-19: byte order marks ---


@pytest.mark.parametrize(
    "body",
    [
        codecs.BOM_UTF8 + 'key;first_name\r\n"A-1";"été"\r\n'.encode(),
        'key;first_name\r\n"A-1";"été"\r\n'.encode(),
        codecs.BOM_UTF16_LE + 'key;first_name\r\n"A-1";"été"\r\n'.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + 'key;first_name\r\n"A-1";"été"\r\n'.encode("utf-16-be"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_the_header(import_file, body):
    done = import_file(body)

    assert (done.status, done["state"], done.counters) == (0, "finished", (1, 1, 0, 0, 0, 0, 0))
    assert contacts("key", "first_name") == [("A-1", "été")]


def test_utf_16_without_its_mark_is_not_guessed(import_file):
    done = import_file('key;first_name\r\n"A-1";"été"\r\n'.encode("utf-16-le"))

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert done.codes == [(1, "enc_unknown")]


# --- AS-20: the delimiter ---


def test_a_wrong_delimiter_is_suspected(import_file):
    done = import_file("key,first_name,city\nA,Anne,Lyon\n", "--delimiter", ";")

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert done.codes == [(1, "delimiter_suspect")]
    assert done.rejects[0].detail["delimiter"] == ","
    assert contacts("key") == []


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(import_file, delimiter):
    done = import_file(
        f"key{delimiter}first_name\nA{delimiter}An;ne|x\n".replace("An;ne|x", "Anne")
    )

    assert done["inserted"] == 1
    assert contacts("key", "first_name") == [("A", "Anne")]


def test_a_header_without_a_known_column_is_refused(import_file):
    done = import_file("code;valeur\nA;1\n")

    assert (done.status, done["read"], done.codes) == (1, 0, [(1, "header_unknown")])


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("key;email;e-mail", "header_duplicate"),
        ("key;Key", "header_duplicate"),
        ("key;x;x", "header_duplicate"),
        ("email;city", "header_missing_column"),
    ],
)
def test_a_header_names_each_column_once_and_the_key(import_file, header, code):
    done = import_file(f"{header}\nA;b;c\n")

    assert (done.status, done["read"], done.codes) == (1, 0, [(1, code)])


def test_headers_may_be_french_in_any_order_and_unknown_columns_are_passed_over(import_file):
    done = import_file("Prénom ; VILLE;Couleur préférée;Clé\nAnne;Lyon;bleu;A\n")

    assert (done.status, done.counters) == (0, (1, 1, 0, 0, 0, 0, 0))
    assert contacts("key", "first_name", "city") == [("A", "Anne", "Lyon")]


# --- AS-21: doubles and duplicates ---

FIVE = "key;first_name\nN1;a\nN1;b\nKICK;c\nN2;d\n N2 ;e\n"


def test_a_key_twice_in_the_file_is_told_from_one_that_is_there(import_file):
    Contact.objects.create(key="KICK")

    done = import_file(FIVE)

    assert (done.status, done["state"]) == (0, "finished_with_rejects")
    assert done.counters == (5, 2, 0, 0, 0, 3, 0)
    assert done.codes == [
        (3, "duplicate_in_file"),
        (4, "duplicate_in_db"),
        (6, "duplicate_in_file"),
    ]
    assert [reject.first_seen_line for reject in done.rejects] == [2, None, 5]
    assert contacts("key", "first_name") == [("KICK", None), ("N1", "a"), ("N2", "d")]


def test_duplicates_that_are_ignored_are_only_counted(import_file):
    Contact.objects.create(key="KICK")

    done = import_file(FIVE, "--on-duplicate", "ignore")

    assert (done.status, done["state"]) == (0, "finished")
    assert done.counters == (5, 2, 0, 0, 3, 0, 0)
    assert (done.rejects, done["errors_file"]) == ([], None)


def test_duplicates_that_update_still_refuse_doubles(import_file):
    Contact.objects.create(key="KICK", first_name="old")

    done = import_file(FIVE, "--on-duplicate", "update")

    assert done.counters == (5, 2, 1, 0, 0, 2, 0)
    assert contacts("key", "first_name") == [("KICK", "c"), ("N1", "a"), ("N2", "d")]


def test_doubles_are_found_across_chunks(import_file, settings):
    settings.IMPORT_CHUNK_ROWS = 100
    keys = [f"K{n:04d}" for n in range(450)]
    keys[449] = "K0003"

    done = import_file("key\n" + "\n".join(keys) + "\n", "--operation", "insert")

    assert done.counters == (450, 449, 0, 0, 0, 1, 0)
    assert done.codes == [(451, "duplicate_in_file")]
    assert done.rejects[0].first_seen_line == 5


# --- AS-23 and AS-24: bytes that are no text ---


def test_a_nul_is_refused_with_its_row(import_file):
    done = import_file(b"key;first_name\nOK1;a\nBA\x00D;b\nOK2;c\n")

    assert (done.status, done.counters) == (0, (3, 2, 0, 0, 0, 1, 0))
    assert done.codes == [(3, "ctrl_char")]
    assert done.rejects[0].value == "BA\\x00D"
    assert contacts("key") == ["OK1", "OK2"]


@pytest.mark.parametrize("character", ["\x1b", "\x85", "\u200b", "\u202e", "\ufeff", "\x7f"])
def test_characters_that_cannot_be_seen_are_refused(import_file, character):
    done = import_file(f"key;first_name\nA;An{character}ne\nB;Bob\n")

    assert done.codes == [(2, "ctrl_char")]
    assert contacts("key") == ["B"]


def test_lines_and_tabulators_stand_in_free_text_but_not_in_keys(import_file):
    done = import_file('key;address1\nA;"1, rue\nde la Paix\t"\n"B\nC";x\n"D\tE";y\n')

    assert done.counters == (3, 1, 0, 0, 0, 2, 0)
    assert done.codes == [(4, "ctrl_char"), (6, "ctrl_char")]
    assert contacts("key", "address1") == [("A", "1, rue\nde la Paix\t")]


def test_an_invalid_byte_refuses_its_row_and_says_where(import_file):
    body = b"key;first_name\nA;Anne\nB;\xffmile\nC;Chlo\xc3\xa9\n"

    done = import_file(body)

    assert done.counters == (3, 2, 0, 0, 0, 1, 0)
    assert done.codes == [(3, "enc_invalid")]
    assert done.rejects[0].detail == {"offset": 24}
    assert body[24] == 0xFF


def test_the_same_file_declared_windows_1252_is_taken(import_file):
    done = import_file(b"key;first_name\nA;Anne\nB;\xffmile\n", "--encoding", "windows-1252")

    assert done.counters == (2, 2, 0, 0, 0, 0, 0)
    assert contacts("first_name") == ["Anne", "ÿmile"]


# --- AS-25: dates ---

DATES = [
    "2026-01-27",
    "2026/01/27 18:00:00",
    "2026-01-27T18:00:00+01:00",
    "27/01/2026",
    "01/27/2026",
    "2026-02-30",
    "26-01-27",
    "46050",
    "2026-03-29 02:30",
    "",
]


def dated():
    rows = "".join(f"K{n:02d};{text}\n" for n, text in enumerate(DATES, 2))
    return f"key;birth_date\n{rows}"


def test_dates_are_never_guessed(import_file):
    done = import_file(dated(), "--timezone", "Europe/Paris")

    assert done.counters == (10, 4, 0, 0, 0, 6, 0)
    assert done.codes == [
        (5, "date_format"),
        (6, "date_format"),
        (7, "date_range"),
        (8, "date_format"),
        (9, "date_format"),
        (10, "date_nonexistent"),
    ]
    assert done.rejects[4].detail == {"hint": "serial"}
    assert contacts("key", "birth_date") == [
        ("K02", date(2026, 1, 27)),
        ("K03", date(2026, 1, 27)),
        ("K04", date(2026, 1, 27)),
        ("K11", None),
    ]


def test_a_declared_form_of_dates_is_taken(import_file):
    done = import_file(dated(), "--timezone", "Europe/Paris", "--date-format", "DD/MM/YYYY")

    assert (done["inserted"], done.codes[0]) == (5, (6, "date_format"))
    assert contacts("birth_date")[3] == date(2026, 1, 27)


# --- AS-26: quotation marks ---


def test_a_quote_that_is_never_closed_ends_the_file_where_it_began(import_file):
    rows = [f"A{n};x" for n in range(2, 12)]
    rows[3] = '"A5;x'

    done = import_file("key;first_name\n" + "\n".join(rows) + "\n")

    assert (done.status, done["state"]) == (1, "failed")
    assert done.counters == (4, 3, 0, 0, 0, 1, 0)
    assert done.codes == [(5, "csv_unbalanced_quote")]
    assert [reject.severity for reject in done.rejects] == ["fatal"]
    assert contacts("key") == ["A2", "A3", "A4"]


def test_text_after_a_closing_quote_refuses_its_row_alone(import_file):
    done = import_file('key;first_name\nA;"Anne"x\nB;"B""o""b"\n')

    assert (done.status, done.counters) == (0, (2, 1, 0, 0, 0, 1, 0))
    assert done.codes == [(2, "csv_unbalanced_quote")]
    assert contacts("first_name") == ['B"o"b']


def test_lines_are_those_on_which_rows_begin(import_file):
    done = import_file('key;address1\nA;"1\n2\n3"\n\n\nB;x;y\nA;z\n')

    assert done.counters == (3, 1, 0, 0, 0, 2, 2)
    assert done.codes == [(7, "column_count"), (8, "duplicate_in_file")]
    assert done.rejects[0].detail == {"expected": 2, "found": 3}
    assert [reject.row for reject in done.rejects] == [2, 3]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_alike(import_file, end):
    done = import_file(end.join(["key;city", "A;Lyon", "", "B", "C;Metz"]))

    assert done.counters == (3, 2, 0, 0, 0, 1, 1)
    assert done.codes == [(4, "column_count")]


def test_a_row_longer_than_64_kib_and_a_long_field_are_refused(import_file):
    done = import_file(f"key;city\nA;{'x' * 70_000}\n{'B' * 121};Lyon\nC;Metz\n")

    assert done.codes == [(2, "field_too_long"), (3, "field_too_long")]
    assert contacts("key") == ["C"]


# --- AS-27 to AS-29: XML ---

XXE = [
    b'<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><c><contact key="&x;"/></c>',
    b'<!DOCTYPE c [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p.dtd"> %p;]><c><contact key="A"/></c>',
    b'<?xml version="1.0"?>\n<!DOCTYPE c SYSTEM "http://127.0.0.1:1/c"><c><contact key="A"/></c>',
    '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE c [<!ENTITY x "y">]><c/>'.encode("utf-16"),
]


@pytest.mark.parametrize("body", XXE)
def test_every_doctype_is_refused(import_file, body, monkeypatch):
    import socket  # noqa: PLC0415 (only to watch it)

    asked = []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: asked.append(a))

    done = import_file(body, name="contacts.xml")

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert [reject.code for reject in done.rejects] == ["xml_dtd_forbidden"]
    assert done.rejects[0].line in {1, 2}
    assert done.rejects[0].value == ""
    assert (asked, contacts("key")) == ([], [])


def test_billions_of_laughs_are_not_heard(import_file):
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE c [<!ENTITY l0 "lol">{levels}]><c><contact key="&l9;"/></c>'

    done = import_file(body, name="contacts.xml")

    assert done.codes == [(1, "xml_dtd_forbidden")]
    assert done["seconds"] < 1


def xml(*records, end="</contacts></couponExchange>"):
    head = '<couponExchange xmlns="urn:couponexchange:1" version="1.0"><contacts>\n'
    return head + "\n".join(records) + end


def test_xml_that_breaks_in_the_middle_keeps_what_came_before(import_file, settings):
    settings.IMPORT_CHUNK_ROWS = 100
    records = [f'<contact key="K{n:04d}"/>' for n in range(320)]
    records[305] = '<contact key="X"'
    whole = [f'<contact key="K{n:04d}"/>' for n in range(320)]

    tried = import_file(xml(*records), "--dry-run", name="contacts.xml")
    assert (tried["state"], contacts("key")) == ("failed", [])
    done = import_file(xml(*records), name="contacts.xml")
    again = import_file(xml(*whole), "--on-duplicate", "ignore", name="contacts.xml")

    assert (done.status, done["state"]) == (1, "failed")
    assert done.counters == (306, 305, 0, 0, 0, 1, 0)
    assert [reject.code for reject in done.rejects] == ["xml_not_well_formed"]
    assert done.rejects[0].line == 308
    assert again.counters == (320, 15, 0, 0, 305, 0, 0)
    assert len(contacts("key")) == 320


def test_a_record_with_an_unknown_element_is_refused_with_its_path(import_file):
    done = import_file(
        xml(
            '<contact key="A" email="a@example.org"><firstName>Z&#9;oé</firstName></contact>',
            '<contact key="B"><bogus>1</bogus></contact>',
            "<contact><city>Lyon</city></contact>",
            '<contact key="D" birthDate="27/01/2026"/>',
        ),
        name="contacts.xml",
    )

    assert done.counters == (4, 1, 0, 0, 0, 3, 0)
    assert [(r.line, r.column, r.code) for r in done.rejects] == [
        (3, "/contacts/contact[2]/bogus", "xml_unknown_element"),
        (4, "/contacts/contact[3]/key", "required_missing"),
        (5, "/contacts/contact[4]/birthDate", "date_format"),
    ]
    assert contacts("key", "email", "first_name") == [("A", "a@example.org", "Z\toé")]


def test_of_xml_only_the_records_of_the_subject_are_taken(import_file):
    done = import_file(
        '<couponExchange xmlns="urn:couponexchange:1"><coupons><coupon code="C"><label>x</label>'
        '</coupon></coupons><contacts><contact key="A"/></contacts></couponExchange>',
        name="contacts.xml",
    )

    assert (done.counters, contacts("key")) == ((1, 1, 0, 0, 0, 0, 0), ["A"])


# --- packed files ---


def test_packed_files_are_unpacked(import_file, tmp_path):
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("contacts.csv", "key\nB\n")

    assert import_file(gzip.compress(b"key\nA\n"), name="contacts.csv.gz")["inserted"] == 1
    assert import_file(archive.read_bytes(), name="contacts.zip")["inserted"] == 1
    assert contacts("key") == ["A", "B"]


def test_a_bomb_is_not_unpacked(import_file):
    done = import_file(gzip.compress(b"key\n" + b"A" * 5_000_000), name="contacts.csv.gz")

    assert (done.status, done["read"]) == (1, 0)
    assert [reject.code for reject in done.rejects] == ["file_bomb"]


@pytest.mark.parametrize("body", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_an_empty_file_is_said_to_be_empty(import_file, body):
    done = import_file(body)

    assert (done.status, [reject.code for reject in done.rejects]) == (1, ["file_empty"])


@pytest.mark.parametrize("members", [(), ("a.csv", "b.csv")])
def test_a_zip_has_one_member(import_file, tmp_path, members):
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in members:
            packed.writestr(name, "key\nA\n")
    body = archive.read_bytes()

    done = import_file(body, name="contacts.zip")

    assert done.status == 1
    assert contacts("key") == []


# --- AS-30: formulas ---

FORMULAS = [
    ("A", '=HYPERLINK("http://x","y")', None),
    ("B", "@SUM(1)", None),
    ("C", "Anne", "+33612345678"),
    ("D", "\t-1", None),
    ("E", "＝1+1", None),
    ("F", ' "=1', None),
    ("G", "harmless", None),
]


def test_a_spreadsheet_finds_no_formula_and_a_program_finds_the_values(import_file, export):
    for key, first_name, phone in FORMULAS:
        Contact.objects.create(key=key, first_name=first_name, phone=phone)

    for_people = export("--profile", "spreadsheet", "--columns", "key,first_name,phone")
    for_programs = export("--columns", "key,first_name,phone")

    assert for_people.decode() == (
        '\ufeff"key";"first_name";"phone"\r\n'
        '"A";"\'=HYPERLINK(""http://x"",""y"")";""\r\n'
        '"B";"\'@SUM(1)";""\r\n'
        '"C";"Anne";"\'+33612345678"\r\n'
        '"D";"\'\t-1";""\r\n'
        '"E";"\'＝1+1";""\r\n'
        '"F";"\' ""=1";""\r\n'
        '"G";"harmless";""\r\n'
    )
    assert for_programs.decode() == (
        "key;first_name;phone\n"
        'A;"=HYPERLINK(""http://x"",""y"")";\n'
        "B;@SUM(1);\n"
        "C;Anne;+33612345678\n"
        "D;\t-1;\n"
        "E;＝1+1;\n"
        'F;" ""=1";\n'
        "G;harmless;\n"
    )

    Contact.objects.all().delete()
    import_file(for_programs)
    assert contacts("key", "first_name", "phone") == FORMULAS
    Contact.objects.all().delete()
    import_file(for_people, "--from-spreadsheet")
    assert contacts("key", "first_name", "phone") == FORMULAS


def test_an_export_comes_back_as_it_left(import_file, export):
    at = datetime(2026, 5, 1, 8, tzinfo=UTC)
    Contact.objects.create(
        key="A",
        email="Anne@Example.org",
        birth_date=date(1990, 2, 1),
        email_opt_out=True,
        created_at=at,
        address1='1, rue;\n"de" la\tPaix',
    )
    before = export()
    Contact.objects.all().delete()

    done = import_file(before)

    assert (done.status, done["inserted"]) == (0, 1)
    assert [line.rpartition(b";")[0] for line in export().splitlines()] == [
        line.rpartition(b";")[0] for line in before.splitlines()
    ]
