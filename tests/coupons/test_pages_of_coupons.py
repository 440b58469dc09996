"""The list, the form and the page of a coupon."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import JournalEntry
from coupons.actions import coupons as actions
from coupons.models import Coupon, Folder, Reservation
from coupons.windows import end_of, start_of
from jobs.models import Job
from tests.build import NOON, make_codes, make_coupon, make_label, make_role, make_user
from tests.coupons.conftest import count_of, make_soc

pytestmark = pytest.mark.django_db

PARIS = "Europe/Paris"
# What a browser sends of an untouched form.
UNTOUCHED = {
    "label": "Winter",
    "code": "WINTER",
    "type": "anonymous",
    "timezone": PARIS,
    "assignment_mode": "one_per_message",
    "reuse_policy": "if_never_attempted",
    "max_redemptions_per_code": "1",
    "low_stock_1": "codes",
    "validity_after_issue_1": "days",
    "charset": "safe",
}


@pytest.fixture
def ada(client):
    ada = make_user(role="administrator")
    client.force_login(ada)
    return ada


def url(name, *args):
    return reverse(f"coupons:{name}", args=args)


def text_of(answer):
    return answer.content.decode()


# --- the list ---


def listed(client, **asked):
    return [row.code for row in client.get(url("coupon-list"), asked).context["list"].rows]


def test_the_list_is_narrowed_by_what_people_ask_for(client, ada):
    folder = Folder.objects.create(path="Sports")
    inner = Folder.objects.create(path="Sports/Soccer")
    now = datetime.now(UTC)
    make_coupon("SOC", label="Soccer", type="individual", folder=inner, low_stock_threshold=1)
    make_coupon("OLD", label="Old days", end_at=now - timedelta(days=1), folder=folder)
    make_coupon("NEXT", label="Next year", start_at=now + timedelta(days=9), status="suspended")
    make_coupon("SOON", label="Soon over", end_at=now + timedelta(days=3))

    assert listed(client, sort="code") == ["NEXT", "OLD", "SOC", "SOON"]
    assert listed(client, q="so", sort="code") == ["SOC", "SOON"]
    assert listed(client, q="old days") == ["OLD"]
    assert listed(client, type="individual") == ["SOC"]
    assert listed(client, status="suspended") == ["NEXT"]
    assert listed(client, validity="today", sort="code") == ["SOC", "SOON"]
    assert listed(client, validity="future") == ["NEXT"]
    assert listed(client, validity="ended") == ["OLD"]
    assert listed(client, validity="ending") == ["SOON"]
    assert listed(client, folder="Sports", sort="code") == ["OLD", "SOC"]
    assert listed(client, folder="Sports/Soccer") == ["SOC"]
    assert listed(client, low="on") == ["SOC"]


def test_a_page_of_the_list_costs_as_many_queries_for_many_coupons(client, ada):
    make_codes(make_coupon("A", type="individual"), "A1")
    make_coupon("B")
    few = count_of(client, url("coupon-list"))
    for number in range(20):
        make_codes(make_coupon(f"P{number}", type="individual"), f"P{number}-1")
        make_coupon(f"Q{number}")

    assert count_of(client, url("coupon-list")) == few


def test_who_lacks_a_label_sees_nothing_of_the_coupon(client):
    hidden = make_coupon("HIDDEN", type="individual")
    hidden.access_labels.set([make_label("brand-b")])
    (code,) = make_codes(hidden, "SECRET-CODE")
    make_coupon("OPEN")
    rights = ("coupons.view_coupon", "coupons.view_codes", "coupons.void_codes")
    client.force_login(make_user("bob@example.org", *rights))

    assert listed(client) == ["OPEN"]
    for address in (
        url("coupon-detail", "HIDDEN"),
        url("code-list", "HIDDEN"),
        url("code-detail", code.pk),
    ):
        assert client.get(address).status_code == 404
    found = client.post(url("code-find"), {"code": "SECRET-CODE"})
    assert found.status_code == 422
    client.post(f"{url('codes-void')}?row={code.pk}", {"reason": "mine"})
    code.refresh_from_db()
    assert code.status == "available"


def test_ticked_coupons_are_moved_each_for_itself(client, ada):
    make_coupon("A")
    make_coupon("B", status="archived")
    make_coupon("C")

    asked = client.get(url("coupons-suspend") + "?row=A&row=B&row=C")
    client.post(url("coupons-suspend") + "?row=A&row=B&row=C")
    page = text_of(client.get(url("coupon-list")))

    assert "Suspend 3 coupons?" in text_of(asked)
    statuses = dict(Coupon.objects.values_list("code", "status"))
    assert statuses == {"A": "suspended", "B": "archived", "C": "suspended"}
    assert "2 coupons are changed." in page
    assert "Soccer coupons: A coupon that is Archived cannot become Suspended." in page


# --- the form ---


def test_a_new_form_proposes_a_code_and_its_saver_may_keep_it(client, ada):
    form = client.get(url("coupon-create")).context["form"]
    proposed = form["code"].value()
    assert proposed.startswith("CPN")
    assert form["proposed"].value() == proposed
    make_coupon(proposed)  # somebody was faster

    answer = client.post(
        url("coupon-create"), {**UNTOUCHED, "code": proposed, "proposed": proposed}
    )

    coupon = Coupon.objects.get(label="Winter")
    assert coupon.code.startswith("CPN")
    assert coupon.code != proposed
    assert answer["Location"] == url("coupon-detail", coupon.code)
    assert (coupon.status, coupon.owner, coupon.max_redemptions_per_code) == ("active", ada, None)


def test_a_typed_code_that_is_taken_is_refused_beside_its_field(client, ada):
    make_coupon("WINTER")

    answer = client.post(url("coupon-create"), {**UNTOUCHED, "proposed": "CPN9"})

    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert errors == {"code": ["This code is taken: choose another one."]}
    assert Coupon.objects.count() == 1


def test_everything_that_the_form_asks_is_stored(client, ada):
    label = make_label("brand-a")

    client.post(
        url("coupon-create"),
        {
            **UNTOUCHED,
            "type": "individual",
            "start_0": "2026-01-25",
            "end_0": "2026-01-28",
            "max_redemptions_total": "500",
            "max_redemptions_per_customer": "2",
            "max_redemptions_per_code": "3",
            "validity_after_issue_0": "36",
            "validity_after_issue_1": "hours",
            "holder_only": "on",
            "accept_unissued": "on",
            "assignment_mode": "by_segment",
            "reuse_policy": "if_rejected",
            "low_stock_0": "20",
            "low_stock_1": "percent",
            "pattern": "SOC-####-####",
            "charset": "digits",
            "case_sensitive": "on",
            "folder": " Sports / Soccer/ ",
            "owner": str(ada.public_id),
            "tags": "winter, soccer,winter",
            "access_labels": [label.code],
            "external_id": "SOC-26",
            "attributes": 'season: winter\nbudget: 1200.5\nnumber: "12"\n\nnote: a: b',
        },
    )

    coupon = Coupon.objects.get()
    assert coupon.start_at == datetime(2026, 1, 24, 23, tzinfo=UTC)
    assert coupon.end_at == datetime(2026, 1, 28, 23, tzinfo=UTC)
    assert (coupon.max_redemptions_total, coupon.max_redemptions_per_customer) == (500, 2)
    assert coupon.max_redemptions_per_code == 3
    assert coupon.validity_after_issue == timedelta(hours=36)
    assert (coupon.holder_only, coupon.accept_unissued, coupon.case_sensitive) == (True, True, True)
    assert (coupon.assignment_mode, coupon.reuse_policy) == ("by_segment", "if_rejected")
    assert (coupon.low_stock_threshold, coupon.low_stock_unit) == (20, "percent")
    assert coupon.code_pattern == {"pattern": "SOC-####-####", "charset": "digits"}
    assert str(coupon.folder) == "Sports/Soccer"
    assert coupon.tags == ["winter", "soccer"]
    assert [str(each) for each in coupon.access_labels.all()] == ["Brand a"]
    assert coupon.external_id == "SOC-26"
    assert coupon.attributes == {
        "season": "winter",
        "budget": 1200.5,
        "number": "12",
        "note": "a: b",
    }


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"label": ""}, "label", "Enter a label."),
        ({"code": "no spaces"}, "code", "A code has letters without accents"),
        ({"code": "CODES"}, "code", "This code is taken"),
        ({"timezone": "Mars/Olympus"}, "timezone", "There is no such time zone."),
        ({"start_0": "2026-02-31"}, "start", "Enter a day"),
        ({"start_0": "2026-03-29", "start_1": "02:30"}, "start", "it does not exist."),
        ({"start_0": "1026-02-03"}, "start", "Enter a year from 2000 to 2100."),
        ({"end_1": "18:00"}, "end", "Enter the day as well."),
        ({"start_0": "2026-02-02", "end_0": "2026-02-01"}, "end", "A coupon ends after it starts."),
        ({"max_redemptions_per_customer": "0"}, "max_redemptions_per_customer", "at least 1"),
        ({"max_redemptions_total": "many"}, "max_redemptions_total", "Enter a whole number."),
        ({"low_stock_0": "101", "low_stock_1": "percent"}, "low_stock", "at most 100 percent"),
        ({"pattern": "SOCCER"}, "pattern", "at least one #"),
        ({"attributes": "season"}, "attributes", "Line 1: write a name"),
        ({"attributes": "a: 1\na: 2"}, "attributes", "Line 2: this name was there before."),
        ({"tags": "x" * 51}, "tags", "A tag has at most 50 letters."),
        ({"label": "a\0b"}, "label", "Null characters"),
        ({"folder": "a\0b"}, "folder", "Null characters"),
        ({"tags": "a\0b"}, "tags", "Null characters"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(client, ada, typed, field, sentence):
    answer = client.post(
        url("coupon-create"), {**UNTOUCHED, "type": "individual", "proposed": "CPN1", **typed}
    )

    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert sentence in errors[field][0]
    assert not Coupon.objects.exists()


def test_days_stand_in_the_form_as_they_were_typed(client, ada):
    make_coupon(
        "DAYS",
        start_at=start_of(date(2026, 3, 29), PARIS),
        end_at=end_of(date(2026, 10, 25), PARIS),  # a day of 25 hours
    )
    make_coupon("HOURS", end_at=datetime(2026, 1, 28, 17, 30, tzinfo=UTC))

    page = text_of(client.get(url("coupon-edit", "DAYS")))
    form = client.get(url("coupon-edit", "HOURS")).context["form"]

    assert 'value="2026-03-29"' in page
    assert 'value="2026-10-25"' in page
    assert form["end"].value()[0] == date(2026, 1, 28)
    assert form["end"].value()[1].isoformat() == "18:30:00"
    assert "25 Oct 2026 inclusive" in text_of(client.get(url("coupon-detail", "DAYS")))


def sent_again(form, **changes):
    """What a browser sends of a form that shows a coupon."""
    sent: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if isinstance(value, tuple):
            sent |= {
                f"{bound.html_name}_{n}": "" if part is None else part
                for n, part in enumerate(value)
            }
        elif value not in (None, False):
            sent[bound.html_name] = value
    return {**sent, **changes}


def test_a_form_that_is_saved_untouched_changes_nothing(client, ada):
    coupon = make_soc(
        attributes={"number": "12", "season": "winter"},
        validity_after_issue=timedelta(days=2),
        max_redemptions_per_customer=3,
        tags=["a", "b"],
    )
    form = client.get(url("coupon-edit", coupon.code)).context["form"]

    sent = sent_again(form, attributes='number: "12"\nseason: winter', tags="a, b")
    answer = client.post(url("coupon-edit", coupon.code), sent)

    assert answer.status_code == 302
    told = JournalEntry.objects.filter(verb="coupon.changed").values_list("before", "after")
    assert list(told) == []
    coupon.refresh_from_db()
    assert coupon.version == 1


def test_who_is_second_is_told_who_was_first(client, ada):
    coupon = make_coupon("CPN23")
    form = client.get(url("coupon-edit", "CPN23")).context["form"]
    first = {"label": "Mine", "timezone": PARIS}
    actions.edit_coupon(coupon, first, version=1, by=ada, at=NOON)

    answer = client.post(url("coupon-edit", "CPN23"), sent_again(form, label="Theirs"))

    assert answer.status_code == 422
    assert "Changed by" in text_of(answer)
    coupon.refresh_from_db()
    assert coupon.label == "Mine"


def test_what_is_in_use_cannot_be_typed_over(client, ada):
    coupon = make_soc(is_code_frozen=True)

    form = client.get(url("coupon-edit", coupon.code)).context["form"]
    client.post(
        url("coupon-edit", coupon.code),
        sent_again(form, code="OTHER", type="anonymous", case_sensitive="on", label="New"),
    )

    disabled = {name for name, field in form.fields.items() if field.disabled}
    assert disabled == {"code", "type", "case_sensitive"}
    coupon.refresh_from_db()
    assert (coupon.label, coupon.code, coupon.type, coupon.case_sensitive) == (
        "New",
        "CPN23",
        "individual",
        False,
    )


def test_an_end_that_deliveries_count_on_is_shortened_only_when_it_is_confirmed(client, ada):
    coupon = make_coupon("CPN23", type="individual", end_at=end_of(date(2026, 12, 31), PARIS))
    Reservation.objects.create(
        coupon=coupon,
        delivery="D-7",
        wanted=1,
        state="held",
        valid_from=datetime(2026, 12, 1, tzinfo=UTC),
        valid_until=datetime(2026, 12, 20, tzinfo=UTC),
        created_at=NOON,
        beat_at=NOON,
    )
    form = client.get(url("coupon-edit", "CPN23")).context["form"]
    sent = sent_again(form, end_0="2026-12-10", end_1="")

    asked = client.post(url("coupon-edit", "CPN23"), sent)
    coupon.refresh_from_db()
    assert asked.status_code == 422
    assert asked.context["form"].errors["end"] == [
        "Deliveries that are not finished need it for longer: D-7."
    ]
    assert 'type="checkbox" name="shortens"' in text_of(asked)
    assert coupon.end_at == end_of(date(2026, 12, 31), PARIS)

    client.post(url("coupon-edit", "CPN23"), {**sent, "shortens": "on"})
    coupon.refresh_from_db()
    assert coupon.end_at == end_of(date(2026, 12, 10), PARIS)


def test_an_earlier_end_that_nobody_needs_is_saved_at_once(client, ada):
    coupon = make_coupon("CPN23", end_at=end_of(date(2026, 12, 31), PARIS))
    form = client.get(url("coupon-edit", "CPN23")).context["form"]

    client.post(url("coupon-edit", "CPN23"), sent_again(form, end_0="2026-12-10", end_1=""))

    coupon.refresh_from_db()
    assert coupon.end_at == end_of(date(2026, 12, 10), PARIS)


# --- what else can be done to one ---


def test_a_duplicate_opens_in_its_form(client, ada):
    make_soc(tags=["winter"])

    answer = client.post(url("coupon-duplicate", "CPN23"))

    copy = Coupon.objects.get(label="Copy of Soccer coupons")
    assert answer["Location"] == url("coupon-edit", copy.code)
    assert copy.tags == ["winter"]
    assert not copy.codes.exists()


def test_what_blocks_archiving_and_deleting_is_named(client, ada):
    coupon = make_soc()
    Reservation.objects.create(
        coupon=coupon,
        delivery="D-7",
        wanted=1,
        valid_from=NOON,
        valid_until=NOON,
        created_at=NOON,
        beat_at=NOON,
    )

    client.post(url("coupon-archive", "CPN23"))
    archived = text_of(client.get(url("coupon-detail", "CPN23")))
    client.post(url("coupon-delete", "CPN23"))
    deleted = text_of(client.get(url("coupon-detail", "CPN23")))

    assert "Deliveries that are not finished hold its codes: D-7." in archived
    assert "archive it instead" in deleted
    coupon.refresh_from_db()
    assert coupon.status == "active"
    assert "D-7" in text_of(client.get(url("coupon-suspend", "CPN23")))


def test_a_coupon_is_found_however_its_code_is_written(client, ada):
    make_coupon("CPN23", label="Soccer <b>'n' \"more\"</b>")

    page = text_of(client.get("/coupons/cpn23/"))

    assert "Soccer &lt;b&gt;" in page
    assert "<b>" not in page
    assert client.get("/coupons/%00/").status_code == 404
    assert client.get("/coupons/nothing/").status_code == 404


def test_an_anonymous_coupon_has_no_codes_to_show(client, ada):
    make_coupon("SPRING10")

    page = text_of(client.get(url("coupon-detail", "SPRING10")))

    assert url("code-list", "SPRING10") not in page
    assert client.get(url("code-list", "SPRING10")).status_code == 404
    assert client.get(url("code-add", "SPRING10")).status_code == 404


# --- the module switch, and what home and search say ---


def test_switched_off_nothing_of_coupons_is_left_but_the_switch(client, ada):
    coupon = make_soc()
    on = text_of(client.get(reverse("home")))
    options = client.get(url("options-edit")).context["form"]

    client.post(
        url("options-edit"), {"days_kept_ready": "3", "version": options["version"].value()}
    )

    off = text_of(client.get(reverse("home")))
    assert 'href="/coupons/"' in on
    assert 'href="/coupons/"' not in off
    for address in (url("coupon-list"), coupon.get_absolute_url(), url("code-list", "CPN23")):
        assert client.get(address).status_code == 404
    assert client.post(url("coupon-redeem", "CPN23")).status_code == 404
    assert client.post(reverse("search"), {"q": "Trynow"}).context["found"] == []
    assert client.get(url("options-edit")).status_code == 200


def test_options_that_somebody_changed_meanwhile_are_not_overwritten(client, ada):
    form = client.get(url("options-edit")).context["form"]
    sent = {"is_on": "on", "days_kept_ready": "3", "version": form["version"].value()}

    assert client.post(url("options-edit"), sent).status_code == 302
    assert client.post(url("options-edit"), {**sent, "days_kept_ready": "4"}).status_code == 422


def test_making_codes_unique_is_a_job(client, ada, monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)

    asked = text_of(client.get(url("options-codes")))
    answer = client.post(url("options-codes"))

    assert "Allow the same code in several coupons?" in asked
    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    assert job.task == "coupons.tasks.let_codes_free"


def test_home_tells_which_coupons_run_out(client, ada):
    make_soc(low_stock_threshold=10, end_at=None)
    make_coupon("SOON", end_at=datetime.now(UTC) + timedelta(days=2))

    page = text_of(client.get(reverse("home")))

    assert "1 coupon is low on codes" in page
    assert "1 coupon ends within a week" in page


def test_the_search_finds_a_code_only_for_who_may_see_codes(client):
    make_soc()
    role = make_role("Sees coupons", "coupons.view_coupon")
    analyst = make_user("nina@example.org", role=role)

    def groups(person):
        client.force_login(person)
        found = client.post(reverse("search"), {"q": "trynow"}).context["found"]
        return [(group.label, [hit.label for hit in group.hits]) for group in found]

    assert groups(make_user(role="administrator")) == [("Coupon codes", ["Trynow"])]
    assert groups(analyst) == []
    client.force_login(make_user("ada@example.org", role="administrator"))
    in_address = client.get(reverse("search"), {"q": "trynow"}).context["found"]
    assert in_address == []  # a code is nothing to be written into an address
