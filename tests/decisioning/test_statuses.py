from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from decisioning.deciding import decide
from decisioning.engine.values import PresentationRule, Scope, Status
from decisioning.models import Clock, Proposition, Transition
from decisioning.statuses import MOVES, Change, NoSuchProposition, change_status
from tests.decisioning.making import (
    AT,
    ask_for,
    engine_of,
    make_contact,
    make_environment,
    offer,
)

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=5)


@pytest.fixture
def engine():
    taken = PresentationRule(name="taken", scope=Scope.OFFER, statuses=frozenset({3}))
    return engine_of(offer("TOP", 9), offer("NEXT", 5), rules=(taken,))


@pytest.fixture
def shown(engine):
    """TOP, presented to C1."""
    ask = ask_for(make_environment(), engine, make_contact("C1"))
    (made,) = decide(ask).made
    return made


def tell(proposition, status, engine, at=LATER, **more):
    change = Change(status=status, at=at, source="api", **more)
    return change_status(
        UUID(proposition.name), change, engine_for=lambda _environment, _number: engine
    )


def test_a_status_moves_and_what_is_told_is_kept(shown, engine):
    done = tell(shown, Status.REJECTED, engine, data={"agent": 12}, by_name="Bob", comment="Dear")

    assert (done.status, done.is_changed, done.data, done.warnings) == (5, True, {"agent": 12}, ())
    row = Proposition.objects.get()
    assert (row.status, row.changed_at, row.data) == (5, LATER, {"agent": 12})
    kept = Transition.objects.values_list("number", "at", "before", "after", "source", "by_name")
    assert list(kept) == [(1, LATER, 1, 5, "api", "Bob")]


def test_the_same_told_again_changes_nothing(shown, engine):
    tell(shown, Status.REJECTED, engine, data={"agent": 12})
    again = tell(shown, Status.REJECTED, engine, LATER + timedelta(hours=1), data={"agent": 99})

    assert (again.status, again.is_changed, again.data) == (5, False, {"agent": 12})
    assert again.warnings == ()
    assert Proposition.objects.get().changed_at == LATER
    assert Transition.objects.count() == 1


def test_a_step_backwards_is_left_with_a_warning(shown, engine):
    tell(shown, Status.REJECTED, engine)
    back = tell(shown, Status.PRESENTED, engine)

    assert (back.status, back.is_changed) == (5, False)
    assert back.warnings == (
        "A proposition cannot go from “Rejected” to “Presented”: nothing was changed.",
    )


def test_minds_change_and_each_step_is_kept(shown, engine):
    for status in (Status.ACCEPTED, Status.REJECTED, Status.INTERESTED, Status.ACCEPTED):
        assert tell(shown, status, engine).is_changed
    steps = Transition.objects.order_by("number").values_list("before", "after")
    assert list(steps) == [(1, 3), (3, 5), (5, 2), (2, 3)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("generated", "scheduled presented interested accepted rejected"),
        ("scheduled", "presented interested accepted rejected"),
        ("presented", "interested accepted rejected"),
        ("interested", "accepted rejected"),
        ("accepted", "rejected"),
        ("rejected", "interested accepted"),
        ("control_group", "accepted"),
    ],
)
def test_the_moves_are_those_of_the_table(before, after):
    known = {status.name.lower(): status for status in Status}
    assert {Status(to).name.lower() for to in MOVES[known[before]]} == set(after.split())


def test_rules_see_a_status_at_once(shown, engine):
    ask = ask_for(Proposition.objects.get().environment, engine, Proposition.objects.get().contact)
    assert decide(ask).made[0].offer == "TOP"
    tell(shown, Status.ACCEPTED, engine)
    assert decide(ask).made[0].offer == "NEXT"


def test_a_status_raises_the_clock_of_the_person(shown, engine):
    tell(shown, Status.INTERESTED, engine)
    assert Clock.objects.get().ticks == Transition.objects.get().ticks == 2


def test_what_was_never_made_is_not_found(engine):
    with pytest.raises(NoSuchProposition):
        change_status(
            uuid4(),
            Change(status=3, at=AT, source="api"),
            engine_for=lambda _environment, _number: engine,
        )
