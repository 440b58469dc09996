"""Folders of coupons: whose labels hold for all below them, and keys that are kept to some."""

import io
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from accounts.actions.granting import MayNotGrant, Stale
from accounts.journal import record
from accounts.models import ApiKey, JournalEntry
from coupons.actions import coupons as coupon_actions
from coupons.actions import folders as actions
from coupons.actions.refusing import FieldRefused, StillUsed
from coupons.models import Coupon, Folder, Redemption
from coupons.redeeming import Use, redeem
from offers_site.tasks import import_file as import_task
from tests.build import (
    NOON,
    bearer,
    make_codes,
    make_coupon,
    make_key,
    make_label,
    make_role,
    make_user,
)
from transfers.models import Transfer

MARKETER = (
    "coupons.view_coupon",
    "coupons.add_coupon",
    "coupons.change_coupon",
    "coupons.view_codes",
    "coupons.redeem_codes",
    "accounts.view_journal",
    "transfers.import_data",
)


def make_folders(*paths):
    """These folders, and those above them."""
    above = {"/".join(path.split("/")[:n]) for path in paths for n in range(1, path.count("/") + 2)}
    return {path: Folder.objects.create(path=path) for path in sorted(above)}


def make_pool(code, *codes, **columns):
    coupon = make_coupon(code, type="individual", accept_unissued=True, label=code, **columns)
    make_codes(coupon, *codes)
    return coupon


@pytest.fixture
def house(db):
    """Two brands: one whose folder carries a label, and another that everybody sees."""
    folders = make_folders("Brand A/Launch", "Brand AB")
    folders["Brand A"].access_labels.add(make_label("brand-a"))
    make_pool("DEEP", "Deep1", folder=folders["Brand A/Launch"])
    make_pool("NEXT", "Next1", folder=folders["Brand AB"])
    make_pool("BARE", "Bare1")
    return folders


def codes_of(coupons):
    return sorted(coupons.values_list("code", flat=True))


def stranger(**columns):
    return make_user("stranger@example.org", *MARKETER, **columns)


# --- labels ---


def test_labels_of_a_folder_hold_for_all_below_it(house, django_assert_num_queries):
    label = house["Brand A"].access_labels.get()
    holder = make_user("holder@example.org", role=make_role("A", labels=[label]))
    nobody = stranger()

    assert codes_of(Coupon.objects.visible_to(holder)) == ["BARE", "DEEP", "NEXT"]
    assert codes_of(Coupon.objects.visible_to(nobody)) == ["BARE", "NEXT"]
    assert sorted(Folder.objects.visible_to(nobody).values_list("path", flat=True)) == ["Brand AB"]
    with django_assert_num_queries(1):  # roles and labels are known by now
        codes_of(Coupon.objects.visible_to(nobody))


def test_whoever_lacks_the_label_finds_nothing_of_it(house, client):
    nobody = stranger()
    coupon = Coupon.objects.get(code="DEEP")
    coupon_actions.set_status(coupon, "suspended", by=None, at=NOON)
    client.force_login(nobody)
    code = coupon.codes.get()

    def page(name, *args, **asked):
        return client.get(reverse(f"coupons:{name}", args=args), asked)

    assert page("coupon-detail", "DEEP").status_code == 404
    assert page("code-detail", code.pk).status_code == 404
    assert page("folder-edit", house["Brand A/Launch"].pk).status_code == 404
    assert [row.path for row in page("folder-list").context["list"].rows] == ["Brand AB"]
    listed = page("coupon-list", folder="Brand A").content.decode()
    assert "DEEP" not in listed
    assert "Launch" not in listed
    assert "Launch" not in page("coupon-create").content.decode()
    found = client.post(reverse("coupons:code-find"), {"code": "Deep1"})
    assert "DEEP" not in found.content.decode()
    actions.edit_folder(house["Brand A/Launch"], path="Brand A/Later", version=1, by=None, at=NOON)
    gone = coupon_actions.create_coupon(
        {"label": "GONE", "timezone": "UTC", "folder_path": "Brand A/Later"}, by=None, at=NOON
    )
    coupon_actions.delete_coupon(gone, by=None, at=NOON)
    labelled = coupon_actions.create_coupon(
        {"label": "GONE", "timezone": "UTC"}, labels=[make_label("other")], by=None, at=NOON
    )
    coupon_actions.edit_coupon(labelled, {"label": "GONE2"}, version=1, by=None, at=NOON)
    coupon_actions.delete_coupon(Coupon.objects.get(pk=labelled.pk), by=None, at=NOON)
    coupon_actions.set_status(Coupon.objects.get(code="NEXT"), "suspended", by=None, at=NOON)
    for named in ("DEEP", "NEXT"):
        imported = Transfer.objects.create(
            direction="import",
            subject="codes",
            file_name=f"of-{named}.csv",
            options={"extra": {"coupon": named}},
            created_at=NOON,
        )
        record("transfer.imported", imported, by=None, at=NOON)
    journal = client.get(reverse("accounts:journal-list")).content.decode()
    assert "of-NEXT.csv" in journal
    assert not [word for word in ("DEEP", "Later", "GONE") if word in journal]
    assert "changed the status of the coupon NEXT" in journal
    with pytest.raises(FieldRefused, match="you would not see the coupon"):
        coupon_actions.create_coupon(
            {"label": "Mine", "timezone": "UTC", "folder_path": "Brand A/Mine"}, by=nobody, at=NOON
        )
    assert not Folder.objects.filter(path="Brand A/Mine").exists()


