"""Mails to those who are asked, and to those who wait for the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation

from catalog import mailing, reminding, tasks
from catalog.actions import approvals
from catalog.shapes import ContextShape
from tests.build import NOON, make_user
from tests.catalog.making import (
    CONTENT,
    ELIGIBILITY,
    edit,
    fresh,
    make_offer,
    make_template,
    publish,
    weigh,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def workers(monkeypatch, django_capture_on_commit_callbacks):
    """Workers that do at once what is queued; the mails that this makes leave with `with`."""
    for name in ("mail_reviewers", "mail_reviewer", "mail_decision", "mail_one_decision"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", task)
    monkeypatch.setattr(tasks.mail_held_up, "delay", tasks.mail_held_up)
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def people():
    return {
        name: make_user(
            f"{name}@example.org",
            "catalog.approve_offer",
            first_name=name.capitalize(),
            language=language,
        )
        for name, language in {"ada": "", "bea": "fr"}.items()
    }


def test_reviewers_get_what_they_need_to_decide(shop, people, workers, mailoutbox, settings):
    settings.BASE_URL = "https://offers.example"
    author = make_user("zoe@example.org", first_name="Zoe")
    offer = make_offer(shop, by=author)
    publish(offer)
    mailoutbox.clear()
    weigh(offer, "50")

    with workers():
        approvals.submit([offer], comment="For <summer>", by=author, at=NOON)

    assert [mail.to for mail in mailoutbox] == [["ada@example.org"], ["bea@example.org"]]
    mail = mailoutbox[0]
    html = mail.alternatives[0][0]
    assert mail.subject == "To approve: Eligibility of Nyc"
    assert "<title>To approve: Eligibility of Nyc</title>" in html
    for body in (mail.body, html):
        assert "Zoe asks for your approval: Eligibility of Nyc (NYC), in Shop." in body
        assert "Until 24 November 2026, 12:00 (UTC)." in body
        assert "belongs to the audience Grown" in body
        assert "Weight 1: " in body
        assert "https://offers.example/catalogue/shop/offers/NYC/approve/eligibility/" in body
        assert (
            "https://offers.example/catalogue/shop/offers/NYC/approve/eligibility/#id_comment"
            in body
        )
    assert "“For <summer>”" in mail.body
    assert "«\u00a0For <summer>\u00a0»" in mailoutbox[1].body
    assert "For &lt;summer&gt;" in html
    assert "9 → 50" in mail.body


def test_whoever_is_late_is_told_that_it_is_done(shop, people, workers, mailoutbox):
    author = make_user("zoe@example.org")
    offer = make_offer(shop, by=author)
    approvals.submit([offer], sides=[CONTENT], by=author, at=NOON)
    mailoutbox.clear()

    with workers():
        approvals.approve(offer, CONTENT, comment="Fine", by=people["ada"], at=NOON)

    assert [mail.to for mail in mailoutbox] == [["zoe@example.org"], ["bea@example.org"]]
    assert mailoutbox[0].subject == "Approved: Content of Nyc"
    assert "Ada has approved Content of Nyc (NYC)." in mailoutbox[0].body
    assert "“Fine”" in mailoutbox[0].body
    assert "You need not do anything any more." not in mailoutbox[0].body


def test_the_author_learns_why_it_was_rejected(shop, people, workers, mailoutbox):
    author = make_user("zoe@example.org")
    offer = make_offer(shop, by=author)

    with workers():
        approvals.reject(offer, CONTENT, comment="Too loud", by=people["ada"], at=NOON)

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["zoe@example.org"], "Rejected: Content of Nyc")
    assert "“Too loud”" in mail.body


def test_nobody_is_asked_for_what_was_answered_meanwhile(shop, people, workers, mailoutbox):
    offer = make_offer(shop)
    approvals.submit([offer], sides=[CONTENT], by=None, at=NOON)
    approvals.approve(offer, CONTENT, by=None, at=NOON)

    assert tasks.mail_reviewers(offer.pk, "content") == 0
    assert mailing.mail_reviewer(offer.pk, CONTENT, people["ada"].pk) is False
    assert mailoutbox == []


def test_only_named_reviewers_are_asked(shop, people, workers, mailoutbox):
    template = make_template(shop)
    template.reviewers.add(people["bea"])
    offer = make_offer(shop, template=template)

    with workers():
        approvals.submit([offer], sides=[CONTENT], by=None, at=NOON)

    assert [mail.to for mail in mailoutbox] == [["bea@example.org"]]


@pytest.mark.parametrize("spoken", ["en", "fr"])
def test_what_did_not_go_live_is_told_to_the_author(shop, workers, mailoutbox, client, spoken):
    """Each reads it in their language, whatever whoever approved speaks."""
    english = make_user("zoe@example.org", role="offer_manager", language="en")
    french = make_user("yves@example.org", role="offer_manager", language="fr")
    offer = make_offer(shop, by=english)
    edit(offer, by=french, content={"title": "NYC"})
    approvals.approve(offer, CONTENT, by=None, at=NOON)
    shop.filters.update(rule="contact.nothing > 1")

    with workers(), translation.override(spoken):
        approvals.approve(offer, ELIGIBILITY, by=None, at=NOON)

    told = {mail.to[0]: mail for mail in mailoutbox}
    assert told["zoe@example.org"].subject == "Approved, but not live: Nyc"
    assert "Grown (grown), rule: At character 1: " in told["zoe@example.org"].body
    assert told["yves@example.org"].subject == "Approuvée, mais pas en ligne : Nyc"
    assert "Grown (grown), rule: Au caractère 1 : " in told["yves@example.org"].body
    url = offer.get_absolute_url()
    for person, sentence in ((english, "At character 1: "), (french, "Au caractère 1 : ")):
        client.force_login(person)
        assert f"Grown (grown), rule: {sentence}" in client.get(url).content.decode()


def test_a_change_of_hostile_content_stays_text(shop, people, workers, mailoutbox):
    offer = make_offer(shop)
    publish(offer)
    mailoutbox.clear()
    edit(offer, label="<script>alert(1)</script>\nBcc: x@example.org", contexts=(ContextShape(),))

    with workers():
        approvals.submit([offer], by=None, at=NOON)

    assert "\n" not in mailoutbox[0].subject
    html = mailoutbox[0].alternatives[0][0]
    assert "<script>" not in html
    assert "of &lt;script&gt;alert(1)&lt;/script&gt; Bcc: x@example.org</title>" in html


DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def reminded(at):
    return [side for _pk, side in reminding.remind(at=at)]


def test_reviewers_are_reminded_once_on_the_last_day(
    shop, people, workers, mailoutbox, monkeypatch
):
    offer = make_offer(shop)
    approvals.submit([offer], sides=[CONTENT], by=None, at=NOON)  # three days

    assert reminded(NOON + 2 * DAY - HOUR) == []
    monkeypatch.setattr(tasks, "now", lambda: NOON + 2 * DAY + HOUR)
    assert tasks.remind_reviewers() == 1
    assert tasks.remind_reviewers() == 0
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"], ["bea@example.org"]]
    assert mailoutbox[0].subject == "Still to approve: Content of Nyc"
    assert "Nobody has answered yet." in mailoutbox[0].body
    assert offer.approval_steps.latest("pk").act == "reminded"

    again = fresh(offer)
    approvals.reject(again, CONTENT, comment="No", by=None, at=NOON + 3 * DAY)
    approvals.submit([fresh(offer)], sides=[CONTENT], by=None, at=NOON + 4 * DAY)
    assert reminded(NOON + 6 * DAY + HOUR) == [CONTENT]


def test_nobody_is_reminded_of_what_is_answered_late_or_just_asked(shop):
    made = [make_offer(shop, code) for code in ("ANSWERED", "LATE", "SHORT")]
    approvals.submit(made[:2], by=None, at=NOON)
    approvals.submit(made[2:], by=None, at=NOON, deadline=NOON + DAY)
    for side in (CONTENT, ELIGIBILITY):
        approvals.reject(fresh(made[0]), side, comment="No", by=None, at=NOON)

    assert reminded(NOON + HOUR) == []
    assert reminded(NOON + 3 * DAY) == []
    assert reminded(NOON + 2 * DAY + HOUR) == [CONTENT, ELIGIBILITY]  # of the second alone
