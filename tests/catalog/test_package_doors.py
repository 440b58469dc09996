"""Packages from the shell and for programs."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from accounts.rights import BuiltIn, Right
from catalog.models import Environment, Offer, Release
from tests.build import bearer, make_key, make_label, make_role, make_user
from tests.catalog.packages import DESIGNED, SHOP, applied, changed, exported
from tests.catalog.test_packages import WRONG

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("catalog", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(tree):
        path = tmp_path / "package.json"
        path.write_text(json.dumps(tree))
        return str(path)

    return write


# --- the shell ---


def test_a_plan_changes_nothing_and_says_what_would_change(file):
    DESIGNED.bring()
    offers = changed()["offers"]
    offers[0]["contexts"][0]["weight"] = "8"
    offers.append({"code": "NEW", "label": "New one", "contexts": [{"weight": "1"}]})

    out, _err = run("plan", file(changed(offers=offers)))

    assert out == (
        "~ offer SNOW  Snow\n"
        "    contexts[0].weight: 7 → 8\n"
        "+ offer NEW  New one\n"
        "1 added, 1 changed.\n"
    )
    assert Offer.objects.offers().count() == 2


def test_applying_twice_from_the_shell_makes_one_release(file):
    path = file(SHOP)
    first, _err = run("apply", path, "--publish", "--json")
    second, _err = run("apply", path, "--publish", "--json")

    assert json.loads(first)["release"] == 1
    assert json.loads(first)["added"] == 11
    assert json.loads(second) == {
        "environment": "shop",
        "changes": [],
        "reordered": False,
        "warnings": [],
        "added": 0,
        "changed": 0,
        "removed": 0,
        "release": None,
    }
    assert Release.objects.count() == 1


def test_export_apply_export_gives_the_same_bytes(file, tmp_path):
    run("apply", file(SHOP), "--publish")
    first, _err = run("export", "--environment", "shop")
    path = tmp_path / "a.json"
    path.write_text(first)

    assert run("apply", str(path))[0] == "Nothing to change.\n"
    assert run("export", "--environment", "shop")[0] == first
    assert first.endswith("}\n")


def test_an_earlier_release_exports_the_same_for_good(file):
    run("apply", file(SHOP), "--publish")
    first, _err = run("export", "--environment", "shop", "--live")
    offers = changed()["offers"][:1]
    offers[0]["label"] = "Other"
    run("apply", file(changed(offers=offers)), "--publish")

    again, _err = run("export", "--environment", "shop", "--live", "--release", "1")
    now, _err = run("export", "--environment", "shop", "--live")

    assert again == first
    assert [offer["label"] for offer in json.loads(now)["offers"]] == ["Account", "Other"]
    with pytest.raises(CommandError, match="no release 9"):
        run("export", "--environment", "shop", "--live", "--release", "9")


def test_errors_are_printed_with_their_paths(file):
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="13 errors: nothing was changed"):
        call_command("catalog", "apply", file(WRONG), stdout=out, stderr=err)

    lines = err.getvalue().splitlines()
    assert len(lines) == 13
    assert lines[0] == "offers[1].colour: There is no such key here."
    assert lines[2].startswith("offers[3].contexts[0].weight: At character 15: ")
    assert out.getvalue() == ""
    assert Environment.objects.count() == 0


def test_a_package_comes_from_standard_input(monkeypatch):
    data = SimpleNamespace(buffer=io.BytesIO(json.dumps(SHOP).encode()))
    monkeypatch.setattr("catalog.management.verbs.packages.sys.stdin", data)
    assert run("apply", "-")[0].endswith("11 added.\n")


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(CommandError, match=r"/nowhere\.json: No such file"):
        run("plan", "/nowhere.json")


def test_whoever_publishes_holds_both_rights(file):
    make_user("writer@example.org", Right.CHANGE_OFFER)
    make_user("boss@example.org", role=BuiltIn.ADMINISTRATOR)

    with pytest.raises(CommandError, match="may not do this"):
        run("apply", file(SHOP), "--publish", "--by", "writer@example.org")
    assert Environment.objects.count() == 0
    run("apply", file(SHOP), "--publish", "--by", "boss@example.org")
    assert Release.objects.get().by_name != ""


def test_prune_from_the_shell(file):
    run("apply", file(SHOP), "--publish")
    out, _err = run("apply", file(changed(offers=SHOP["offers"][:1])), "--prune")

    assert "~ offer ACC  Account\n    enabled: True → False" in out
    assert Offer.objects.get(code="ACC").enabled is False


# --- programs ---


def ask(client, method, path, secret, body=b""):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic(
        method,
        f"/api/v1/catalog/{path}",
        data,
        content_type="application/json",
        headers=bearer(secret),
    )


@pytest.fixture
def secret() -> str:
    return make_key("catalog")[1]


def test_programs_plan_apply_and_export(client, secret):
    planned = ask(client, "POST", "shop/plan", secret, SHOP)
    assert (planned.status_code, planned.json()["added"]) == (200, 11)
    assert Environment.objects.count() == 0

    done = ask(client, "POST", "shop/apply?publish=true", secret, SHOP)
    assert (done.status_code, done.json()["release"]) == (200, 1)

    design = ask(client, "GET", "shop/package", secret)
    assert design.content.decode() == exported()
    live = ask(client, "GET", "shop/package?side=live&release=1", secret)
    assert [offer["code"] for offer in live.json()["offers"]] == ["ACC", "SNOW"]
    assert ask(client, "GET", "shop/package?side=live&release=7", secret).status_code == 404
    assert ask(client, "GET", "shop/package?release=1", secret).status_code == 422
    assert ask(client, "GET", "nowhere/package", secret).status_code == 404


def test_programs_are_told_of_every_error_by_pointer(client, secret):
    refused = ask(client, "POST", "shop/apply", secret, WRONG)

    assert refused.status_code == 422
    assert refused["Content-Type"] == "application/problem+json"
    errors = refused.json()["errors"]
    assert len(errors) == 13
    assert errors[2]["pointer"] == "/offers/3/contexts/0/weight"
    assert errors[2]["code"] == "unexpected_end"


def test_a_package_stands_at_the_address_of_its_environment(client, secret):
    refused = ask(client, "POST", "other/plan", secret, SHOP)
    assert refused.status_code == 422
    assert refused.json()["errors"] == [
        {"pointer": "/environment/name", "code": "other_environment"}
    ]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"format": 1}'])
def test_what_is_no_package_is_a_problem_and_no_crash(client, secret, body):
    assert ask(client, "POST", "shop/apply", secret, body).status_code == 422


def test_programs_list_offers(client, secret):
    DESIGNED.bring()
    first = ask(client, "GET", "shop/offers?limit=2", secret).json()
    rest = ask(client, "GET", f"shop/offers?cursor={first['next']}", secret).json()

    assert [offer["code"] for offer in first["results"]] == ["ACC", "BRAND"]
    assert rest["next"] is None
    (snow,) = rest["results"]
    assert {name: snow[name] for name in ("label", "kind", "category", "spaces", "tags")} == {
        "label": "Snow",
        "kind": "offer",
        "category": "canada",
        "spaces": ["hero", "body"],
        "tags": ["winter"],
    }


def test_programs_do_not_see_what_their_maker_does_not(client):
    label = make_label("brand-b")
    tree = changed()
    tree["categories"][0]["access_labels"] = [label.code]
    applied(tree, publish=True)
    outsider = make_user("out@example.org", role=make_role("Out", Right.CHANGE_OFFER))
    _key, secret = make_key("catalog", created_by=outsider)

    for side in ("design", "live"):
        seen = ask(client, "GET", f"shop/package?side={side}", secret).json()
        assert [offer["code"] for offer in seen["offers"]] == ["ACC"]
        assert "categories" not in seen
    listed = ask(client, "GET", "shop/offers", secret).json()
    assert [offer["code"] for offer in listed["results"]] == ["ACC", "BRAND"]


def test_a_key_needs_the_scope(client):
    _key, secret = make_key("contacts")
    assert ask(client, "GET", "shop/package", secret).status_code == 403