# --- making, renaming and labelling ---


def test_a_folder_is_renamed_with_all_below_it_and_its_keys(house):
    key, _secret = make_key("coupons:redeem", coupon_folders=["Brand A/Launch", "Brand AB"])
    folder = house["Brand A"]

    actions.edit_folder(folder, path="Brands/A", version=1, by=None, at=NOON)

    paths = list(Folder.objects.order_by("path").values_list("path", flat=True))
    assert paths == ["Brand AB", "Brands", "Brands/A", "Brands/A/Launch"]
    assert ApiKey.objects.get(pk=key.pk).coupon_folders == ["Brands/A/Launch", "Brand AB"]
    assert codes_of(Coupon.objects.visible_to(stranger())) == ["BARE", "NEXT"]
    entry = JournalEntry.objects.get(verb="folder.changed")
    assert (entry.before, entry.after) == ({"path": "Brand A"}, {"path": "Brands/A"})
    assert JournalEntry.objects.filter(verb="key.changed").count() == 1
    with pytest.raises(Stale):
        actions.edit_folder(folder, path="Else", version=1, by=None, at=NOON)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Brand AB", "already a folder"),
        ("Brand A/Launch/Down", "cannot lie in itself"),
        ("x" * 294, "longer than 300"),  # with /Launch below it
        ("A\x07", "written as its path"),
    ],
)
def test_a_folder_refuses_what_cannot_be(house, path, said):
    with pytest.raises(FieldRefused, match=said):
        actions.edit_folder(house["Brand A"], path=path, version=1, by=None, at=NOON)

    assert Folder.objects.get(pk=house["Brand A"].pk).version == 1
    assert Folder.objects.count() == 3


def test_nobody_labels_or_moves_a_folder_out_of_their_own_sight(house):
    nobody, label = stranger(), house["Brand A"].access_labels.get()

    with pytest.raises(MayNotGrant):
        actions.edit_folder(
            house["Brand AB"], path="Brand AB", labels=[label], version=1, by=nobody, at=NOON
        )
    with pytest.raises(FieldRefused, match="you would not see the folder"):
        actions.edit_folder(house["Brand AB"], path="Brand A/B", version=1, by=nobody, at=NOON)
    with pytest.raises(StillUsed):
        actions.delete_folder(house["Brand A"], by=None, at=NOON)
    assert Folder.objects.get(pk=house["Brand AB"].pk).path == "Brand AB"


def test_folders_are_kept_on_their_page(house, client):
    client.force_login(make_user("boss@example.org", role="administrator"))

    made = client.post(
        reverse("coupons:folder-create"), {"path": " Shops / Lyon ", "access_labels": ["brand-a"]}
    )
    lyon = Folder.objects.get(path="Shops/Lyon")
    address = reverse("coupons:folder-edit", args=[lyon.pk])
    changed = client.post(address, {"path": "Shops/Nice", "version": lyon.version})
    taken = client.post(address, {"path": "Brand AB", "version": lyon.version + 1})

    assert (made.status_code, changed.status_code, taken.status_code) == (302, 302, 422)
    lyon.refresh_from_db()
    assert (lyon.path, list(lyon.access_labels.all())) == ("Shops/Nice", [])
    assert "already a folder" in taken.content.decode()
    shown = client.get(reverse("coupons:coupon-others", args=["DEEP"])).content.decode()
    assert "Brand a, from the folder" in shown
    client.post(reverse("coupons:folder-delete", args=[lyon.pk]))
    assert not Folder.objects.filter(pk=lyon.pk).exists()


