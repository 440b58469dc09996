"""Calls of tills: two statements for a use, and nothing that is only remembered is believed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from accounts import remembering
from coupons import holding, redeeming
from coupons.checking import check
from coupons.judging import Refused
from coupons.models import Coupon, Options, Redemption, Standing
from coupons.redeeming import Use, redeem
from coupons.stock import stock_of
from offers_site import statements
from tests.build import bearer, make_key, make_label, make_user
from tests.coupons.conftest import CLOCK, issue, make_soc

pytestmark = pytest.mark.django_db


class Till:
    """A key that has asked before, and so is remembered."""

    def __init__(self, client, *scopes, **columns):
        self.client = client
        self.key, secret = make_key(*scopes, **columns)
        type(self.key).objects.update(last_used_at=now())
        self.headers = bearer(secret)
        self.validate("Kickit")

    def post(self, path, body, **headers):
        return self.client.post(
            f"/api/v1/coupons/{path}",
            body,
            content_type="application/json",
            headers={**self.headers, **headers},
        )

    def validate(self, code):
        return self.post("validate", {"code": code})

    def redeem(self, code, name="T-1", **headers):
        return self.post("redemptions", {"code": code, "redemption_id": name}, **headers)

    def change(self, **columns):
        type(self.key).objects.filter(pk=self.key.pk).update(**columns)


@pytest.fixture
def pool():
    coupon = make_soc(start_at=None, end_at=None)
    issue("Trynow", "Kickit")
    return coupon


@pytest.fixture
def till(client, broker, pool):
    yield Till(client, "coupons:redeem")
    remembering._held.clear()


@pytest.fixture
def said(monkeypatch):
    """The statements that are prepared, as they are said."""
    texts = []
    execute = statements.execute

    def heard(text, values):
        texts.append(text)
        return execute(text, values)

    monkeypatch.setattr(statements, "execute", heard)
    return texts


def code_of(response):
    return response.status_code, response.json().get("code")


def test_a_use_takes_two_statements_and_a_question_one(till, said):
    with CaptureQueriesContext(connection) as others:
        assert till.validate("Trynow").json()["valid"] is True
        assert till.redeem("Trynow").status_code == 201

    assert ["coupons_redeem" in text for text in said] == [False, False, True]
    assert [one["sql"] for one in others if "SAVEPOINT" not in one["sql"]] == []


@pytest.mark.parametrize("code", ["Trynow", "Teamfav", "nothing", "TEST-CPN23", ""])
def test_a_key_that_is_revoked_uses_nothing_more_and_learns_nothing(till, code):
    till.change(revoked_at=now())

    assert code_of(till.redeem(code)) == (401, "key_invalid")
    assert code_of(till.validate(code)) == (401, "key_invalid")
    assert Redemption.objects.count() == 0


def test_a_key_that_is_revoked_is_not_told_to_wait(till):
    for number in range(20):
        till.validate(f"GUESS{number}")
    assert till.validate("Kickit").json()["reasons"] == ["rate_limited"]
    till.change(revoked_at=now())

    assert code_of(till.validate("Kickit")) == (401, "key_invalid")
    assert code_of(till.redeem("Kickit")) == (401, "key_invalid")
    assert code_of(till.redeem("Kickit", name="")) == (401, "key_invalid")


def test_what_a_key_may_do_changes_at_once(till):
    till.change(scopes=["coupons:validate"])
    assert code_of(till.redeem("Trynow")) == (403, "scope_missing")
    assert till.validate("Trynow").json()["valid"] is True
    till.change(scopes=["coupons:redeem"], coupon_folders=["Elsewhere"])
    assert code_of(till.redeem("Trynow")) == (404, "code_unknown")
    till.change(coupon_folders=[], expires_at=now() - timedelta(seconds=1), created_at=CLOCK)
    assert code_of(till.redeem("Trynow")) == (401, "key_invalid")


def test_nothing_is_used_from_the_moment_at_which_coupons_are_switched_off(till):
    Options.objects.update_or_create(pk=1, defaults={"is_on": False})

    assert code_of(till.redeem("Trynow")) == (404, "coupons_off")
    assert code_of(till.redeem("Trynow", name="")) == (404, "coupons_off")
    assert code_of(till.validate("nothing")) == (404, "coupons_off")


def test_a_key_sees_what_whoever_made_it_sees_now(client, broker, pool):
    """The key does not change when their roles do."""
    boss = make_user("boss@example.org", role="administrator")
    till = Till(client, "coupons:redeem", created_by=boss)
    pool.access_labels.add(make_label())
    assert till.validate("Trynow").json()["valid"] is True

    boss.roles.clear()

    assert code_of(till.redeem("Trynow")) == (404, "code_unknown")


def test_a_refusal_is_told_in_the_language_that_is_asked_for(till):
    answer = till.redeem("nothing", **{"Accept-Language": "fr"})

    assert answer.json()["detail"] == "Ce code n’existe pas."
    assert (answer["Content-Language"], answer["Vary"]) == ("fr", "Accept-Language")


# --- what happens between reading and storing ---


def use(code="Trynow", name="T-1", *, at=CLOCK, **fields):
    return redeem(Use(code=code, source="till", external_id=name, **fields), by=None, at=at)


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen when a use has been judged and is about to be stored."""

    def happen(act):
        store = redeeming.store

        def late(*told):
            monkeypatch.setattr(redeeming, "store", store)
            act()
            store(*told)

        monkeypatch.setattr(redeeming, "store", late)

    return happen


def refused(**fields):
    with pytest.raises(Refused) as refusal:
        use(**fields)
    return refusal.value.reason.value


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda: use(name="T-2"), "already_redeemed"),
        (lambda: holding.hold("Trynow", source="till", name="H", at=CLOCK), "on_hold"),
    ],
)
def test_a_use_that_is_overtaken_is_judged_again(pool, meanwhile, act, reason):
    meanwhile(act)

    assert refused() == reason
    assert check(pool) == []


def test_a_use_that_is_told_twice_at_once_is_one(pool, meanwhile):
    meanwhile(use)

    assert use().is_replay
    assert check(pool) == []


def test_the_hold_that_was_shown_may_be_gone(pool, meanwhile):
    held = holding.hold("Trynow", source="till", name="H", at=CLOCK)
    meanwhile(lambda: use(name="T-2", hold="H"))

    assert refused(hold=str(held.pk)) == "already_redeemed"
    assert check(pool) == []


def test_a_code_from_stock_may_be_promised_or_used_meanwhile(pool, meanwhile):
    Coupon.objects.update(accept_unissued=True, max_redemptions_per_code=2)
    meanwhile(lambda: use("2for1", "T-2"))

    use("2for1")

    assert Standing.objects.get(code__code="2for1").redemption_count == 2
    assert stock_of(pool)["redeemed"] == 1
    pool.shelves.update(free=0, total=3)
    assert refused(code="Teamfav", name="T-3") == "on_hold"


def test_a_date_between_two_uses_is_neither_the_first_nor_the_last(pool, meanwhile):
    Coupon.objects.update(max_redemptions_per_code=3)
    later = CLOCK + timedelta(hours=3)
    dates = {name: CLOCK + timedelta(hours=hour) for name, hour in (("A", 2), ("B", 0), ("C", 1))}
    meanwhile(lambda: use(name="B", redeemed_on=dates["B"], at=later))

    for name in ("A", "C"):
        use(name=name, redeemed_on=dates[name], at=later)

    standing = Standing.objects.get(code__code="Trynow")
    assert (standing.redeemed_on, standing.last_redeemed_on) == (dates["B"], dates["A"])
