"""Every operation with every policy: what becomes of what is there, and of what comes twice."""

from datetime import UTC, datetime

import pytest

from contacts.actions.contacts import merge_contacts
from contacts.models import Contact, ContactAlias, OptOutChange
from offers_site.subjects import SUBJECTS
from offers_site.tasks import import_file as import_task
from tests.build import bearer, make_key
from tests.transfers.conftest import contacts
from transfers import actions
from transfers.models import Transfer
from transfers.options import BadOption, Options

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = datetime(2026, 1, 28, 10, tzinfo=UTC)

# OLD is there and changes, SAME is there and does not, NEW is not; NEW comes again.
FILE = "key;city\nOLD;Lyon\nSAME;Metz\nNEW;Nice\nNEW;Pau\n"
THERE = [("OLD", "Dole"), ("SAME", "Metz")]
CHANGED = [("NEW", "Nice"), ("OLD", "Lyon"), ("SAME", "Metz")]
ADDED = [("NEW", "Nice"), ("OLD", "Dole"), ("SAME", "Metz")]
ONLY_CHANGED = [("OLD", "Lyon"), ("SAME", "Metz")]
KNOWN, DOUBLE, NOBODY = "duplicate_in_db", "duplicate_in_file", "recipient_unknown"
#                         read, inserted, updated, unchanged, ignored, rejected, blank
MATRIX = [
    ("insert", "reject", (4, 1, 0, 0, 0, 3, 0), [KNOWN, KNOWN, DOUBLE], ADDED),
    ("insert", "ignore", (4, 1, 0, 0, 3, 0, 0), [], ADDED),
    ("insert", "update", (4, 1, 1, 1, 0, 1, 0), [DOUBLE], CHANGED),
    ("upsert", "reject", (4, 1, 1, 1, 0, 1, 0), [DOUBLE], CHANGED),
    ("upsert", "ignore", (4, 1, 1, 1, 1, 0, 0), [], CHANGED),
    ("upsert", "update", (4, 1, 1, 1, 0, 1, 0), [DOUBLE], CHANGED),
    ("update", "reject", (4, 0, 1, 1, 0, 2, 0), [NOBODY, DOUBLE], ONLY_CHANGED),
    ("update", "ignore", (4, 0, 1, 1, 1, 1, 0), [NOBODY], ONLY_CHANGED),
    ("update", "update", (4, 0, 1, 1, 0, 2, 0), [NOBODY, DOUBLE], ONLY_CHANGED),
]


@pytest.mark.parametrize(("operation", "policy", "counters", "codes", "after"), MATRIX)
def test_each_operation_with_each_policy(import_file, operation, policy, counters, codes, after):
    for key, city in THERE:
        Contact.objects.create(key=key, city=city)
    how = ("--operation", operation, "--on-duplicate", policy)

    tried = import_file(FILE, *how, "--dry-run")
    assert (tried.counters, contacts("key", "city")) == (counters, THERE)

    done = import_file(FILE, *how)
    assert (done.status, done.counters, [r.code for r in done.rejects]) == (0, counters, codes)
    assert contacts("key", "city") == after


@pytest.mark.parametrize("policy", ["reject", "ignore", "update"])
def test_contacts_cannot_be_voided(import_file, policy, client, settings, tmp_path):
    Contact.objects.create(key="A")
    done = import_file("key\nA\n", "--operation", "void", "--on-duplicate", policy)
    assert (done.status, done.said) == (2, {})

    _key, secret = make_key("imports")
    path = tmp_path / "contacts.csv"
    with path.open("rb") as file:
        data = {"subject": "contacts", "file": file, "operation": "void", "on_duplicate": policy}
        answer = client.post("/api/v1/imports", data, headers=bearer(secret))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "pointer": "/operation",
            "code": "invalid",
            "detail": "Contacts: “void” is not possible. Choose one of: insert, upsert, update.",
        }
    ]
    assert (contacts("key"), Transfer.objects.count()) == (["A"], 0)


def test_no_door_leads_around_it(django_user_model, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    received = actions.receive("a.csv", [b"key\nA\n"])
    with pytest.raises(BadOption):
        actions.start_import(
            SUBJECTS["contacts"], received, Options(operation="void"), by=None, at=MOMENT
        )
    assert not Transfer.objects.exists()


# --- people who were merged ---


@pytest.fixture
def merged():
    """GONE is a former key of KEPT."""
    kept, other = (
        Contact.objects.create(key="KEPT", city="Lyon"),
        Contact.objects.create(key="GONE"),
    )
    merge_contacts(kept, other, versions=(1, 1), take=(), by=None, at=MOMENT)
    return kept


@pytest.mark.parametrize(
    ("operation", "policy", "counters", "city"),
    [
        ("insert", "reject", (1, 0, 0, 0, 0, 1, 0), "Lyon"),
        ("insert", "ignore", (1, 0, 0, 0, 1, 0, 0), "Lyon"),
        ("insert", "update", (1, 0, 1, 0, 0, 0, 0), "Metz"),
        ("upsert", "reject", (1, 0, 1, 0, 0, 0, 0), "Metz"),
        ("update", "reject", (1, 0, 1, 0, 0, 0, 0), "Metz"),
    ],
)
def test_a_former_key_is_whoever_was_kept(import_file, merged, operation, policy, counters, city):
    done = import_file(
        "key;city;email_opt_out\nGONE;Metz;yes\n",
        "--operation",
        operation,
        "--on-duplicate",
        policy,
    )

    assert done.counters == counters
    assert contacts("key", "city", "email_opt_out") == [("KEPT", city, city == "Metz")]
    assert [r.value for r in done.rejects] == ["GONE"] * done["rejected"]
    changes = OptOutChange.objects.values_list("contact__key", "source", "proof")
    assert list(changes) == [("KEPT", "import", "contacts.csv")] * (city == "Metz")


def test_two_keys_of_one_contact_are_doubles_even_across_chunks(import_file, merged, settings):
    settings.IMPORT_CHUNK_ROWS = 100
    others = "".join(f"K{n}\n" for n in range(150))

    done = import_file(f"key\nGONE\n{others}KEPT\n", "--operation", "upsert")

    assert done.counters == (152, 150, 0, 1, 0, 1, 0)
    assert [(r.line, r.code, r.value, r.first_seen_line) for r in done.rejects] == [
        (153, "duplicate_in_file", "KEPT", 2)
    ]


def test_programs_change_whoever_was_kept(client, merged):
    _key, secret = make_key("contacts")

    answer = client.put(
        "/api/v1/contacts/GONE",
        {"city": "Metz", "key": "GONE"},
        content_type="application/json",
        headers=bearer(secret),
    )

    assert (answer.status_code, answer.json()["key"]) == (200, "KEPT")
    assert contacts("key", "city") == [("KEPT", "Metz")]
    assert list(ContactAlias.objects.values_list("key", flat=True)) == ["GONE"]


def test_a_former_key_through_the_api_of_imports(client, merged, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    _key, secret = make_key("imports")
    (tmp_path / "a.xml").write_text('<x><contact key="GONE"><city>Metz</city></contact></x>')
    with (tmp_path / "a.xml").open("rb") as file:
        data = {"subject": "contacts", "file": file, "operation": "update"}
        job = client.post("/api/v1/imports", data, headers=bearer(secret)).json()["job"]

    assert import_task(str(Transfer.objects.get(pk=job).job_id)) == "finished"
    assert contacts("key", "city") == [("KEPT", "Metz")]