# --- keys that are kept to folders ---

SCOPES = ("coupons:validate", "coupons:redeem", "coupons:rollback", "imports")


@pytest.fixture
def program(house, client, broker):
    """Calls of a key for the folder Brand AB."""
    _key, secret = make_key(*SCOPES, coupon_folders=["Brand AB"])
    return caller(client, secret)


def caller(client, secret):
    def call(method, path, body=None):
        options = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(client, method)(
            f"/api/v1/coupons{path}", headers=bearer(secret), **options
        )
        return answer.status_code, answer.json()

    return call


@pytest.mark.django_db(transaction=True)
def test_coupons_of_other_folders_are_not_there_for_a_key(program):
    use = Use(code="Deep1", source="till", external_id="T-1")
    elsewhere = redeem(use, by=None, at=NOON).redemption.pk
    calls = {
        "/redemptions": {"code": "{}", "redemption_id": "T-2"},
        "/holds": {"code": "{}"},
    }

    def without(told, *names):
        return {name: value for name, value in told.items() if name not in names}

    for path, body in calls.items():
        hidden, unknown = (
            program("post", path, {**body, "code": code}) for code in ("Deep1", "Nowhere")
        )
        assert hidden[0] == unknown[0] == 404
        assert without(hidden[1], "instance") == without(unknown[1], "instance")
    for code in ("Deep1", "TEST-DEEP", "Nowhere"):
        assert program("post", "/validate", {"code": code})[1] == {
            "valid": False,
            "reasons": ["code_unknown"],
            "remaining": None,
            "start_at": None,
            "end_at": None,
            "label": None,
        }
    for pk in (elsewhere, uuid.uuid4()):
        status, told = program("post", f"/redemptions/{pk}/rollback", {"reason": "refund"})
        assert (status, told["code"]) == (404, "redemption_unknown")
    kept: list[tuple[str, str, Any]] = [
        ("get", "", None),
        ("patch", "", {"label": "Mine"}),
        ("get", "/codes", None),
        ("get", "/codes/Deep1", None),
        ("patch", "/codes/Deep1", {"status": "void"}),
        ("post", "/generate", {"count": 1}),
        ("get", "/batches", None),
    ]
    for method, path, body in kept:
        status, told = program(method, f"/DEEP{path}", body)
        assert (status, told["code"]) == (404, "coupon_unknown"), path
    assert [each["code"] for each in program("get", "")[1]["results"]] == ["NEXT"]


@pytest.mark.django_db(transaction=True)
def test_a_key_does_all_in_its_own_folders(program):
    status, used = program("post", "/redemptions", {"code": "next1", "redemption_id": "T-1"})
    assert (status, used["coupon_code"]) == (201, "NEXT")
    assert program("post", f"/redemptions/{used['id']}/rollback", {"reason": "x"})[0] == 200
    assert program("patch", "/NEXT", {"folder": "Brand AB/Down"})[1]["folder"] == "Brand AB/Down"

    status, told = program("patch", "/NEXT", {"folder": "Elsewhere"})

    assert (status, told["errors"][0]["pointer"]) == (422, "/folder")
    assert not Folder.objects.filter(path="Elsewhere").exists()


@pytest.mark.django_db(transaction=True)
def test_a_key_sees_what_whoever_made_it_sees(house, client, broker):
    _key, secret = make_key(*SCOPES, created_by=stranger())
    call = caller(client, secret)

    assert call("get", "/DEEP")[0] == 404
    assert call("post", "/redemptions", {"code": "Deep1", "redemption_id": "T-1"})[0] == 404
    assert call("post", "/redemptions", {"code": "Bare1", "redemption_id": "T-1"})[0] == 201


# --- files ---


