"""Imports through the API: accepted, followed, and never twice for one Idempotency-Key."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_key
from tests.transfers.conftest import contacts
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)

IMPORTS = "/api/v1/imports"


@pytest.fixture
def program(client, settings, tmp_path, monkeypatch):
    """Calls of a program with the scope `imports`; the work waits until it is asked for."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    _key, secret = make_key("imports")

    def post(body, headers=None, **fields):
        file = SimpleUploadedFile("contacts.csv", body.encode())
        data = {"subject": "contacts", "file": file, **fields}
        return client.post(IMPORTS, data, headers={**bearer(secret), **(headers or {})})

    def get(path, **headers):
        return client.get(f"{IMPORTS}{path}", headers={**bearer(secret), **headers})

    post.get = get  # type: ignore[attr-defined] # a function may carry another
    post.secret = secret  # type: ignore[attr-defined]
    return post


def work(job):
    return import_task(str(Transfer.objects.get(pk=job).job_id))


def test_a_file_is_accepted_then_done(program):
    answer = program("key;birth_date\nA;1990-01-01\nB;01/02/1990\n")
    job = answer.json()["job"]

    assert (answer.status_code, answer.json()) == (
        202,
        {"job": job, "state": "queued", "warnings": []},
    )
    assert program.get(f"/{job}").json()["state"] == "queued"
    assert work(job) == "finished"

    told = program.get(f"/{job}").json()
    assert {name: told[name] for name in ("state", "read", "inserted", "rejected", "blank")} == {
        "state": "finished_with_rejects",
        "read": 2,
        "inserted": 1,
        "rejected": 1,
        "blank": 0,
    }
    assert contacts("key") == ["A"]
    assert [each["job"] for each in program.get("").json()["results"]] == [job]


def test_errors_are_a_list_or_csv_in_the_readers_language(program):
    job = program("key;birth_date\nA;=1+1\n").json()["job"]
    work(job)

    as_list = program.get(f"/{job}/errors").json()
    as_csv = program.get(f"/{job}/errors", Accept="text/csv")

    assert as_list == {
        "results": [
            {
                "line": 2,
                "row": 1,
                "column": "birth_date",
                "severity": "error",
                "error_code": "date_format",
                "message": "Write dates as 2026-01-28, or declare the format of the file.",
                "value": "=1+1",
                "first_seen_line": None,
            }
        ],
        "next": None,
    }
    assert as_csv["Content-Type"] == "text/csv; charset=utf-8"
    assert b"".join(as_csv.streaming_content).decode() == (
        "line;row;column;severity;error_code;message;value;first_seen_line\n"
        "2;1;birth_date;error;date_format;"
        "Write dates as 2026-01-28, or declare the format of the file.;'=1+1;\n"
    )


def test_one_idempotency_key_is_one_import(program):
    first = program("key\nA\n", {"Idempotency-Key": "once"})
    work(first.json()["job"])
    assert program("key\nA\n").json()["warnings"] == ["same_file"]
    work(program.get("").json()["results"][0]["job"])
    again = program("key\nA\n", {"Idempotency-Key": "once"})
    other = program("key\nB\n", {"Idempotency-Key": "once"})

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.json() == first.json()
    assert other.json()["code"] == "idempotency_key_reused"
    assert Transfer.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"subject": "offers"}, "/subject"),
        ({"encoding": "ebcdic"}, "/encoding"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../etc"}, "/timezone"),
        ({"max_rejects": "many"}, "/max_rejects"),
        ({"dry_run": "perhaps"}, "/dry_run"),
        ({"on_duplicate": "delete"}, "/on_duplicate"),
    ],
)
def test_options_that_are_not_understood_are_named(program, fields, pointer):
    answer = program("key\nA\n", **fields)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Transfer.objects.exists()


def test_an_import_that_does_not_exist_is_not_found(program):
    assert program.get(f"/{uuid.uuid4()}").json()["code"] == "import_unknown"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\people\\\\a.csv", "a.csv"),
        ("é\u202e😀.csv", "é😀.csv"),
        ("a" * 300 + ".csv", "a" * 196 + ".csv"),
    ],
)
def test_a_file_may_be_called_anything(program, client, name, kept):
    body = (
        '--b\r\nContent-Disposition: form-data; name="subject"\r\n\r\ncontacts\r\n'
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        "key\nA\n\r\n--b--\r\n"
    ).encode()

    answer = client.post(
        IMPORTS,
        body,
        content_type="multipart/form-data; boundary=b",
        headers=bearer(program.secret),
    )

    assert answer.status_code == 202
    assert Transfer.objects.get().file_name == kept
    assert work(answer.json()["job"]) == "finished"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"'),
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=\xe9", b"--b--"),
        ("application/json", b'{"subject": "contacts", "file": "key"}'),
        ("application/x-www-form-urlencoded", b"subject=contacts&file=key"),
        ("text/csv", b"key\nA\n"),
    ],
)
def test_what_is_no_upload_is_refused(client, kind, body):
    _key, secret = make_key("imports")

    answer = client.post(IMPORTS, body, content_type=kind, headers=bearer(secret))

    assert answer.status_code in {400, 415, 422}
    assert answer["Content-Type"] == "application/problem+json"
    assert not Transfer.objects.exists()


def test_an_option_that_there_is_not_is_refused(program):
    answer = program("key\nA\n", on_duplicates="ignore")

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/on_duplicates"]
    assert not Transfer.objects.exists()
