"""A package in the browser: out, in, looked at, applied."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.rights import BuiltIn, Right
from catalog.models import Offer, Release
from tests.build import make_role, make_user
from tests.catalog.packages import DESIGNED, SHOP, applied, as_bytes, changed, exported
from tests.catalog.test_packages import WRONG
from tests.keeping import Kept

pytestmark = pytest.mark.django_db
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PAGE = "/catalogue/shop/package/"


SHOP_OF_OLD = Kept(partial(applied, SHOP, publish=True, at=LONG_AGO))


@pytest.fixture
def editor(client):
    SHOP_OF_OLD.bring()
    user = make_user("editor@example.org", role=BuiltIn.OFFER_MANAGER)
    client.force_login(user)
    return user


def bring(client, tree, **fields):
    file = SimpleUploadedFile("package.json", as_bytes(tree), "application/json")
    return client.post(f"{PAGE}bring/", {"file": file, **fields})


def other() -> dict:
    offers = changed()["offers"]
    offers[0]["contexts"][0]["weight"] = "8"
    offers.append(
        {
            "code": "NEW",
            "label": "<i>New</i>",
            "contexts": [{"weight": "1"}],
            "content": {"title": "New"},
            "representations": [{"space": "hero"}],
        }
    )
    return changed(offers=offers)


def test_the_export_is_the_file_of_the_shell(editor, client):
    answer = client.get(f"{PAGE}export/")
    assert answer.content.decode() == exported()
    assert answer["Content-Disposition"].startswith('attachment; filename="shop-design-')


def test_a_file_is_looked_at_before_it_is_applied(editor, client):
    brought = bring(client, other())
    page = client.get(brought["Location"])

    text = page.content.decode()
    assert page.status_code == 200
    assert "&lt;i&gt;New&lt;/i&gt;" in text
    assert '<del class="before">7</del>' in text
    assert '<ins class="after">8</ins>' in text
    assert Offer.objects.filter(code="NEW").count() == 0

    done = client.post(f"{brought['Location']}apply/", {"verb": "apply"}, follow=True)

    assert "2 objects are new or changed" in done.content.decode()
    assert Offer.objects.get(code="NEW").content_edited_by == editor
    assert Release.objects.count() == 1
    again = client.get(brought["Location"], follow=True)
    assert "brought too long ago" in again.content.decode()


def test_a_file_is_applied_and_published_in_one_go(editor, client):
    brought = bring(client, other())
    done = client.post(f"{brought['Location']}apply/", {"verb": "publish"}, follow=True)

    assert "Release 2 is live" in done.content.decode()
    assert Offer.objects.get(code="NEW").is_live


def test_prune_survives_the_look(editor, client):
    brought = bring(client, changed(offers=SHOP["offers"][:1]), prune="on")
    assert brought["Location"].endswith("?prune=1")
    page = client.get(brought["Location"]).content.decode()
    assert 'name="prune" value="1"' in page

    address = brought["Location"].partition("?")[0]
    client.post(f"{address}apply/", {"verb": "apply", "prune": "1"})

    assert Offer.objects.get(code="ACC").enabled is False


def test_every_error_is_shown_and_nothing_is_changed(editor, client):
    brought = bring(client, WRONG)
    page = client.get(brought["Location"])

    assert page.status_code == 422
    assert "13 errors: nothing was changed" in page.content.decode()
    assert "<code>offers[3].contexts[0].weight</code>" in page.content.decode()
    applying = client.post(f"{brought['Location']}apply/", {"verb": "apply"})
    assert applying.status_code == 422
    assert Offer.objects.offers().count() == 2


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"<html>"])
def test_what_is_no_package_is_said_to_be_none(editor, client, data):
    brought = bring(client, data)
    if brought.status_code == 422:  # an empty file is the form's affair
        return
    assert client.get(brought["Location"]).status_code == 422


def test_a_package_of_another_environment_is_not_applied_here(editor, client):
    brought = bring(client, changed(environment={"name": "elsewhere", "label": "E"}))
    page = client.get(brought["Location"])
    assert page.status_code == 422
    assert "about the environment “elsewhere”" in page.content.decode()


def test_the_file_of_somebody_else_is_not_there(editor, client):
    brought = bring(client, other())
    client.force_login(make_user("other@example.org", role=BuiltIn.OFFER_MANAGER))
    assert client.get(brought["Location"]).status_code == 302
    assert client.post(f"{brought['Location']}apply/", {"verb": "apply"}).status_code == 302
    assert Offer.objects.filter(code="NEW").count() == 0


def test_whoever_lacks_a_right_is_told_which(client):
    DESIGNED.bring()
    rights = [Right.VIEW_DESIGN_OFFER, Right.VIEW_DESIGN_ENVIRONMENT, Right.CHANGE_OFFER]
    client.force_login(make_user("few@example.org", role=make_role("Few", *rights)))
    rules = json.loads(json.dumps(SHOP["presentation_rules"]))
    rules[0]["max"] = 3

    page = client.get(bring(client, changed(presentation_rules=rules))["Location"])

    assert page.status_code == 403
    assert "Create and change presentation rules" in page.content.decode()
    assert (
        "Apply and publish" not in client.get(bring(client, other())["Location"]).content.decode()
    )
