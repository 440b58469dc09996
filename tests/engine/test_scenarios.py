"""The scenarios of the decision algorithm, answered by the engine alone."""

from dataclasses import replace
from datetime import UTC

import pytest

from decisioning.engine.compiled import Release
from decisioning.engine.decide import Engine
from decisioning.engine.values import (
    Past,
    PresentationRule,
    Question,
    Scope,
    Slot,
    Status,
    Step,
    microseconds_at,
)
from tests.engine.bank import (
    BANK,
    CUSTOMERS,
    OFFERS,
    SPACES,
    ask,
    catalogue,
    context,
    counting,
    day,
    rule,
    told,
)
from tests.engine.scenarios import SCENARIOS, Seen, Why

SPACE_OF = {"web": "webHero", "email": "emailBody", "call_center": "callCenter"}


def answered(who, space, count, at="2026-06-15T10:00", *, past=(), age=None, **more):
    history = tuple(
        Past(
            offer=had.offer,
            space=SPACE_OF[had.channel],
            channel=had.channel,
            status=Status[had.status.upper()],
            microseconds=microseconds_at(day(had.at)),
        )
        for had in past
    )
    if age is not None:
        more["contact"] = {**CUSTOMERS[who], "age": age}
    answer = ask(who, space, count, at, history=history, **more)
    return Seen(
        told=told(answer),
        contexts=tuple(one.context for one in answer.propositions),
        ranks=tuple(one.rank for one in answer.propositions),
        why={
            one.offer: Why(str(one.step), one.subject, one.count, one.limit)
            for one in answer.explained
        },
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.__name__)
def test_scenario(scenario):
    scenario(answered)


def test_ac25_ties_are_spread_evenly():
    nyc_first = sum(
        answered("C5", "callCenter", 1, categories=("travel",), seed=str(seed)).offers == ["NYC"]
        for seed in range(10_000)
    )

    assert nyc_first == 5_041


def why(answer, offer):
    (found,) = [one for one in answer.explained if one.offer == offer]
    return found


def test_ac28_a_weight_of_zero_is_not_eligible():
    changed = tuple(
        replace(one, contexts=(context("0"),)) if one.code == "SAHARA" else one for one in OFFERS
    )
    engine = Engine(Release(catalogue(offers=changed)))

    answer = ask("C5", "webHero", 9, categories=("travel",), engine=engine, explain=True)

    assert told(answer).startswith("NYC 18, ROCKIES 15")
    assert why(answer, "SAHARA").step == Step.CONTEXT


def test_ac29_slots_of_ranks_are_one_decision():
    question = Question(
        at=day("2026-06-15T10:00").astimezone(UTC),
        target="C5",
        seed="t1",
        contact=CUSTOMERS["C5"],
        slots=(
            Slot(slot="left", space="webHero_1"),
            Slot(slot="right", space="webHero_2"),
        ),
    )

    left, right = BANK.decide(question).answers

    assert [(p.offer, p.rank) for p in left.propositions] == [("SAHARA", 1)]
    assert [(p.offer, p.rank) for p in right.propositions] == [("NYC", 2)]


def test_ac33_one_of_a_category():
    def engine(depth):
        (hero, *others) = SPACES
        mixed = replace(hero, max_per_category=1, category_depth=depth)
        return Engine(Release(catalogue(spaces=(mixed, *others))))

    assert told(ask("C5", "webHero", 3, engine=engine(None))) == "SAHARA 18, ROCKIES 15, SAVE 8"
    assert told(ask("C5", "webHero", 3, engine=engine(1))) == "SAHARA 18, SAVE 8, PRESS 1"


@pytest.mark.parametrize("this_call_as_well", [False, True])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            {"propositions": counting("proposition.offer == offer.code")},
            "NYC 18, ROCKIES 15, PRESS 1, APP 0.5",
        ),
        (
            {"recipients": rule('offer.code == "SAVE"'), "scope": Scope.OFFER},
            "SAHARA 18, NYC 18, ROCKIES 15, PRESS 1, APP 0.5",
        ),
    ],
)
def test_a_rule_that_speaks_of_the_offer_is_asked_for_each(asked, expected, this_call_as_well):
    once = PresentationRule(name="once", count_this_call=this_call_as_well, **asked)
    engine = Engine(Release(catalogue(rules=(once,))))
    history = tuple(
        Past(
            offer=code,
            space="webHero",
            channel="web",
            status=Status.PRESENTED,
            microseconds=microseconds_at(day("2026-06-14")),
        )
        for code in ("SAHARA", "SAVE")
    )

    answer = ask("C5", "webHero", 9, engine=engine, history=history, explain=True)

    assert told(answer) == expected
    assert (why(answer, "SAVE").step, why(answer, "SAVE").count) == (Step.PRESENTATION_RULE, 1)
