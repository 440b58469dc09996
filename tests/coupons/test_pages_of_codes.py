"""The codes of a pool, one code's life, redemptions and reports, as people see them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import JournalEntry
from coupons import changing
from coupons.actions import codes as code_actions
from coupons.actions import redemptions
from coupons.models import Batch, BulkChange, Code, Coupon, Redemption, Standing
from coupons.redeeming import Use
from coupons.stock import stock_of
from jobs import running
from jobs.models import Job
from offers_site.tasks import import_file
from tests.build import NOON, make_codes, make_coupon, make_user
from tests.coupons.conftest import CLOCK, SOCCER, count_of, issue, make_soc
from transfers.models import Transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client):
    ada = make_user(role="administrator")
    client.force_login(ada)
    return ada


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


def url(name, *args):
    return reverse(f"coupons:{name}", args=args)


def text_of(answer):
    return answer.content.decode()


def shown(client, **asked):
    return [row.code for row in client.get(url("code-list", "CPN23"), asked).context["list"].rows]


def count_shown(client, **asked):
    return client.get(url("code-list", "CPN23"), asked).context["list"].count


# --- the list ---


def test_codes_are_narrowed_by_what_became_of_them(client, ada):
    coupon = make_soc(end_at=None)
    issue("Trynow", "2for1", at=NOON)
    redemptions.redeem(
        Use(code="2for1", source="t", external_id="1"), by=None, at=NOON + timedelta(hours=1)
    )
    (teamfav,) = Code.objects.filter(code="Teamfav")
    code_actions.void_codes(coupon, [teamfav.pk], reason="lost", by=ada, at=NOON)

    assert shown(client) == list(reversed(SOCCER))
    assert shown(client, status="issued") == ["Trynow"]
    assert shown(client, status="redeemed") == ["2for1"]
    assert shown(client, status="void") == ["Teamfav"]
    assert sorted(shown(client, status="available")) == sorted(SOCCER[3:])
    numbers = {status: count_shown(client, status=status) for status in Standing.Status}
    assert numbers == {"available": 5, "reserved": 0, "issued": 1, "redeemed": 1, "void": 1}
    assert count_shown(client) == 8


def test_codes_are_narrowed_by_what_follows_from_dates_and_uses(client, ada):
    now = datetime.now(UTC)
    coupon = make_coupon(
        "CPN23", type="individual", max_redemptions_per_code=2, accept_unissued=True
    )
    for code, start, end in (
        ("OVER", None, now - timedelta(days=1)),
        ("LATER", now + timedelta(days=1), None),
        ("NOW", None, None),
        ("USED", None, None),
    ):
        code_actions.add_code(coupon, code, start_at=start, end_at=end, by=None, at=NOON)
    redemptions.redeem(Use(code="USED", source="t", external_id="1"), by=None, at=now)
    redemptions.hold("NOW", source="t", name="h", by=None, at=now)

    assert shown(client, status="expired") == ["OVER"]
    assert shown(client, status="not_yet_valid") == ["LATER"]
    assert shown(client, status="partly_redeemed") == ["USED"]
    assert shown(client, status="on_hold") == ["NOW"]
    words = {
        row.code: [state.label for state in row.states]
        for row in client.get(url("code-list", "CPN23")).context["list"].rows
    }
    assert words == {
        "OVER": ["Available", "Expired"],
        "LATER": ["Available", "Not yet valid"],
        "USED": ["Available", "Partly redeemed"],
        "NOW": ["Available", "On hold"],
    }


def test_an_ended_coupon_has_expired_codes_but_used_ones_are_used(client, ada):
    make_soc()  # ended in January
    issue("Trynow", at=CLOCK)
    redemptions.redeem(Use(code="Trynow", source="t", external_id="1"), by=None, at=CLOCK)

    assert sorted(shown(client, status="expired")) == sorted(SOCCER[1:])


def test_codes_that_lapse_after_they_were_sent_are_expired(client, ada):
    make_soc(end_at=None, validity_after_issue=timedelta(days=2))
    issue("Trynow", at=CLOCK)
    issue("2for1", at=datetime.now(UTC))

    assert shown(client, status="expired") == ["Trynow"]


def test_codes_are_narrowed_by_segment_and_batch(client, ada):
    coupon = make_soc()
    code_actions.add_code(coupon, "SEG-1", segment="vip", by=ada, at=NOON)
    batch = Batch.objects.get(by=ada)

    assert shown(client, segment="vip") == ["SEG-1"]
    assert count_shown(client, segment="vip") == 1
    assert count_shown(client, segment="vip", status="available") == 1
    assert count_shown(client, segment="-") == 8
    assert shown(client, batch=batch.pk) == ["SEG-1"]
    assert shown(client, segment="nothing") == shown(client)  # what is asked wrongly is not asked


def test_pages_of_codes_follow_each_other_and_no_address_has_a_code(client, ada):
    coupon = make_coupon("CPN23", type="individual")
    made = make_codes(coupon, *(f"CODE-{n:03}" for n in range(120)))
    code_actions.void_codes(coupon, [c.pk for c in made[:60]], reason="x", by=None, at=NOON)

    def walk(**asked):
        found, address = [], url("code-list", "CPN23")
        page = client.get(address, {**asked, "size": "25"}).context["list"]
        while True:
            found += [row.code for row in page.rows]
            if not page.next_url:
                return found
            assert "CODE" not in page.next_url
            page = client.get(page.next_url).context["list"]

    assert walk() == [f"CODE-{n:03}" for n in reversed(range(120))]
    assert walk(status="void") == [f"CODE-{n:03}" for n in reversed(range(60))]
    assert walk(status="available") == [f"CODE-{n:03}" for n in reversed(range(60, 120))]


def test_a_page_of_codes_costs_as_many_queries_for_many_codes(client, ada):
    coupon = make_soc()
    few = count_of(client, url("code-list", "CPN23"))
    make_codes(coupon, *(f"MORE-{n}" for n in range(60)))

    assert count_of(client, url("code-list", "CPN23")) == few


# --- masks ---


def test_without_the_right_codes_are_masked_wherever_they_stand(client):
    make_soc(end_at=None)
    issue("Goaliespecial", at=NOON, address="fan@example.org", target_key="C-7")
    done = redemptions.redeem(
        Use(code="Goaliespecial", source="t", external_id="1", customer_key="C-7"),
        by=None,
        at=NOON + timedelta(hours=1),
    )
    pk = done.redemption.code_id
    client.force_login(make_user("nina@example.org", role="analyst"))

    pages = {
        name: text_of(client.get(address))
        for name, address in (
            ("list", url("code-list", "CPN23")),
            ("code", url("code-detail", pk)),
            ("redemptions", url("redemption-list", "CPN23")),
            ("reports", url("coupon-reports", "CPN23")),
        )
    }

    for page in pages.values():
        assert "Goaliespecial" not in page
        assert "fan@example.org" not in page
        assert "C-7" not in page
    assert "Goa…al" in pages["list"]
    assert '<h1 id="page-title">Goa…al</h1>' in pages["code"]
    assert "Goa…al" in pages["redemptions"]
    assert client.post(url("code-find"), {"code": "Goaliespecial"}).status_code == 403
    assert client.post(url("code-find-in", "CPN23"), {"code": "Goa"}).status_code == 403


def test_who_looks_at_codes_is_written_down_once_an_hour(client, ada):
    make_soc()

    client.get(url("code-list", "CPN23"))
    client.get(url("code-list", "CPN23"), {"status": "available"})
    entry = JournalEntry.objects.get(verb="coupon.codes_seen")
    JournalEntry.objects.all()
    client.force_login(make_user("nina@example.org", role="analyst"))
    client.get(url("code-list", "CPN23"))

    assert entry.by == ada
    assert JournalEntry.objects.filter(verb="coupon.codes_seen").count() == 1


def test_no_page_of_the_journal_has_a_code(client, ada):
    coupon = make_soc()
    client.post(url("code-add", "CPN23"), {"code": "FRESH-ONE"})
    fresh = Code.objects.get(code="FRESH-ONE")
    code_actions.void_codes(coupon, [fresh.pk], reason="x", by=ada, at=NOON)

    page = text_of(client.get(url("coupon-journal", "CPN23")))

    assert "added a code to Soccer coupons" in page
    assert "FRESH" not in page


# --- adding, finding, withdrawing ---


def test_a_code_is_added_with_all_that_goes_with_it(client, ada):
    coupon = make_coupon("CPN23", type="individual")

    client.post(
        url("code-add", "CPN23"),
        {
            "code": " vip-1 ",
            "label": "For the captain",
            "segment": "vip",
            "start_0": "2026-01-25",
            "end_0": "2026-01-28",
            "end_1": "18:00",
            "max_redemptions": "3",
            "restricted_to": "C-7",
        },
    )

    code = Code.objects.select_related("shelf").get()
    assert (code.coupon_id, code.code, code.code_norm) == (coupon.pk, "vip-1", "VIP-1")
    assert (code.label, code.max_redemptions, code.restricted_to) == ("For the captain", 3, "C-7")
    assert code.shelf.segment == "vip"
    assert code.shelf.start_at == datetime(2026, 1, 24, 23, tzinfo=UTC)
    assert code.shelf.end_at == datetime(2026, 1, 28, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"code": ""}, "code", "Enter a code."),
        ({"code": "tryNOW"}, "code", "The coupon has the code Trynow already: Available."),
        ({"code": "a b"}, "code", "A code has letters without accents"),
        ({"code": "=1+1"}, "code", "A code has letters without accents"),
        ({"code": "ΤRY"}, "code", "A code has letters without accents"),  # a Greek tau
        ({"code": "A", "max_redemptions": "0"}, "max_redemptions", "Enter at least 1"),
        ({"code": "A", "start_0": "2026-02-02", "end_0": "2026-02-01"}, "end", "ends after"),
    ],
)
def test_a_code_that_cannot_be_is_refused(client, ada, typed, field, sentence):
    make_soc()

    answer = client.post(url("code-add", "CPN23"), typed)

    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert sentence in errors[field][0]
    assert Code.objects.count() == 8


def test_a_code_is_found_among_all_pools_by_its_whole_text(client, ada):
    make_soc()
    goal = Code.objects.get(code="Globall")
    make_coupon("SPRING10")

    found = client.post(url("code-find"), {"code": " gLobaLL "})
    coupon = client.post(url("code-find"), {"code": "spring10"})
    nothing = client.post(url("code-find"), {"code": "Glob"})
    odd = client.post(url("code-find"), {"code": "' OR 1=1 --"})

    assert found["Location"] == url("code-detail", goal.pk)
    assert coupon["Location"] == url("coupon-detail", "SPRING10")
    assert nothing.context["form"].errors == {"code": ["There is no such code."]}
    assert odd.status_code == 422


def test_equal_codes_of_several_pools_are_offered(client, ada, monkeypatch):
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX code_once_everywhere")
    make_codes(make_coupon("A", label="First", type="individual"), "SAME")
    make_codes(make_coupon("B", label="Second", type="individual"), "SAME")

    page = text_of(client.post(url("code-find"), {"code": "same"}))

    assert "First" in page
    assert "Second" in page


def test_a_pool_is_searched_by_how_codes_begin(client, ada):
    coupon = make_soc()
    make_codes(make_coupon("OTHER", type="individual"), "GOAL")
    make_codes(coupon, "GO-1", "GO-2")

    begun = client.post(url("code-find-in", "CPN23"), {"code": "go"})
    whole = client.post(url("code-find-in", "CPN23"), {"code": "GO-1"})
    short = client.post(url("code-find-in", "CPN23"), {"code": "g"})

    assert [code.code for code in begun.context["found"]] == ["GO-1", "GO-2", "Goaliespecial"]
    assert whole["Location"] == url("code-detail", Code.objects.get(code="GO-1").pk)
    assert short.status_code == 422


def test_ticked_codes_are_voided_and_it_is_said_who_has_one(client, ada):
    coupon = make_soc()
    issue("Trynow", at=NOON)
    issue_reserved(coupon, "2for1", delivery="D-7")
    pks = [code.pk for code in Code.objects.filter(code__in=["Trynow", "2for1", "Kickit"])]
    address = url("codes-void") + "?" + "&".join(f"row={pk}" for pk in pks)

    asked = text_of(client.get(address))
    silent = client.post(address, {"reason": " "})
    client.post(address, {"reason": "misprinted"})
    page = text_of(client.get(url("code-list", "CPN23")))

    assert "Void 3 codes?" in asked
    assert "1 customer" in asked
    assert "D-7" in asked
    assert silent.status_code == 422
    assert stock_of(coupon)["void"] == 3
    assert "3 codes are voided." in page
    assert "These deliveries must be prepared again: D-7." in page
    life = text_of(client.get(url("code-detail", pks[0])))
    assert "misprinted" in life


def issue_reserved(coupon, text, **columns):
    from django.db import transaction  # noqa: PLC0415

    from coupons.moving import moving  # noqa: PLC0415

    code = Code.objects.get(coupon=coupon, code=text)
    with transaction.atomic(), moving("reserve", coupon, by=None, at=NOON):
        Standing.objects.create(
            code=code,
            coupon=coupon,
            shelf_id=code.shelf_id,
            status="reserved",
            reserved_at=NOON,
            changed_at=NOON,
            **columns,
        )


def test_what_cannot_be_withdrawn_stays_and_is_told(client, ada):
    coupon = make_soc()
    issue("Trynow", at=NOON)
    pks = [code.pk for code in Code.objects.filter(code__in=["Trynow", "Kickit"])]
    rows = "?" + "&".join(f"row={pk}" for pk in pks)

    client.post(url("codes-delete") + rows)
    page = text_of(client.get(url("code-list", "CPN23")))
    client.post(url("codes-put-back") + rows, {"reason": "x"})
    again = text_of(client.get(url("code-list", "CPN23")))

    assert "1 code is deleted." in page
    assert "1 stays: somebody has it." in page
    assert "stays: it is not void." in again or "stay: they are not void." in again
    assert stock_of(coupon)["total"] == 7


@pytest.mark.parametrize("rows", ["", "?row=x", "?row=9999999999999999999999", "?row=-1"])
def test_rows_that_are_none_change_nothing(client, ada, rows):
    make_soc()

    assert client.get(url("codes-void") + rows).status_code == 302
    assert client.post(url("codes-void") + rows, {"reason": "x"}).status_code == 302
    assert not Standing.objects.exists()


def test_all_that_a_filter_shows_is_voided_by_a_job(client, ada):
    coupon = make_soc()
    code_actions.add_code(coupon, "VIP-1", segment="vip", by=ada, at=NOON)
    code_actions.add_code(coupon, "VIP-2", segment="vip", by=ada, at=NOON)
    address = url("all-codes-void", "CPN23") + "?status=available&segment=vip"

    asked = text_of(client.get(address))
    Coupon.objects.update(label="S" * 200)
    answer = client.post(address, {"reason": "over"})

    job = Job.objects.get()
    change = BulkChange.objects.get(job=job)
    assert "Void all these codes of Soccer coupons?" in asked
    assert answer["Location"] == job.get_absolute_url()
    assert (change.kind, change.statuses, change.segment) == ("void", ["available"], "vip")
    begun = JournalEntry.objects.get(verb="coupon.voiding_started")
    assert (begun.by, begun.after) == (ada, {"segment": "vip", "reason": "over"})
    assert run(job) == "finished"
    assert stock_of(coupon) == {
        "total": 10,
        "available": 8,
        "reserved": 0,
        "issued": 0,
        "redeemed": 0,
        "void": 2,
    }
    told = text_of(client.get(url("coupon-imports", "CPN23")))
    assert "Done to many codes at once" in told
    assert "over" in told


def run(job):
    from functools import partial  # noqa: PLC0415

    return running.run(str(job.pk), partial(changing.work, at=NOON))


def test_what_a_filter_shows_cannot_be_changed_where_it_makes_no_sense(client, ada):
    make_soc()

    for name, status in (("void", "redeemed"), ("delete", "issued"), ("put-back", "available")):
        answer = client.post(
            url(f"all-codes-{name}", "CPN23") + f"?status={status}", {"reason": "x"}
        )
        assert answer.status_code == 302
    assert not Job.objects.exists()


# --- making codes, and batches ---


def test_codes_are_asked_for_by_a_form_that_sent_twice_makes_them_once(client, ada):
    coupon = make_coupon(
        "CPN23", type="individual", code_pattern={"pattern": "SOC-####-####", "charset": "digits"}
    )
    form = client.get(url("code-generate", "CPN23")).context["form"]
    sent = {
        "name": form["name"].value(),
        "count": "50",
        "pattern": form["pattern"].value(),
        "charset": "safe",
        "label": "First",
        "segment": "vip",
    }

    first = client.post(url("code-generate", "CPN23"), sent)
    second = client.post(url("code-generate", "CPN23"), sent)

    batch = Batch.objects.get()
    assert (batch.coupon, batch.wanted, batch.label) == (coupon, 50, "First")
    assert batch.pattern is not None
    assert batch.pattern["pattern"] == "SOC-####-####"
    assert first["Location"] == second["Location"] == Job.objects.get().get_absolute_url()


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"count": "0"}, "count"),
        ({"count": "5000001"}, "count"),
        ({"count": "11", "pattern": "A-##", "charset": "digits"}, "count"),
        ({"pattern": "ABC"}, "pattern"),
        ({"charset": "own", "own_charset": ""}, "own_charset"),
        ({"charset": "own", "own_charset": "AA"}, "own_charset"),
        ({"charset": "nothing"}, "charset"),
    ],
)
def test_codes_that_cannot_be_made_are_refused_beside_the_field(client, ada, typed, field):
    make_coupon("CPN23", type="individual")
    usual = {
        "name": "0198c0de-0000-7000-8000-000000000000",
        "count": "10",
        "pattern": "####-####-####",
        "charset": "safe",
    }

    answer = client.post(url("code-generate", "CPN23"), {**usual, **typed})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Job.objects.exists()


def test_a_batch_is_changed_in_what_is_ticked(client, ada):
    coupon = make_soc()
    batch = Batch.objects.get(coupon=coupon)
    address = url("batch-edit", "CPN23", batch.pk)

    nothing = client.post(address, {"segment": "vip"})
    answer = client.post(address, {"what": ["segment"], "segment": "vip", "end_0": "2026-01-01"})

    job = Job.objects.get()
    assert nothing.status_code == 422
    assert answer["Location"] == job.get_absolute_url()
    assert job.checkpoint["values"] == {"segment": "vip"}
    other = make_coupon("OTHER", type="individual")
    assert client.get(url("batch-edit", other.code, batch.pk)).status_code == 404


# --- redeeming by hand, and taking back ---


def test_a_code_is_redeemed_by_hand_once_and_taken_back(client, ada):
    make_soc(end_at=None, accept_unissued=True)
    code = Code.objects.get(code="Trynow")
    form = client.get(url("code-redeem", code.pk)).context["form"]
    sent = {
        "name": form["name"].value(),
        "comment": "the till was down",
        "order_id": "O-7",
        "amount": "59.90",
        "currency": "eur",
    }

    silent = client.post(url("code-redeem", code.pk), {**sent, "comment": ""})
    client.post(url("code-redeem", code.pk), sent)
    again = client.post(url("code-redeem", code.pk), sent)  # the same form, sent twice
    other = client.post(
        url("code-redeem", code.pk), {**sent, "name": "0198c0de-0000-7000-8000-000000000001"}
    )

    use = Redemption.objects.get()
    assert silent.status_code == 422
    assert again.status_code == 302
    assert "as often as it may be" in str(other.context["form"].non_field_errors())
    assert (use.source, use.order_id, str(use.amount), use.currency, use.by) == (
        "screen",
        "O-7",
        "59.90",
        "EUR",
        ada,
    )
    assert Code.objects.get(pk=code.pk).status == "redeemed"

    asked = client.get(url("redemption-roll-back", use.pk))
    client.post(url("redemption-roll-back", use.pk), {"reason": ""})
    assert Redemption.objects.count() == 1
    client.post(url("redemption-roll-back", use.pk), {"reason": "goods returned"})
    client.post(url("redemption-roll-back", use.pk), {"reason": "once more"})
    page = text_of(client.get(url("code-detail", code.pk)))

    assert "Take this redemption back?" in text_of(asked)
    assert Redemption.objects.count() == 2
    assert Code.objects.get(pk=code.pk).status == "available"
    assert "goods returned" in page
    assert "This redemption was taken back before." in page


def test_a_refused_use_says_why_beside_the_code(client, ada):
    make_soc(accept_unissued=True)  # ended in January
    name = "0198c0de-0000-7000-8000-000000000000"

    over = client.post(
        url("coupon-redeem", "CPN23"), {"name": name, "code": "Trynow", "comment": "x"}
    )
    unknown = client.post(
        url("coupon-redeem", "CPN23"), {"name": name, "code": "Nothing", "comment": "x"}
    )
    no_currency = client.post(
        url("coupon-redeem", "CPN23"),
        {"name": name, "code": "Trynow", "comment": "x", "amount": "5"},
    )

    assert over.context["form"].errors == {"code": ["This code is no longer valid."]}
    assert unknown.context["form"].errors == {"code": ["There is no such code."]}
    assert no_currency.context["form"].errors == {"currency": ["Say which currency."]}
    assert not Redemption.objects.exists()


def test_an_anonymous_coupon_is_redeemed_by_its_own_code(client, ada):
    make_coupon("SPRING10", max_redemptions_per_customer=1)
    name = "0198c0de-0000-7000-8000-00000000000{}"

    def redeem(number, **sent):
        sent = {"name": name.format(number), "comment": "by phone", **sent}
        return client.post(url("coupon-redeem", "SPRING10"), sent)

    assert redeem(1).context["form"].non_field_errors() == ["Say which customer uses it."]
    assert redeem(2, customer_key="C-1")["Location"] == url("redemption-list", "SPRING10")
    assert redeem(3, customer_key="C-1").status_code == 422
    assert Redemption.objects.count() == 1


def test_redemptions_are_found_by_what_the_till_said(client, ada):
    make_coupon("SPRING10")
    for number, (store, on) in enumerate((("LYON-2", 1), ("PARIS", 2), ("LYON-2", 3)), 1):
        redemptions.redeem(
            Use(
                code="SPRING10",
                source="till",
                external_id=f"T-{number}",
                store=store,
                order_id=f"O-{number}",
                redeemed_on=datetime(2026, 11, on, 12, tzinfo=UTC),
            ),
            by=None,
            at=NOON,
        )

    def tickets(**asked):
        page = client.get(url("redemption-list", "SPRING10"), asked).context["list"]
        return [row.external_id for row in page.rows]

    assert tickets() == ["T-3", "T-2", "T-1"]
    assert tickets(q="LYON-2") == ["T-3", "T-1"]
    assert tickets(q="O-2") == ["T-2"]
    assert tickets(since="2026-11-02", until="2026-11-02") == ["T-2"]
    assert tickets(state="reversed") == []


def test_a_list_of_redemptions_costs_as_many_queries_for_many(client, ada):
    make_coupon("SPRING10")

    def use(number):
        redemptions.redeem(
            Use(code="SPRING10", source="till", external_id=f"T-{number}"), by=None, at=NOON
        )

    use(0)
    few = count_of(client, url("redemption-list", "SPRING10"))
    for number in range(1, 20):
        use(number)

    assert count_of(client, url("redemption-list", "SPRING10")) == few


# --- reports and what uses a coupon ---


def test_the_report_shows_figures_and_anomalies_that_lead_to_rows(client, ada):
    make_soc(end_at=None)
    issue("Trynow", "2for1", at=NOON, channel="email", delivery="D-7")
    redemptions.redeem(
        Use(
            code="Trynow",
            source="till",
            external_id="T-1",
            store="LYON-2",
            amount=Decimal("59.90"),
            currency="EUR",
        ),
        by=None,
        at=NOON + timedelta(days=2),
    )
    redemptions.redeem(
        Use(
            code="2for1",
            source="file",
            external_id="T-2",
            redeemed_on=NOON - timedelta(days=1),
            offline=True,
        ),
        by=None,
        at=NOON + timedelta(days=2),
    )
    code = Code.objects.get(code="2for1")

    answer = client.get(url("coupon-reports", "CPN23"))
    page = text_of(answer)

    figures = answer.context["figures"]
    assert (figures.assigned, figures.redeemed, figures.uses) == (2, 2, 2)
    assert "100.0%" in page
    assert "59.90 EUR" in page
    assert "LYON-2" in page
    assert "D-7" in page
    assert "Used before it was assigned" in page
    assert url("code-detail", code.pk) in page
    narrowed = client.get(url("coupon-reports", "CPN23"), {"since": "2026-11-24"})
    assert narrowed.context["figures"].uses == 0
    wrong = client.get(url("coupon-reports", "CPN23"), {"since": "2026-11-24", "until": "x"})
    assert wrong.status_code == 200
    assert "Enter a day" in text_of(wrong)


def test_counting_again_is_a_job(client, ada):
    make_soc(end_at=None)

    answer = client.post(url("coupon-recount", "CPN23"))

    job = Job.objects.get()
    assert answer["Location"] == job.get_absolute_url()
    assert job.task == "coupons.tasks.recount"


def test_a_code_tells_its_whole_life(client, ada):
    coupon = make_soc(end_at=None)
    issue("Trynow", at=NOON, delivery="D-7", channel="email", address="fan@example.org")
    redemptions.redeem(
        Use(code="Trynow", source="till", external_id="T-1", store="LYON-2"), by=None, at=NOON
    )
    code = Code.objects.get(code="Trynow")

    answer = client.get(url("code-detail", code.pk))
    page = text_of(answer)

    became = [step.became for step in answer.context["life"].steps]
    assert became == ["Reserved", "Assigned", "Redeemed"]
    for words in ("D-7", "email", "fan@example.org", "LYON-2", str(coupon), "1 of 1"):
        assert words in page
    assert client.get(url("code-detail", 2**62)).status_code == 404
    assert Coupon.objects.count() == 1


# --- files ---


def test_a_bare_list_of_codes_is_imported_through_the_wizard(client, ada, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make_coupon("CPN23", type="individual")
    file = SimpleUploadedFile("list.txt", b"AAA-1\nBBB-2\n")
    address = reverse("transfers:import-create") + "?subject=codes&coupon=CPN23"
    settings_page = client.post(address, {"subject": "codes", "file": file})["Location"]
    sent = {"operation": "insert", "on_duplicate": "reject", "max_rejects": "10%", "list": "on"}

    first = text_of(client.get(settings_page))
    looked = client.post(
        settings_page, {**sent, "coupon": "CPN23", "column_0": "-", "verb": "look"}
    )
    again = {**sent, "coupon": "CPN23", "verb": "start"}
    again |= {f"column_{n}": b.value() for n, b in columns_of(looked.context["form"])}
    client.post(settings_page, again)

    assert "No column of the first line is known: AAA-1." in first
    assert [row.cells for row in looked.context["seen"].rows] == [["AAA-1"], ["BBB-2"]]
    transfer = Transfer.objects.get()
    assert import_file(str(transfer.job_id)) == "finished"
    assert sorted(Code.objects.values_list("code", flat=True)) == ["AAA-1", "BBB-2"]


def columns_of(form):
    return [(n, form[f"column_{n}"]) for n, _word in enumerate(form.header)]
