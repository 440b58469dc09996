"""Several people publish, edit and go back at once, and one of them loses the power."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, transaction

from catalog import releasing
from catalog.actions import approvals, releases
from catalog.approving import meant
from catalog.models import ApprovalStep, Offer, Release, Revision
from catalog.shapes import ContextShape
from tests.build import NOON
from tests.catalog.making import (
    CONTENT,
    ELIGIBILITY,
    category,
    edit,
    edit_category,
    fresh,
    make_offer,
    make_shop,
    now,
    offer_form,
    publish,
    states,
    weigh,
    write_all,
)
from tests.often import often

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = often(20)


def approve(offer, side):
    return approvals.approve(offer, side, by=None, at=NOON)


def test_approvals_at_once_give_releases_in_a_row_and_nothing_is_lost(at_once):
    shop = make_shop()
    offers = write_all(shop, [offer_form(f"O{n}", category="canada") for n in range(8)])
    for offer in offers:
        approve(offer, CONTENT)

    outcomes = at_once(*(lambda offer=offer: approve(offer, ELIGIBILITY) for offer in offers))

    assert sorted(outcome.release.number for outcome in outcomes) == [*range(1, 9)]
    assert now(shop).release_number == 8
    live = releasing.live_bodies(shop)
    assert {name for kind, name in live if kind == "offer"} == {f"O{n}" for n in range(8)}
    for outcome in outcomes:  # each release holds its own offer from then on
        number, code = outcome.release.number, outcome.done[0].code
        assert ("offer", code) in releasing.live_bodies(shop, number)
        assert ("offer", code) not in releasing.live_bodies(shop, number - 1)


def test_of_two_who_approve_the_same_side_one_is_told_of_the_other(at_once):
    offer = make_offer(make_shop())

    found = at_once(lambda: approve(offer, CONTENT), lambda: approve(offer, CONTENT))

    refused = [each for each in found if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [approvals.AlreadyDone]
    assert "Content: Approved already, since the system on" in str(refused[0])
    assert ApprovalStep.objects.filter(act="approved").count() == 1


def test_both_sides_approved_at_once_are_one_release(at_once):
    for number in range(ROUNDS):
        offer = make_offer(
            make_shop() if not number else category("travel").environment, f"O{number}"
        )

        found = at_once(lambda: approve(offer, CONTENT), lambda: approve(offer, ELIGIBILITY))  # noqa: B023

        assert [bool(each.release) for each in found].count(True) == 1
        assert states(offer) == ("live", "live")


def test_what_goes_live_is_what_was_approved_whoever_edits_meanwhile(at_once):
    shop = make_shop()
    offer = make_offer(shop)
    publish(offer)
    seen = set()
    for number in range(20, 20 + ROUNDS * 2):
        weigh(offer, str(number))
        later = (ContextShape(label="All", weight=str(number + 1000)),)

        at_once(lambda: approve(offer, ELIGIBILITY), lambda: edit(offer, contexts=later))  # noqa: B023

        body = releasing.live_bodies(shop)["offer", "NYC"]
        live = body["contexts"][0]["weight"]
        approved = ApprovalStep.objects.filter(act="approved", side="eligibility").latest("pk")
        seen.add(int(live) > 1000)
        # the approval that was given last is of exactly what is live
        assert approved.digest == meant(body, ELIGIBILITY)
        designed = fresh(offer).contexts.get().weight
        assert designed == str(number + 1000)
        assert states(offer)[1] == ("live" if live == designed else "editing")
    assert seen <= {True, False}


def test_editing_a_category_never_slips_in_between(at_once):
    shop = make_shop()
    offer = make_offer(shop)
    publish(offer)
    for number in range(ROUNDS):
        weigh(offer, str(20 + number))
        at_once(
            lambda: approve(offer, ELIGIBILITY),
            lambda: edit_category(category("travel"), multiplier=number + 3),  # noqa: B023
        )

        live = releasing.live_bodies(shop)["category", "travel"]["multiplier"]
        assert states(offer)[1] == ("live" if live == number + 3 else "editing")


def test_disabling_is_not_undone_by_an_approval_at_the_same_moment(at_once):
    shop = make_shop()
    offer = make_offer(shop)
    publish(offer)
    for number in range(ROUNDS):
        weigh(offer, str(20 + number))

        at_once(
            lambda: approve(offer, ELIGIBILITY),
            lambda: releases.switch([offer], enabled=False, by=None, at=NOON),
        )

        body = releasing.live_bodies(shop)["offer", "NYC"]
        assert (body["enabled"], body["contexts"][0]["weight"]) == (False, str(20 + number))
        assert states(offer) == ("live", "live")
        releases.switch([offer], enabled=True, by=None, at=NOON)


def test_two_who_go_back_make_two_releases(at_once):
    shop = make_shop()
    offer = make_offer(shop)
    publish(offer)
    for weight in ("10", "11"):
        publish(weigh(offer, weight))

    found = at_once(
        lambda: releases.roll_back(shop, 1, by=None, at=NOON),
        lambda: releases.roll_back(shop, 2, by=None, at=NOON),
    )

    assert sorted(each.number for each in found) == [4, 5]
    last = max(found, key=lambda each: each.number)
    assert releasing.live_bodies(shop) == releasing.live_bodies(shop, last.content_of)
    assert list(Revision.objects.current().values_list("kind", "name")).count(("offer", "NYC")) == 1


def address():
    given = connection.settings_dict
    host = quote(str(given["HOST"]), safe="")
    return f"postgres://{given['USER']}@/{given['NAME']}?host={host}"


def waiting():
    """Whether another process waits for a lock, with its transaction open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone()[0]


def others():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        return cursor.fetchone()[0]


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_killed_in_the_middle_of_publishing_leaves_nothing():
    shop = make_shop()
    offer = make_offer(shop)
    approve(offer, CONTENT)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "offers_site.settings",
        "DATABASE_URL": address(),
        "REDIS_URL": settings.REDIS_URL,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    words = ["approve", "NYC", "--environment", "shop", "--eligibility"]
    script = str(Path(__file__).with_name("_approving.py"))

    with transaction.atomic():
        with connection.cursor() as cursor:  # whoever writes a release waits here
            cursor.execute("LOCK TABLE catalog_release IN SHARE MODE")
        child = subprocess.Popen([sys.executable, script, *words], env=environment)
        wait_for(lambda: waiting() or child.poll() is not None)
        assert child.poll() is None  # its revisions are written, its release is not
        child.kill()
        child.wait()
    wait_for(lambda: not others())

    assert (Release.objects.count(), Revision.objects.count()) == (0, 0)
    assert (now(shop).release_number, states(offer)) == (0, ("approved", "editing"))
    assert approve(Offer.objects.get(), ELIGIBILITY).release.number == 1
