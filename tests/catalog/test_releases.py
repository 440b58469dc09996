"""What is live: off line and on line, back to what it was, and compared."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import JournalEntry
from catalog import publishing, releasing
from catalog.actions import approvals, releases
from catalog.approving import MayNotApprove
from catalog.comparing import difference, visible
from catalog.models import ApprovalStep, Environment, Offer, PresentationRule, Release, Revision
from catalog.readiness import NotReady
from catalog.shapes import CategoryShape
from tests.build import (
    NOON,
    bearer,
    make_attribute,
    make_key,
    make_label,
    make_role,
    make_user,
)
from tests.catalog.making import (
    ELIGIBILITY,
    LATER,
    category,
    edit,
    edit_category,
    fresh,
    make_fallback_offer,
    make_offer,
    make_template,
    now,
    offer_form,
    publish,
    space,
    states,
    weigh,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db


def switch(row, *, enabled, by=None):
    return releases.switch([row], enabled=enabled, by=by, at=LATER)


def roll_back(shop, number):
    return releases.roll_back(shop, number, by=None, at=LATER)


def package(shop, number):
    return releasing.live_package(now(shop), number).model_dump_json(by_alias=True)


# --- off line, on line ---


def test_disabling_changes_that_alone(shop):
    offer = make_offer(shop)
    publish(offer)
    weigh(offer, "50")

    made = switch(offer, enabled=False)

    assert (made.number, made.cause) == (2, "disabled")
    (change,) = difference(shop, 1, 2)
    assert [(each.field, each.before, each.after) for each in change.fields] == [
        ("enabled", True, False)
    ]
    assert (fresh(offer).enabled, states(offer)) == (False, ("live", "editing"))


def test_enabling_again_asks_for_no_approval(shop):
    offer = make_offer(shop)
    publish(offer)
    switch(offer, enabled=False)
    assert states(offer) == ("live", "live")

    made = switch(offer, enabled=True)

    assert (made.number, states(offer), difference(shop, 1, 3)) == (3, ("live", "live"), [])
    with pytest.raises(approvals.AlreadyDone, match="NYC: enabled already"):
        switch(offer, enabled=True)


def test_what_waits_to_go_live_can_be_disabled_without_losing_its_approval(shop):
    offer = make_offer(shop)
    approvals.approve(offer, ELIGIBILITY, by=None, at=NOON)

    assert switch(offer, enabled=False) is None
    assert states(offer) == ("editing", "approved")
    publish(offer)

    assert releasing.live_bodies(shop)["offer", "NYC"]["enabled"] is False


def test_a_disabled_category_is_one_revision(shop):
    """AC-32: whoever decides from release 2 finds travel, and so all below it, disabled."""
    offers = write_all(shop, [offer_form(f"O{n}", category="canada") for n in range(5)])
    publish(*offers)
    before = now(shop).release_number

    made = switch(category("travel"), enabled=False)

    assert made.number == before + 1
    assert list(Revision.objects.filter(since=made.number).values_list("kind", "name")) == [
        ("category", "travel")
    ]
    assert releasing.live_bodies(shop)["category", "travel"]["enabled"] is False
    assert states(offers[0]) == ("live", "live")


def test_a_fallback_offer_is_not_disabled(shop):
    offer = make_fallback_offer(shop)
    with pytest.raises(releases.CannotBeDisabled):
        switch(offer, enabled=False)


# --- what goes along ---


def test_categories_and_spaces_are_published_by_hand_with_all_above(shop):
    made = releases.publish_design(
        shop, categories=[category("canada")], spaces=[space("webHero")], by=None, at=NOON
    )

    assert made is not None
    assert made.number == 1
    assert sorted(releasing.live_bodies(shop)) == [
        ("category", "canada"),
        ("category", "travel"),
        ("environment", "shop"),
        ("filter", "grown"),
        ("presentation_rule", "R1"),
        ("space", "webHero"),
    ]
    again = releases.publish_design(shop, categories=[category("canada")], by=None, at=NOON)
    assert again is None


def test_an_attribute_goes_along_with_rules_and_templates_that_name_it(shop):
    make_attribute("points", "int")
    make_attribute("tier", "string")
    make_attribute("unused", "string")
    offer = make_offer(
        shop, filter="contact.points > 1", content={"title": "Dear {{ contact.tier }}"}
    )

    publish(offer)

    live = releasing.live_bodies(shop)
    assert [name for kind, name in sorted(live) if kind == "attribute"] == ["points", "tier"]


def test_a_rule_that_is_deleted_leaves_with_the_next_release(shop):
    offer = make_offer(shop)
    publish(offer)
    PresentationRule.objects.all().delete()

    publish(weigh(offer, "10"))

    assert [(c.kind, c.name, c.act) for c in difference(shop, 1, 2)] == [
        ("offer", "NYC", "changed"),
        ("presentation_rule", "R1", "removed"),
    ]


def test_a_rule_that_is_broken_stops_every_release(shop):
    offer = make_offer(shop)
    publish(offer)
    PresentationRule.objects.update(recipients="contact.gone > 1")
    weigh(offer, "10")

    outcome = approvals.approve(offer, ELIGIBILITY, by=None, at=NOON)

    assert (outcome.held_up, now(shop).release_number) == ([offer], 1)
    assert "Already taken (R1), recipients: " in fresh(offer).publishing_error
    PresentationRule.objects.update(recipients="")
    assert releases.publish_approved([offer], by=None, at=NOON).release == Release.objects.get(
        number=2
    )
    assert fresh(offer).publishing_error == ""


# --- deleted ---


def test_what_is_deleted_leaves_live(shop):
    offer = make_offer(shop)
    publish(offer)

    with transaction.atomic():
        held = releasing.hold(shop)
        made = releasing.remove(held, "offer", ["NYC"], by=None, at=LATER)

    assert made is not None
    assert (made.cause, made.number) == ("deleted", 2)
    assert ("offer", "NYC") not in releasing.live_bodies(shop)


@pytest.mark.parametrize(
    ("kind", "name", "users"),
    [
        ("category", "travel", "NYC"),
        ("space", "webHero", "NYC"),
        ("filter", "grown", "travel"),
    ],
)
def test_what_live_objects_name_stays(shop, kind, name, users):
    publish(make_offer(shop))

    told = f"{name} is named by what is live: {users}"
    with pytest.raises(releasing.StillLive, match=told), transaction.atomic():
        releasing.remove(releasing.hold(shop), kind, [name], by=None, at=LATER)


def test_what_is_not_live_leaves_without_a_release(shop):
    with transaction.atomic():
        assert releasing.remove(releasing.hold(shop), "offer", ["NYC"], by=None, at=LATER) is None


# --- back ---


def test_going_back_is_a_new_release_with_the_old_content(shop):
    first, second = make_offer(shop, "A"), make_offer(shop, "B")
    publish(first)
    old = package(shop, 1)
    publish(second)
    publish(weigh(first, "10"))

    made = roll_back(shop, 1)

    assert (made.number, made.cause, made.content_of) == (4, "rolled_back", 1)
    assert package(shop, 4).encode() == old.encode()
    assert states(first) == ("live", "editing")
    assert states(second) == ("editing", "editing")
    assert (fresh(first).live_since, fresh(first).live_release) == (NOON, 4)
    assert (fresh(second).live_since, fresh(second).live_release) == (None, None)
    assert roll_back(shop, 4) is None
    forward = roll_back(shop, 3)
    assert (forward.number, states(first), states(second)) == (5, ("live",) * 2, ("live",) * 2)


def test_what_going_back_turns_on_again_stays_on(shop):
    offer, other = make_offer(shop, "A"), make_offer(shop, "B")
    publish(offer)
    publish(other)
    switch(category("travel"), enabled=False)
    switch(offer, enabled=False)

    roll_back(shop, 2)

    assert (category("travel").enabled, fresh(offer).enabled) == (True, True)
    assert (states(offer), states(other)) == (("live", "live"), ("live", "live"))
    publish(weigh(other, "10"))
    assert releasing.live_bodies(shop)["category", "travel"]["enabled"] is True
    roll_back(shop, 4)
    assert (category("travel").enabled, fresh(offer).enabled) == (False, False)


def test_a_release_is_exported_byte_for_byte_after_later_ones(shop):
    offers = [make_offer(shop, code) for code in ("A", "B")]
    kept = {}
    for number, step in enumerate(
        [
            lambda: publish(offers[0]),
            lambda: publish(offers[1]),
            lambda: switch(offers[0], enabled=False),
            lambda: publish(weigh(offers[0], "1.50")),
            lambda: roll_back(shop, 1),
            lambda: publish(edit(offers[1], content={"title": "É\u2028 ½"})),
        ],
        start=1,
    ):
        step()
        kept[number] = package(shop, number)

    assert now(shop).release_number == 6
    assert {number: package(shop, number) for number in kept} == kept
    assert len({*kept.values()}) == 5  # 5 is 1 again


def test_a_rule_that_means_nothing_any_more_does_not_come_back(shop):
    attribute = make_attribute("points", "int")
    offer = make_offer(shop, filter="contact.points > 1")
    publish(offer)
    publish(edit(offer, filter=None))
    attribute.delete()

    with pytest.raises(NotReady, match="points"):
        roll_back(shop, 1)

    assert now(shop).release_number == 2


@pytest.mark.parametrize("number", [0, 2, -1])
def test_one_does_not_go_back_to_what_never_was(shop, number):
    publish(make_offer(shop))

    with pytest.raises(releasing.NoSuchRelease):
        roll_back(shop, number)


# --- whoever holds a release loads what changed ---


def test_what_changed_is_enough_to_hold_what_is_live(shop, django_assert_num_queries):
    first, second = make_offer(shop, "A"), make_offer(shop, "B")
    publish(first)
    publish(second)
    publish(weigh(first, "10"))
    switch(category("travel"), enabled=False)
    with transaction.atomic():
        releasing.remove(releasing.hold(shop), "offer", ["B"], by=None, at=LATER)
    roll_back(shop, 2)
    roll_back(shop, 1)
    last = now(shop).release_number

    for number in range(last + 1):
        held = releasing.live_bodies(shop, number) if number else {}
        with django_assert_num_queries(2):
            current, changed, gone = releasing.changed_since(shop, number)
        for key in gone:
            del held[key]
        held.update(changed)
        assert (current, held) == (last, releasing.live_bodies(shop))
    assert releasing.changed_since(shop, last) == (last, {}, set())
    assert releasing.changed_since(shop, last + 7)[1] == releasing.live_bodies(shop)


# --- from the shell ---


def shell(*words, capsys):
    call_command("catalog", *words, "--json")
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_one_approves_and_goes_back_from_the_shell(shop, capsys):
    offer = make_offer(shop)
    at = ("--environment", "shop")

    content = shell("approve", "NYC", *at, "--content", capsys=capsys)
    both = shell("approve", "NYC", *at, "--eligibility", capsys=capsys)
    again = shell("approve", "NYC", *at, "--content", capsys=capsys)
    off = shell("disable", "offer", "NYC", *at, capsys=capsys)
    off_again = shell("disable", "offer", "NYC", *at, capsys=capsys)
    branch = shell("disable", "category", "travel", *at, capsys=capsys)
    on = shell("enable", "offer", "NYC", *at, capsys=capsys)
    back = shell("rollback", *at, "--release", "1", capsys=capsys)

    assert [
        each["release"] for each in (content, both, again, off, off_again, branch, on, back)
    ] == [
        None,
        1,
        None,
        2,
        None,
        3,
        4,
        5,
    ]
    assert both == {
        "offer": "NYC",
        "environment": "shop",
        "side": "eligibility",
        "changed": True,
        "content": "live",
        "eligibility": "live",
        "release": 1,
        "error": None,
    }
    assert (again["changed"], off_again["changed"], back["content_of"]) == (False, False, 1)
    edit(offer, content={"title": "Loud"})
    no = shell(
        "approve", "NYC", *at, "--content", "--reject", "--comment", "Too loud", capsys=capsys
    )
    assert (no["content"], ApprovalStep.objects.latest("pk").comment) == ("rejected", "Too loud")


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "NOPE", "--environment", "shop", "--content"),
        ("approve", "NYC", "--environment", "nope", "--content"),
        ("approve", "NYC", "--environment", "shop", "--content", "--by", "nobody@example.org"),
        ("approve", "NYC", "--environment", "shop", "--content", "--by", "ann@example.org"),
        ("approve", "NYC", "--environment", "shop", "--content", "--reject", "--comment", "No"),
        ("disable", "offer", "NYC", "--environment", "shop", "--by", "ann@example.org"),
        ("disable", "category", "nope", "--environment", "shop"),
        ("rollback", "--environment", "shop", "--release", "7"),
        ("rollback", "--environment", "shop", "--release", "1", "--by", "ann@example.org"),
    ],
)
def test_the_shell_says_what_it_could_not_do(shop, words, capsys):
    make_user("ann@example.org", "catalog.view_design_offer")
    publish(make_offer(shop))

    with pytest.raises(CommandError) as refusal:
        call_command("catalog", *words, "--json")

    assert json.loads(capsys.readouterr().out) == {"error": str(refusal.value)}
    assert now(shop).release_number == 1


def test_rejecting_without_a_reason_is_bad_usage(shop):
    make_offer(shop)
    with pytest.raises(SystemExit) as end:
        call_command("catalog", "approve", "NYC", "--environment", "shop", "--content", "--reject")
    assert end.value.code == 2


# --- for programs ---


def call(client, method, path, secret, body=None):
    return client.generic(
        method,
        f"/api/v1/environments/shop/{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers=bearer(secret),
    )


def test_programs_approve_disable_and_go_back(shop, client):
    make_offer(shop)
    _key, secret = make_key("catalog")

    approve = [
        call(client, "POST", "offers/NYC/approvals", secret, {"side": side}).json()
        for side in ("content", "eligibility")
    ]
    off = call(client, "POST", "offers/NYC/disable", secret).json()
    branch = call(client, "POST", "categories/travel/disable", secret, {"comment": "Late"}).json()
    back = call(client, "POST", "rollback", secret, {"release": 1}).json()
    listed = call(client, "GET", "releases?limit=2", secret).json()
    compared = call(client, "GET", "releases/compare?before=1&after=3", secret).json()

    assert [each["release"] for each in (*approve, off, branch, back)] == [None, 1, 2, 3, 4]
    assert [each["number"] for each in listed["results"]] == [4, 3]
    assert (listed["results"][0]["by"], listed["results"][0]["content_of"]) == ("Web shop", 1)
    assert listed["results"][1]["comment"] == "Late"
    assert [(each["name"], each["act"]) for each in compared["changes"]] == [
        ("NYC", "changed"),
        ("travel", "changed"),
    ]
    assert call(client, "GET", "releases/3", secret).json()["cause"] == "disabled"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "offers/NOPE/approvals", {"side": "content"}, 404, "offer_unknown"),
        ("POST", "offers/NYC/approvals", {"side": "both"}, 422, "invalid"),
        ("POST", "offers/NYC/approvals", {"side": "content", "nope": 1}, 422, "invalid"),
        ("POST", "offers/NYC/approvals", {"side": "content"}, 422, "not_ready"),
        (
            "POST",
            "offers/NYC/approvals",
            {"side": "content", "decision": "reject"},
            422,
            "invalid",
        ),
        ("POST", "offers/NYC/approvals", {"side": "content", "version": 9}, 409, "stale"),
        ("POST", "rollback", {"release": 3}, 404, "release_unknown"),
        ("POST", "rollback", {"release": 99999999999}, 422, "invalid"),
        ("GET", "releases/0", None, 404, "release_unknown"),
        ("GET", "releases/compare?before=0&after=5", None, 404, "release_unknown"),
        ("GET", "releases/compare?before=0", None, 422, "invalid"),
        ("POST", "categories/%00/disable", None, 422, "invalid"),
    ],
)
def test_programs_are_told_what_is_wrong(shop, client, method, path, body, status, code):
    make_offer(shop, content={})
    answer = call(client, method, path, make_key("catalog")[1], body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_key_sees_what_whoever_made_it_sees(shop, client):
    make_label("brand-a")
    ann = make_user("ann@example.org", "accounts.manage_keys")
    edit_category(category("travel"), access_labels=("brand-a",))
    publish(make_offer(shop))
    publish(make_offer(shop, "FREE", category=None))
    _key, secret = make_key("catalog", created_by=ann)

    hidden = call(client, "POST", "offers/NYC/disable", secret)
    branch = call(client, "POST", "categories/canada/disable", secret)
    compared = call(client, "GET", "releases/compare?before=0&after=2", secret).json()

    assert (hidden.status_code, branch.status_code) == (404, 404)
    names = [each["name"] for each in compared["changes"]]
    assert "FREE" in names
    assert "NYC" not in names
    assert "travel" not in names


def test_a_key_of_another_scope_changes_nothing(shop, client):
    make_offer(shop)
    answer = call(client, "POST", "offers/NYC/disable", make_key("decide")[1])

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert Offer.objects.get().enabled


# --- who sees what ---


def test_a_release_is_seen_as_far_as_labels_allow(shop):
    label = make_label("brand-a")
    seer = make_user("s@example.org", role=make_role("Seers", labels=[label]))
    other = make_user("o@example.org")
    write(None, CategoryShape(name="secret", label="S", access_labels=("brand-a",)), shop)
    write(None, CategoryShape(name="below", label="B", parent="secret"), shop)
    publish(make_offer(shop, "HIDDEN", category="below"), make_offer(shop, "OPEN", category=None))
    bodies = releasing.live_bodies(shop)

    offers = [
        sorted(name for kind, name in visible(shop, bodies, user) if kind == "offer")
        for user in (seer, other)
    ]

    assert offers == [["HIDDEN", "OPEN"], ["OPEN"]]


def test_every_release_is_in_the_journal_with_who_and_why(shop):
    ada = make_user("ada@example.org", role="administrator")
    publish(make_offer(shop))
    JournalEntry.objects.all().delete()

    releases.roll_back(shop, 1, by=ada, at=NOON)
    releases.switch([category("travel")], enabled=False, comment="Strike", by=ada, at=NOON)

    told = JournalEntry.objects.order_by("pk").values_list("verb", "subject_label", "comment")
    assert list(told) == [
        ("release.disabled", "Shop 2", "Strike"),
        ("category.disabled", "Travel", "Strike"),
    ]
    assert (Release.objects.latest("pk").by, Environment.objects.get().release_number) == (ada, 2)


# --- all at once, as packages are published ---


def test_everything_is_approved_and_published_in_one_release(shop, django_assert_max_num_queries):
    offers = write_all(shop, [offer_form(f"O{number}") for number in range(12)])
    brand = make_fallback_offer(shop)
    publish(offers[0])

    def publish_all():
        with transaction.atomic():
            held = releasing.hold(shop)
            return publishing.approve_and_publish(held, Offer.objects.all(), by=None, at=NOON)

    with django_assert_max_num_queries(70):
        made = publish_all()

    assert made.number == 2
    live = releasing.live_bodies(shop)
    assert {name for kind, name in live if kind in {"offer", "fallback_offer"}} == {
        "BRAND",
        *(f"O{number}" for number in range(12)),
    }
    assert ("category", "canada") in live
    assert states(brand) == ("live", "live")
    assert publish_all() is None


def test_nothing_is_published_when_one_of_all_is_incomplete(shop):
    make_offer(shop, "A")
    make_offer(shop, "B", content={})

    with pytest.raises(NotReady, match="requires the field “title”"), transaction.atomic():
        publishing.approve_and_publish(releasing.hold(shop), Offer.objects.all(), by=None, at=NOON)

    assert (Release.objects.count(), ApprovalStep.objects.count()) == (0, 0)


def test_all_are_approved_in_the_name_of_somebody_who_may(shop):
    template = make_template(shop)
    template.reviewers.add(make_user("r@example.org"))
    make_offer(shop, "A", template=template)
    ann = make_user("ann@example.org", "catalog.approve_offer")

    with pytest.raises(MayNotApprove, match="A: Only the reviewers"), transaction.atomic():
        publishing.approve_and_publish(releasing.hold(shop), Offer.objects.all(), by=ann, at=NOON)
