"""Two approvals, in any order, by whom they may be given; the second publishes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from catalog import releasing
from catalog.actions import approvals
from catalog.approving import MayNotApprove, may_approve, reviewers_of
from catalog.comparing import what_would_change
from catalog.models import ApprovalStep, Environment, Release, Representation, Revision
from catalog.readiness import NotReady, everything_in_the_way
from catalog.shapes import CategoryShape, ContextShape, RepresentationShape
from tests.build import NOON, make_key, make_label, make_role, make_user
from tests.catalog.making import (
    CONTENT,
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
    states,
    weigh,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db


def approve(offer, side, **more):
    return approvals.approve(offer, side, **{"by": None, "at": NOON, **more})


def weight_live(shop, code="NYC"):
    return releasing.live_bodies(shop, keys=[("offer", code)])["offer", code]["contexts"][0][
        "weight"
    ]


@pytest.mark.parametrize("first", [CONTENT, ELIGIBILITY])
def test_the_second_approval_publishes_whichever_it_is(shop, first):
    offer = make_offer(shop)
    second = ELIGIBILITY if first == CONTENT else CONTENT

    assert approve(offer, first).release is None
    assert Release.objects.count() == 0
    made = approve(offer, second).release

    assert (made.number, made.cause, now(shop).release_number) == (1, "published", 1)
    assert states(offer) == ("live", "live")
    offer = fresh(offer)
    assert (offer.live_since, offer.live_release) == (NOON, 1)
    assert sorted(Revision.objects.current().values_list("kind", "name")) == [
        ("category", "travel"),
        ("environment", "shop"),
        ("filter", "grown"),
        ("offer", "NYC"),
        ("presentation_rule", "R1"),
        ("space", "callCenter"),
        ("space", "webHero"),
    ]
    assert list(offer.approval_steps.order_by("pk").values_list("side", "act")) == [
        (first, "approved"),
        (second, "approved"),
        ("content", "went_live"),
        ("eligibility", "went_live"),
    ]


def test_live_stays_as_it_was_until_the_second_approval(shop):
    """AC-31: the weight of NYC becomes 50; one approval changes nothing, both make one release."""
    offer = make_offer(shop)
    publish(offer)
    offer = weigh(offer, "50")
    assert (states(offer), weight_live(shop)) == (("live", "editing"), "9")

    with pytest.raises(approvals.AlreadyDone, match="Content: Live already"):
        approve(offer, CONTENT)
    assert (weight_live(shop), now(shop).release_number) == ("9", 1)
    edit(offer, content={"title": "Elsewhere"})
    approve(offer, CONTENT)
    assert (weight_live(shop), now(shop).release_number) == ("9", 1)
    approve(offer, ELIGIBILITY)

    assert (weight_live(shop), now(shop).release_number) == ("50", 2)
    assert fresh(offer).live_since == NOON
    assert list(Revision.objects.filter(since=2).values_list("kind", "name")) == [("offer", "NYC")]


def test_nothing_changed_is_no_release(shop):
    offer = make_offer(shop)
    publish(offer)
    weigh(offer, "10")
    weigh(offer, "9")

    outcome = approve(offer, ELIGIBILITY)

    assert (outcome.release, now(shop).release_number, states(offer)) == (None, 1, ("live", "live"))


def test_content_goes_live_for_the_spaces_that_are_enabled(shop):
    offer = make_offer(shop)

    approve(offer, CONTENT, enable=["callCenter"])
    approve(offer, ELIGIBILITY)

    body = releasing.live_bodies(shop)["offer", "NYC"]
    assert [each["space"] for each in body["representations"]] == ["callCenter"]
    assert ("space", "webHero") not in releasing.live_bodies(shop)


def test_without_a_choice_every_complete_representation_is_enabled(shop):
    offer = make_offer(
        shop,
        content={},
        representations=(
            RepresentationShape(space="webHero", content={"title": "Here"}),
            RepresentationShape(space="callCenter"),
        ),
    )

    approve(offer, CONTENT)

    enabled = Representation.objects.filter(is_enabled=True).values_list("space__name", flat=True)
    assert list(enabled) == ["webHero"]


@pytest.mark.parametrize(
    ("enable", "told"),
    [
        ([], "Enable at least one representation"),
        (["webHero"], "The space “webHero” requires the field “title”."),
        (["nowhere"], "It has no representation for “nowhere”."),
        (None, "The space “callCenter” requires the field “title”."),
    ],
)
def test_what_is_incomplete_is_not_enabled(shop, enable, told):
    offer = make_offer(shop, content={})

    with pytest.raises(NotReady, match=told):
        approve(offer, CONTENT, enable=enable)

    assert states(offer) == ("editing", "editing")
    assert ApprovalStep.objects.count() == 0


def test_an_offer_nowhere_is_not_approved(shop):
    with pytest.raises(NotReady, match="nowhere"):
        approve(make_offer(shop, representations=()), CONTENT)


def test_what_can_never_be_presented_is_named_before_approval(shop):
    edit_category(category("travel"), end=NOON)
    offer = make_offer(shop, start=LATER)

    with pytest.raises(NotReady, match="Never") as refusal:
        approve(offer, ELIGIBILITY)

    (obstacle,) = refusal.value.obstacles
    assert (obstacle.kind, obstacle.name, obstacle.problem.path) == ("offer", "NYC", "start")
    assert approve(offer, CONTENT).done == [offer]


def test_what_is_broken_around_holds_up_the_release(shop, mailoutbox, client):
    offer = make_offer(shop)
    approve(offer, CONTENT)
    shop.filters.filter(name="grown").update(rule="contact.nothing > 1")

    outcome = approve(offer, ELIGIBILITY)

    assert (outcome.held_up, outcome.release, Release.objects.count()) == ([offer], None, 0)
    offer = fresh(offer)
    assert states(offer) == ("approved", "approved")
    assert "Grown (grown), rule: " in offer.publishing_error
    assert [each.name for each in everything_in_the_way(offer)] == ["travel", "grown"]

    client.force_login(make_user("mia@example.org", role="offer_manager"))
    shown = client.get(offer.get_absolute_url()).content.decode()
    first, second = re.findall(r"<li>((?:Travel|Grown) .*?)</li>", shown)
    assert first == "Travel (travel), filter: The predefined filter “grown” does not work here."
    assert second.startswith("Grown (grown), rule: ")


def test_what_goes_live_is_what_was_approved(shop):
    offer = make_offer(shop)
    approve(offer, CONTENT)
    # an edit that, by a mistake of ours, would not take back the approval
    type(offer).objects.filter(pk=offer.pk).update(content={"title": "Sneaked in"})

    outcome = approve(offer, ELIGIBILITY)

    assert outcome.held_up == [offer]
    assert "Content was changed after its approval." in fresh(offer).publishing_error


def test_whoever_looked_at_an_older_version_is_told(shop):
    offer = make_offer(shop)
    weigh(offer, "50")

    with pytest.raises(Stale):
        approve(offer, ELIGIBILITY, version=offer.version)


def test_editing_takes_back_the_approval_of_what_it_touches(shop):
    offer = make_offer(shop)
    approve(offer, CONTENT)

    edit(offer, content={"title": "Other"})

    assert states(offer) == ("editing", "editing")
    assert ApprovalStep.objects.latest("pk").act == "reset"


def test_editing_a_category_takes_back_the_eligibility_below(shop):
    offer = make_offer(shop, category="canada")
    publish(offer)

    edit_category(category("travel"), multiplier=3)

    assert states(offer) == ("live", "editing")


# --- who may ---


def test_anybody_with_the_right_approves_where_no_reviewer_is_named(shop):
    offer = make_offer(shop)

    approve(offer, CONTENT, by=make_user("may@example.org", "catalog.approve_offer"))
    with pytest.raises(MayNotApprove, match="You may not approve offers"):
        approve(offer, ELIGIBILITY, by=make_user("no@example.org", "catalog.change_offer"))


def test_only_named_reviewers_approve_where_some_are_named(shop):
    template = make_template(shop)
    reviewer, holder = (
        make_user("r@example.org"),
        make_user("h@example.org", "catalog.approve_offer"),
    )
    chief = make_user("c@example.org", role=(role := make_role("Chiefs")))
    admin = make_user("a@example.org", role="administrator")
    template.reviewers.add(reviewer)
    template.reviewer_roles.add(role)
    offer = make_offer(shop, template=template)

    may = [may_approve(offer, CONTENT, who) for who in (reviewer, chief, admin, holder, None)]

    assert may == [True, True, True, False, True]
    assert [person.email for person in reviewers_of(offer, CONTENT)] == [
        "c@example.org",
        "r@example.org",
    ]


def test_four_eyes_see_what_one_has_written(shop):
    Environment.objects.filter(pk=shop.pk).update(four_eyes=True)
    shop = now(shop)
    author = make_user("a@example.org", "catalog.approve_offer", "catalog.change_offer")
    editor = make_user("e@example.org", "catalog.approve_offer", "catalog.change_offer")
    offer = make_offer(shop, by=author)
    offer = edit(offer, by=editor, content={"title": "Mine"})

    with pytest.raises(MayNotApprove, match="nobody approves what they wrote"):
        approve(offer, CONTENT, by=editor)
    with pytest.raises(MayNotApprove, match="nobody approves what they wrote"):
        approve(offer, ELIGIBILITY, by=author)
    assert may_approve(offer, ELIGIBILITY, editor)
    assert not may_approve(offer, ELIGIBILITY, make_key("catalog")[0])


def test_a_program_approves_only_where_nobody_in_particular_is_asked(shop):
    key, _secret = make_key("catalog")
    template = make_template(shop)
    template.reviewers.add(make_user("r@example.org"))

    assert may_approve(make_offer(shop), CONTENT, key)
    assert not may_approve(make_offer(shop, "B", template=template), CONTENT, key)


def test_reviewers_who_do_not_see_an_offer_are_not_asked(shop):
    label = make_label("brand-a")
    holder = make_user("h@example.org", "catalog.approve_offer")
    seer = make_user(
        "s@example.org", role=make_role("Seers", "catalog.approve_offer", labels=[label])
    )
    edit_category(category("travel"), access_labels=("brand-a",))
    offer = make_offer(shop, category="canada")

    assert reviewers_of(offer, CONTENT) == [seer]
    assert holder not in reviewers_of(offer, CONTENT)


# --- asking, refusing, beginning again ---


def test_submitting_gives_days_and_asks(shop, django_capture_on_commit_callbacks):
    offer = make_offer(shop, template=make_template(shop, days_to_review=5))

    outcome = approvals.submit([offer], comment="Please", by=None, at=NOON)

    assert (outcome.refused, states(offer)) == ([], ("pending", "pending"))
    assert fresh(offer).content_deadline == NOON + timedelta(days=5)
    again = approvals.submit([offer], by=None, at=NOON)
    assert (again.done, again.refused[0][0]) == ([], offer)


def test_rejecting_says_why_and_can_be_submitted_again(shop):
    offer = make_offer(shop)
    approvals.submit([offer], by=None, at=NOON)

    with pytest.raises(approvals.CommentMissing):
        approvals.reject(offer, CONTENT, comment=" ", by=None, at=NOON)
    approvals.reject(offer, CONTENT, comment="Too loud", by=None, at=NOON)

    assert states(offer) == ("rejected", "pending")
    assert ApprovalStep.objects.latest("pk").comment == "Too loud"
    with pytest.raises(approvals.AlreadyDone, match="Content: Rejected already"):
        approvals.reject(offer, CONTENT, comment="Again", by=None, at=NOON)
    approvals.submit([offer], sides=[CONTENT], by=None, at=NOON)
    assert states(offer) == ("pending", "pending")


def test_an_approval_can_be_started_again(shop):
    offer = make_offer(shop)
    approve(offer, CONTENT)

    approvals.restart(offer, CONTENT, comment="Look again", by=None, at=LATER)

    assert states(offer) == ("editing", "editing")
    assert ApprovalStep.objects.latest("pk").comment == "Look again"
    with pytest.raises(approvals.AlreadyDone):
        approvals.restart(offer, CONTENT, by=None, at=LATER)


def test_many_are_approved_in_one_release_and_others_are_named(shop):
    good = [make_offer(shop, code) for code in ("A", "B", "C")]
    bad = make_offer(shop, "D", content={})
    done = make_offer(shop, "E")
    publish(done)

    outcome = approvals.approve_many([*good, bad, done], by=None, at=NOON)

    assert sorted(offer.code for offer in outcome.done) == ["A", "B", "C"]
    assert [(offer.code, told[:24]) for offer, told in outcome.refused] == [
        ("D", "D (D), representations: "),
        ("E", "Content: Live already, s"),
    ]
    assert outcome.release == Release.objects.get(number=2)
    assert now(shop).release_number == 2
    assert states(bad) == ("editing", "editing")


def test_a_broken_offer_does_not_hold_up_the_others(shop):
    good, bad = make_offer(shop, "A"), make_offer(shop, "B")
    approve(bad, CONTENT)
    type(bad).objects.filter(pk=bad.pk).update(content={"title": "Sneaked in"})

    outcome = approvals.approve_many([good, bad], sides=[CONTENT, ELIGIBILITY], by=None, at=NOON)

    assert (outcome.held_up, states(good), states(bad)) == (
        [bad],
        ("live", "live"),
        ("approved", "approved"),
    )


def test_a_fallback_offer_goes_live_with_its_space(shop):
    offer = make_fallback_offer(shop)

    publish(offer)

    assert ("fallback_offer", "BRAND") in releasing.live_bodies(shop)
    assert ("space", "webHero") in releasing.live_bodies(shop)


def test_every_act_is_in_the_journal(shop):
    offer = make_offer(shop)
    ada = make_user("ada@example.org", role="administrator")
    JournalEntry.objects.all().delete()

    approvals.submit([offer], by=ada, at=NOON)
    approvals.reject(offer, CONTENT, comment="No", by=ada, at=NOON)
    approvals.restart(offer, CONTENT, by=ada, at=NOON)
    approve(offer, CONTENT, by=ada)
    approve(offer, ELIGIBILITY, by=ada)

    told = JournalEntry.objects.order_by("pk").values_list("verb", "subject_label", "by_name")
    assert list(told) == [
        ("offer.submitted", "Nyc", "ada@example.org"),
        ("offer.rejected", "Nyc", "ada@example.org"),
        ("offer.restarted", "Nyc", "ada@example.org"),
        ("offer.approved", "Nyc", "ada@example.org"),
        ("offer.approved", "Nyc", "ada@example.org"),
        ("release.published", "Shop 1", "ada@example.org"),
    ]


def test_the_reviewer_sees_what_would_change(shop):
    offer = make_offer(shop)
    publish(offer)
    edit(
        offer,
        contexts=(ContextShape(label="All", weight="50"),),
        filter='contact.country == "CA"',
    )
    write(None, CategoryShape(name="other", label="Other"), shop)

    (change,) = what_would_change(shop, [fresh(offer)])

    told = [(each.field, each.name, each.before_text, each.after_text) for each in change.fields]
    assert (change.kind, change.name, change.act) == ("offer", "NYC", "changed")
    assert told == [
        ("contexts[0].weight", "Weight 1", "9", "50"),
        ("filter", "filter", "", "country is “CA”"),
    ]


def test_whoever_approves_what_was_deleted_is_told(shop):
    offer = make_offer(shop)
    type(offer).objects.all().delete()

    for act in (approvals.approve, approvals.restart):
        with pytest.raises(Stale):
            act(offer, CONTENT, by=None, at=NOON)


def queries_of_an_approval(offer):
    approve(offer, CONTENT)
    with CaptureQueriesContext(connection) as asked:
        assert approve(offer, ELIGIBILITY).release
    return len(asked)


def test_publishing_asks_no_more_of_a_large_catalogue(shop):
    first = queries_of_an_approval(make_offer(shop, "FIRST"))
    publish(*write_all(shop, [offer_form(f"O{n}", category="canada") for n in range(30)]))

    assert queries_of_an_approval(make_offer(shop, "LAST")) <= first <= 60
