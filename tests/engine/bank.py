"""The catalogue of the bank, as the engine is handed it, and its six customers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from decisioning.engine.compiled import Release
from decisioning.engine.decide import Engine
from decisioning.engine.values import (
    Answer,
    Catalogue,
    Category,
    Context,
    FallbackOffer,
    Offer,
    PresentationRule,
    Question,
    Scope,
    Slot,
    Space,
    Status,
    Window,
)
from rules.checking import Checked, check_rule, check_weight
from rules.kinds import BOOL, DATE, DOUBLE, INT, STRING
from rules.parsing import parse
from rules.vocabulary import vocabulary

PARIS = ZoneInfo("Europe/Paris")
WORDS = vocabulary(
    contact={
        "age": INT,
        "has_account": BOOL,
        "income": STRING,
        "home_owner": BOOL,
        "propensity_home": DOUBLE,
        "frequent_traveller": BOOL,
        "partner_opt_in": BOOL,
        "birth_date": DATE,
    },
    call={"device": STRING},
)
COUNTING = vocabulary(contact={}, call={}, counts_propositions=True)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@cache
def rule(text: str) -> Checked:
    return check_rule(parse(text), WORDS)


@cache
def counting(text: str) -> Checked:
    return check_rule(parse(text), COUNTING)


@cache
def weight_of(text: str) -> Checked:
    return check_weight(parse(text), WORDS)


def context(weight: str, label: str = "Standard", **more: object) -> Context:
    return Context(label=label, weight=weight_of(weight), **more)  # type: ignore[arg-type]


def window(start: str | None = None, end: str | None = None) -> Window:
    return Window(day(start) if start else None, day(end) if end else None)


EVERYWHERE = frozenset({"webHero", "callCenter", "emailBody"})
NO_CALL = frozenset({"webHero", "emailBody"})
NO_EMAIL = frozenset({"webHero", "callCenter"})

CATEGORIES = (
    Category(name="banking", themes=("account", "card")),
    Category(
        name="travel",
        themes=("travel", "summer"),
        window=window("2026-05-01", "2026-10-01"),
        multiplier=Decimal("2.0"),
        multiplier_window=window("2026-06-01", "2026-07-01"),
        filter=rule("contact.partner_opt_in"),
    ),
    Category(
        name="travel_canada",
        parent="travel",
        themes=("canada",),
        multiplier=Decimal("1.5"),
        multiplier_window=window("2026-06-10", "2026-06-21"),
    ),
    Category(name="essentials", themes=("partner",), always_include=True),
)
OFFERS = (
    Offer(
        code="ACC50",
        category="banking",
        spaces=EVERYWHERE,
        filter=rule("!contact.has_account"),
        contexts=(context("10"), context("25", "Under 26", filter=rule("contact.age < 26"))),
    ),
    Offer(
        code="PLAT",
        category="banking",
        spaces=EVERYWHERE,
        filter=rule('contact.income == "high"'),
        contexts=(context("30", "Everywhere"), context("40", "Advisor push", space="callCenter")),
    ),
    Offer(
        code="HOMEINS",
        category="banking",
        spaces=EVERYWHERE,
        filter=rule("contact.home_owner"),
        contexts=(context("10 + 20 * contact.propensity_home"),),
    ),
    Offer(
        code="SAVE",
        category="banking",
        spaces=NO_CALL,
        contexts=(
            context("12", "Launch", window=window("2026-06-01", "2026-06-15")),
            context("8", "Always"),
        ),
    ),
    Offer(code="SAHARA", category="travel", spaces=EVERYWHERE, contexts=(context("9"),)),
    Offer(code="NYC", category="travel", spaces=EVERYWHERE, contexts=(context("9"),)),
    Offer(
        code="SNOW",
        category="travel_canada",
        spaces=EVERYWHERE,
        contexts=(context("7", filter=rule("contact.frequent_traveller")),),
    ),
    Offer(
        code="ROCKIES",
        category="travel_canada",
        spaces=NO_CALL,
        window=window(None, "2026-07-01"),
        contexts=(context("5"),),
    ),
    Offer(code="PRESS", category="essentials", spaces=EVERYWHERE, contexts=(context("1"),)),
    Offer(
        code="APP",
        category="essentials",
        spaces=NO_EMAIL,
        contexts=(
            context("0.5"),
            context("3", "On a phone", space="webHero", filter=rule('call.device == "mobile"')),
        ),
    ),
)
RULES = (
    PresentationRule(
        name="R1",
        order=1,
        applies_to=rule("offer.category == 'travel_canada'"),
        period=timedelta(days=10),
        scope=Scope.CATEGORY,
        statuses=frozenset({Status.REJECTED}),
        recipients=rule("contact.frequent_traveller"),
    ),
    PresentationRule(
        name="R2",
        order=2,
        channel="email",
        applies_to=rule("offer.category != 'essentials'"),
        period=timedelta(days=7),
        max=2,
        same_channel=True,
        scope=Scope.OFFER,
    ),
    PresentationRule(
        name="R3",
        order=3,
        applies_to=rule("offer.category != 'essentials'"),
        period=timedelta(days=365),
        scope=Scope.OFFER,
        statuses=frozenset({Status.ACCEPTED}),
    ),
    PresentationRule(
        name="R4",
        order=4,
        applies_to=rule("'travel' in offer.categories"),
        period=timedelta(days=3),
        max=3,
        scope=Scope.RULE,
    ),
)
SPACES = (
    Space(
        name="webHero",
        channel="web",
        status_on_proposition=Status.PRESENTED,
        fallback_offer="BRAND",
    ),
    Space(name="callCenter", channel="call_center"),
    Space(name="emailBody", channel="email"),
)
CUSTOMERS = {
    "C1": {"age": 24, "has_account": False, "income": "low", "home_owner": False,
           "frequent_traveller": False, "partner_opt_in": True},
    "C2": {"age": 41, "has_account": True, "income": "high", "home_owner": True,
           "propensity_home": 0.80, "frequent_traveller": True, "partner_opt_in": True},
    "C3": {"age": 35, "has_account": True, "income": "mid", "home_owner": True,
           "propensity_home": 0.10, "frequent_traveller": True, "partner_opt_in": True},
    "C4": {"age": 58, "has_account": False, "income": "high", "home_owner": True,
           "frequent_traveller": False, "partner_opt_in": False},
    "C5": {"age": 29, "has_account": True, "income": "mid", "home_owner": False,
           "frequent_traveller": False, "partner_opt_in": True},
    "C6": {"age": 67, "has_account": True, "income": "low", "home_owner": False,
           "frequent_traveller": False, "partner_opt_in": False},
}  # fmt: skip


def catalogue(**changes: object) -> Catalogue:
    whole = {
        "environment": "contacts",
        "number": 1,
        "zone": PARIS,
        "categories": CATEGORIES,
        "offers": OFFERS,
        "fallback_offers": (FallbackOffer(code="BRAND", spaces=frozenset({"webHero"})),),
        "rules": RULES,
        "spaces": SPACES,
    }
    return Catalogue(**{**whole, **changes})  # type: ignore[arg-type]


BANK = Engine(Release(catalogue()))


def ask(
    who: str,
    space: str,
    count: int,
    at: str = "2026-06-15T10:00",
    *,
    engine: Engine = BANK,
    categories: tuple[str, ...] = (),
    themes: tuple[str, ...] = (),
    call: Mapping[str, object] | None = None,
    **more: object,
) -> Answer:
    """The only answer to a question about one space."""
    asked = {
        "seed": "t1",
        "identification": "explicit",
        "contact": CUSTOMERS.get(who, {}),
        **more,
    }
    question = Question(
        at=day(at).astimezone(UTC),
        target=who,
        slots=(
            Slot(
                slot="hero",
                space=space,
                count=count,
                categories=categories,
                themes=themes,
                call=call or {},
            ),
        ),
        **asked,  # type: ignore[arg-type]
    )
    (answer,) = engine.decide(question).answers
    return answer


def told(answer: Answer) -> str:
    """`ACC50 25, SAHARA 18`"""
    return ", ".join(f"{one.offer} {one.weight}" for one in answer.propositions)
