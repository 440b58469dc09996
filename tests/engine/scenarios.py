"""The scenarios of the decision algorithm, each with what must come out.

Whoever answers them is handed in: the engine by itself, and the product over HTTP. It is called as
`ask(who, space, count, at, **more)` and answers with `Seen`. `past` tells what somebody had.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

SCENARIOS: list[Scenario] = []


@dataclass(frozen=True)
class Had:
    """Something that somebody was offered before."""

    offer: str
    at: str
    channel: str = "web"
    status: str = "presented"


@dataclass(frozen=True)
class Why:
    """Where an offer left: the step, the rule or category, how many of how many."""

    step: str
    subject: str = ""
    count: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Seen:
    """An answer: `ACC50 25, SAHARA 18`, its contexts, and why the others are not in it."""

    told: str
    contexts: tuple[str, ...] = ()
    ranks: tuple[int, ...] = ()
    why: dict[str, Why] = field(default_factory=dict)

    @property
    def offers(self) -> list[str]:
        return [one.split()[0] for one in self.told.split(", ") if one]

    def weight_of(self, offer: str) -> str | None:
        return dict(one.split() for one in self.told.split(", ") if one).get(offer)


class Asking(Protocol):
    def __call__(
        self, who: str, space: str, count: int, at: str = "2026-06-15T10:00", **more: Any
    ) -> Seen: ...


class Scenario(Protocol):
    __name__: str

    def __call__(self, ask: Asking) -> None: ...


def scenario(function: Scenario) -> Scenario:
    SCENARIOS.append(function)
    return function


@scenario
def ac01_the_best_context_counts_and_contexts_never_add_up(ask):
    best = ask("C1", "webHero", 1)

    assert (best.told, best.ranks, best.contexts) == ("ACC50 25", (1,), ("Under 26",))


@scenario
def ac02_the_filter_of_a_context_has_a_bound(ask):
    answer = ask("C1", "webHero", 4, age=26)

    assert answer.told == "SAHARA 18, NYC 18, ROCKIES 15, ACC50 10"
    assert answer.contexts[3] == "Standard"


@scenario
def ac03_a_context_may_be_bound_to_a_space(ask):
    call, web = ask("C2", "callCenter", 1), ask("C2", "webHero", 1)

    assert (call.told, call.contexts) == ("PLAT 40", ("Advisor push",))
    assert (web.told, web.contexts) == ("PLAT 30", ("Everywhere",))


@scenario
def ac04_multipliers_of_nested_categories_cumulate(ask):
    weights = {
        at: ask("C2", "webHero", 9, at).weight_of("SNOW")
        for at in (
            "2026-06-09T23:59:59",
            "2026-06-10T00:00",
            "2026-06-20T23:59:59",
            "2026-06-21T00:00",
            "2026-07-01T00:00",
        )
    }

    assert list(weights.values()) == ["14", "21", "21", "14", "7"]


@scenario
def ac05_the_winner_flips_when_a_multiplier_ends(ask):
    late = ask("C3", "emailBody", 1, "2026-06-20T23:59:59", categories=("travel",))
    later = ask("C3", "emailBody", 1, "2026-06-21T00:00", categories=("travel",))

    assert (late.told, later.told) == ("SNOW 21", "NYC 18")


@scenario
def ac06_a_category_ends(ask):
    before = ask("C5", "webHero", 9, "2026-09-30T23:59:59", categories=("travel",))
    after = ask("C5", "webHero", 9, "2026-10-01T00:00", categories=("travel",), explain=True)

    assert set(before.offers) == {"SAHARA", "NYC", "PRESS", "APP"}
    assert after.told == "PRESS 1, APP 0.5"
    assert after.why["SAHARA"].step == "category_dates"


@scenario
def ac07_windows_intersect(ask):
    before = ask("C5", "webHero", 9, "2026-06-30T23:59:59")
    after = ask("C5", "webHero", 9, "2026-07-01T00:00", explain=True)

    assert "ROCKIES" in before.offers
    assert "ROCKIES" not in after.offers
    assert after.why["ROCKIES"].step == "dates"


@scenario
def ac08_another_context_takes_over(ask):
    assert ask("C6", "webHero", 9, "2026-06-14T23:59:59").weight_of("SAVE") == "12"
    assert ask("C6", "webHero", 9, "2026-06-15T00:00").weight_of("SAVE") == "8"


@scenario
def ac09_a_formula_with_something_missing_weighs_nothing(ask):
    answer = ask("C4", "webHero", 9, explain=True)

    assert "HOMEINS" not in answer.offers
    assert answer.why["HOMEINS"].step == "context"


@scenario
def ac10_filters_are_inherited(ask):
    answer = ask("C4", "webHero", 9, explain=True)

    left = Why("category_filter", "travel")
    assert (answer.why["SAHARA"], answer.why["SNOW"]) == (left, left)


@scenario
def ac11_always_included(ask):
    assert ask("C4", "emailBody", 2, categories=("travel",)).told == "PRESS 1"


@scenario
def ac15_themes(ask):
    assert ask("C2", "callCenter", 2, themes=("card",)).told == "PLAT 40, HOMEINS 26"
    assert ask("C5", "callCenter", 2, themes=("card",)).told == "PRESS 1, APP 0.5"


@scenario
def ac16_themes_are_inherited(ask):
    travel = ask("C3", "emailBody", 9, themes=("travel",))
    canada = ask("C3", "emailBody", 9, themes=("Canada ",))

    assert travel.told == "SNOW 21, NYC 18, SAHARA 18, ROCKIES 15, PRESS 1"
    assert canada.told == "SNOW 21, ROCKIES 15, PRESS 1"


@scenario
def ac17_category_and_theme_intersect(ask):
    answer = ask("C3", "emailBody", 9, categories=("travel",), themes=("canada",))

    assert answer.told == "SNOW 21, ROCKIES 15, PRESS 1"


@scenario
def ac18_unknown_categories_are_ignored_and_never_widen(ask):
    one = ask("C3", "emailBody", 9, categories=("travel", "anonTravel"))
    none = ask("C3", "emailBody", 9, categories=("nope",))

    assert one.told == "SNOW 21, NYC 18, SAHARA 18, ROCKIES 15, PRESS 1"
    assert none.told == "PRESS 1"


@scenario
def ac19_a_rule_of_one_channel_has_a_threshold(ask):
    once = (Had("SAHARA", "2026-06-10T10:00", channel="email"),)
    twice = (*once, Had("SAHARA", "2026-06-12T10:00", channel="email"))

    def served(space, past):
        return "SAHARA" in ask("C5", space, 9, categories=("travel",), past=past).offers

    assert served("emailBody", once)
    assert not served("emailBody", twice)
    assert served("webHero", twice)


@scenario
def ac20_same_category_rejected_by_those_concerned(ask):
    past = (Had("SNOW", "2026-06-12T10:00", status="rejected"),)

    frequent = ask("C2", "emailBody", 9, categories=("travel",), past=past)
    not_frequent = ask("C5", "emailBody", 9, categories=("travel",), past=past)

    assert set(frequent.offers) == {"SAHARA", "NYC", "PRESS"}
    assert "ROCKIES" in not_frequent.offers


@scenario
def ac21_the_window_slides_and_its_bounds_are_inside(ask):
    past = (Had("SNOW", "2026-06-12T09:00:00", status="rejected"),)

    excluded = ask("C2", "webHero", 9, "2026-06-22T09:00:00", past=past, explain=True)
    served = ask("C2", "webHero", 9, "2026-06-22T09:00:01", past=past)

    assert excluded.why["SNOW"] == Why("presentation_rule", "R1", 1, 1)
    assert "SNOW" in served.offers


@scenario
def ac22_what_is_scheduled_counts_as_well(ask):
    past = (Had("SAHARA", "2026-06-13T10:00"), Had("NYC", "2026-06-14T10:00"))
    near = (*past, Had("ROCKIES", "2026-06-17T10:00", status="scheduled"))
    far = (*past, Had("ROCKIES", "2026-06-19T10:00", status="scheduled"))

    one = ask("C5", "webHero", 9, categories=("travel",), past=near)
    other = ask("C5", "webHero", 9, categories=("travel",), past=far)

    assert one.told == "PRESS 1, APP 0.5"
    assert other.told.startswith("SAHARA 18, NYC 18, ROCKIES 15")


@scenario
def ac23_offers_of_the_rule_include_one_never_shown(ask):
    past = tuple(Had(code, "2026-06-14T10:00") for code in ("SAHARA", "NYC", "ROCKIES"))

    answer = ask("C3", "webHero", 9, past=past, explain=True)

    assert answer.why["SNOW"] == Why("presentation_rule", "R4", 3, 3)


@scenario
def ac24_what_was_accepted_is_not_offered_again(ask):
    past = (Had("PLAT", "2026-01-10T10:00", status="accepted"),)

    answer = ask("C2", "webHero", 3, past=past, explain=True)

    assert answer.told == "HOMEINS 26, SNOW 21, SAHARA 18"
    assert answer.why["PLAT"] == Why("presentation_rule", "R3", 1, 1)


@scenario
def ac25_ties_rotate_with_the_seed(ask):
    def first_two(seed):
        return "-".join(ask("C5", "callCenter", 2, categories=("travel",), seed=seed).offers)

    assert [first_two(seed) for seed in ("t1", "t2", "t3", "t4")] == [
        "SAHARA-NYC", "NYC-SAHARA", "SAHARA-NYC", "SAHARA-NYC",
    ]  # fmt: skip


@scenario
def ac26_every_offer_once_and_ranks_without_a_gap(ask):
    answer = ask("C2", "webHero", 50)

    assert answer.told == (
        "PLAT 30, HOMEINS 26, SNOW 21, SAHARA 18, NYC 18, ROCKIES 15, SAVE 8, PRESS 1, APP 0.5"
    )
    assert answer.ranks == (1, 2, 3, 4, 5, 6, 7, 8, 9)


@scenario
def ac27_what_the_call_says_counts(ask):
    phone = {"device": "mobile"}

    assert ask("C6", "webHero", 3, call=phone).told == "SAVE 8, APP 3, PRESS 1"
    assert ask("C6", "webHero", 3).told == "SAVE 8, PRESS 1, APP 0.5"
    assert ask("C6", "callCenter", 9, call=phone).weight_of("APP") == "0.5"