@pytest.fixture
def sent(settings, tmp_path, monkeypatch, client, house):
    """Import a file with a key for the folder Brand AB, or as somebody without its label."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    _key, secret = make_key(*SCOPES, coupon_folders=["Brand AB"])

    def send(subject, body, **options):
        file = SimpleUploadedFile(f"{subject}.csv", body.encode())
        data = {"subject": subject, "file": file, **options}
        answer = client.post("/api/v1/imports", data, headers=bearer(secret))
        transfer = Transfer.objects.get(pk=answer.json()["job"])
        import_task(str(transfer.job_id))
        told = client.get(f"/api/v1/imports/{transfer.pk}", headers=bearer(secret)).json()
        rejects = transfer.rejects.order_by("line", "id")
        return told, [(each.line, each.code) for each in rejects]

    return send


@pytest.mark.django_db(transaction=True)
def test_files_of_a_key_know_only_its_folders(sent, client):
    told, faults = sent("codes", "coupon_code;code\nDEEP;D2\nNEXT;N2\nNOWHERE;X2\n")
    assert (told["inserted"], faults) == (1, [(2, "pool_not_found"), (4, "pool_not_found")])

    told, faults = sent("codes", "code\nD3\n", coupon="DEEP")
    assert (told["state"], faults) == ("failed", [(1, "pool_not_found")])

    deep = Use(code="Deep1", source="pos", external_id="T-0")
    redeem(deep, by=None, at=NOON)
    told, faults = sent(
        "redemptions",
        "code;redeemed_on;redemption_id;action;of\nDeep1;2026-11-21;T-1;;\nBare1;2026-11-21;T-2;;\n"
        "Next1;2026-11-21;T-3;;\n;2026-11-21;T-4;rollback;T-0\n",
        source="pos",
    )
    assert faults == [(2, "code_unknown"), (3, "code_unknown"), (5, "redemption_unknown")]
    assert sorted(Redemption.objects.values_list("external_id", flat=True)) == ["T-0", "T-3"]

    told, faults = sent(
        "coupons",
        "coupon_code;label;type;folder\nC1;One;anonymous;Brand AB\nC2;Two;anonymous;Brand A\n"
        "C3;Three;anonymous;\nC4;Four;anonymous;Brand AB/New\nC5;Five;anonymous;New\n",
        create_folders="true",
    )
    assert faults == [(3, "enum_invalid"), (4, "enum_invalid"), (6, "enum_invalid")]
    assert set(Folder.objects.values_list("path", flat=True)) == {
        "Brand A",
        "Brand A/Launch",
        "Brand AB",
        "Brand AB/New",
    }
    _told, faults = sent(
        "coupons", "coupon_code;label;type\nDEEP;X;individual\n", operation="upsert"
    )
    assert faults == [(2, "pool_not_found")]

    _key, other = make_key("imports", name="Other", coupon_folders=["Brand A"])
    assert client.get("/api/v1/imports", headers=bearer(other)).json()["results"] == []


@pytest.mark.django_db
def test_a_person_redeems_no_hidden_coupon_by_a_file(house, import_redemptions, monkeypatch):
    person = stranger()
    monkeypatch.setattr("coupons.subject.redemptions.actor_of", lambda chunk: person)

    done = import_redemptions("code;redeemed_on\nDeep1;2026-11-21\nNext1;2026-11-21\n")

    assert done.codes[0] == (2, "code_unknown")
    assert done["inserted"] == 1


# --- what keys say of themselves ---


@pytest.mark.django_db
def test_keys_for_folders_are_made_at_the_console_and_on_the_page(client):
    words = "apikey", "create", "--name", "Till", "--scopes", "coupons:redeem"
    call_command(*words, "--coupon-folders", "Brand A/Launch, /Brand AB/,", stdout=io.StringIO())
    client.force_login(make_user("boss@example.org", role="administrator"))
    client.post(
        reverse("accounts:key-create"),
        {"name": "Shop", "scopes": ["imports"], "coupon_folders": "Brand A\r\nShops, Lyon\r\n"},
    )

    assert ApiKey.objects.get(name="Till").coupon_folders == ["Brand A/Launch", "Brand AB"]
    assert ApiKey.objects.get(name="Shop").coupon_folders == ["Brand A", "Shops, Lyon"]
    shown = client.get(reverse("accounts:key-list"), {"columns": "name,coupon_folders"})
    assert "Shops, Lyon" in shown.content.decode()
    facts = JournalEntry.objects.filter(verb="key.created").values_list("after", flat=True)
    assert ["Brand A", "Shops, Lyon"] in [each["coupon_folders"] for each in facts]
