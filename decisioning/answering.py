"""One call, answered: its slots routed to environments and people, decided, and written out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.remembering import check_stamp, stamp_of
from contacts.actions.visitors import meet, recognise
from decisioning.asks import Ask, Decided
from decisioning.calling import CallData, DecisionCall, Warned, moment_of, warning
from decisioning.current import NoSuchPlace, check_current, environment_named, forget
from decisioning.deciding import decide
from decisioning.engine.values import Answer, Slot
from decisioning.identifying import formerly, identify, look_up
from decisioning.live import Live, engine_for, live_for
from decisioning.past import Before, NoSuchEnvironment, read_past
from decisioning.routing import Caller, Route, Work, names, route
from decisioning.showing import Outdated, Showing, described
from decisioning.whying import explained
from offers_site.identifiers import uuid7
from offers_site.values import NoSuchMoment

__all__ = [
    "BadMoment",
    "Caller",
    "NoSuchPlace",
    "Outcome",
    "Work",
    "answer",
    "forget",
    "worked_out",
]
MOST_READINGS = 5  # of what is live, while it changes from call to call


class BadMoment(Exception):
    """The date is none; the sentence says why."""


@dataclass
class Outcome:
    """What is known of a slot in the end."""

    route: Route
    answer: Answer | None = None
    decided: Decided | None = None
    showing: Showing | None = None


# --- the answer ---


def answer(call: DecisionCall, *, caller: Caller, at: datetime) -> dict[str, Any]:
    """The answer of `POST /decisions`; raises NoSuchPlace and BadMoment."""
    return written(*worked_out(call, caller=caller, at=at))


def worked_out(call: DecisionCall, *, caller: Caller, at: datetime) -> tuple[Work, list[Outcome]]:
    """The same before it is written out, for those who show it otherwise."""
    for _reading in range(MOST_READINGS):
        try:
            return work_out(call, caller, at)
        except Outdated as news:
            live_for(news.environment, news.number)
        except NoSuchEnvironment:  # one of this name was deleted, and perhaps made again
            forget()
    raise NoSuchPlace("unknown_environment", "There is no environment of this name.")


# --- one attempt ---


def work_out(call: DecisionCall, caller: Caller, at: datetime) -> tuple[Work, list[Outcome]]:
    live = environment_named(call.environment)
    if live is None:
        raise NoSuchPlace("unknown_space", "No space of this environment is live.")
    if not caller.may_enter(live):
        raise NoSuchPlace("sandbox", "This is a sandbox: to try it takes the scope decide:at.")
    decided_at = at if call.at is None else moment(call.at, live)
    told = call.target
    if told is not None and not call.consent and told.visitor is not None:
        told = told.model_copy(update={"visitor": None})
    identity = identify(told, live.columns, at=at, vouched=caller.vouches)
    work = Work(call, caller, decided_at, live, identity)
    meet_person(work, at)
    routes = [route(work, slot, name) for slot, name in zip(call.slots, names(call), strict=True)]
    if any(one.live is not live for one in routes):
        check_current(live)
    if all(one.reason == "unknown_space" for one in routes):
        raise NoSuchPlace("unknown_space", "No slot names a space that is live and yours to use.")
    meet_visitor(work, routes, at)
    return work, list(decisions(work, routes))


def meet_person(work: Work, at: datetime) -> None:
    """Who it is. Of whom a key names all is read at once that deciding takes."""
    identity, call, caller, live = work.identity, work.call, work.caller, work.live
    key, held = identity.told.key, caller.held
    if key is None or identity.told.visitor is not None or not call.records or call.explain:
        if held:
            check_stamp(held, stamp_of(held))
        look_up(identity, at)
        return
    first = read_past(
        live.engine.release,
        key,
        environment=live.environment_pk,
        at=work.at,
        also=live.names,
        api_key=held.pk if held else None,
    )
    if held:
        check_stamp(held, first.stamp)
    identity.by_key = first.person.pk or formerly(key)
    if first.person.pk is not None and first.release == live.number:
        work.first = first


def moment(text: str, live: Live) -> datetime:
    try:
        return moment_of(text, live.engine.release.zone)
    except NoSuchMoment as refusal:
        raise BadMoment(str(refusal)) from None
    except ValueError:
        raise BadMoment("Expected a date and time in ISO 8601.") from None


def meet_visitor(work: Work, routes: Sequence[Route], at: datetime) -> None:
    """Know the browser from now on, and whose it is, if they agreed to that."""
    identity, by = work.identity, work.caller.by
    if not work.call.records:
        return
    nobody = work.call.target is None or work.call.target.says_nothing
    if identity.is_due or (nobody and identity.visitor is None):
        identity.visitor = meet(identity.told.visitor, at=at)
    explicit = next((one.found.contact for one in routes if one.found.way == "explicit"), None)
    visitor = identity.visitor
    if visitor is not None and explicit is not None and visitor.linked != explicit:
        recognise(visitor, explicit, by=by, at=at)


# --- deciding ---


def decisions(work: Work, routes: Sequence[Route]) -> Iterator[Outcome]:
    """What became of each slot, in their order. Slots of one person are decided together."""
    together: dict[tuple[int, int | None, str], list[Route]] = {}
    for one in routes:
        if one.live is not None:
            key = (one.live.environment_pk, target_of(work, one), one.found.way)
            together.setdefault(key, []).append(one)
    outcomes = {one.name: Outcome(one) for one in routes}
    for (_environment, target, way), members in together.items():
        decided, showing = decide_together(work, members, target, way)
        for found in decided.answers:
            outcome = outcomes[found.slot]
            outcome.answer, outcome.decided, outcome.showing = found, decided, showing
    return iter(outcomes.values())


def target_of(work: Work, one: Route) -> int | None:
    if one.found.contact is not None:
        return one.found.contact
    return work.identity.visitor.pk if work.identity.visitor else None


def decide_together(
    work: Work, members: Sequence[Route], target: int | None, way: str
) -> tuple[Decided, Showing]:
    call = work.call
    live = members[0].live
    assert live is not None  # noqa: S101 (they were chosen by it)
    slots = {one.name: slot_of(work, live, one) for one in members}
    showing = Showing(
        live=live,
        slots=slots,
        identification=way,
        at=work.at,
        language=call.language,
        accepted=work.caller.accepted,
    )
    ask = Ask(
        environment=live.environment_pk,
        engine_for=engine_for,
        slots=tuple(slots.values()),
        at=work.at,
        target=target,
        identification=way,
        deduplicate=call.deduplicate,
        seed=call.seed,
        record=call.record and call.at is None and call.seed is None,
        consent=call.consent,
        explain=call.explain,
        unrecorded=frozenset(
            one.shape.name for one in members if one.shape and not one.shape.record
        ),
        also=live.names,
        show=showing.show,
        first=first_of(work, live, target),
    )
    return decide(ask), showing


def first_of(work: Work, live: Live, target: int | None) -> Before | None:
    """What has been read already, where it is of them. Another slot may have been stored since."""
    first, work.first = work.first, None
    if first is None or live is not work.live or first.person.pk != target:
        return None
    return first


def slot_of(work: Work, live: Live, one: Route) -> Slot:
    """What the engine is asked; call data are those of the environment that answers."""
    data = CallData.of(live)
    number = [each is one.asked for each in work.call.slots].index(True)
    warnings: list[Warned] = []
    call = data.read(work.call.call, "/call", warnings)
    call |= data.read(one.asked.call, f"/slots/{number}/call", warnings)
    work.warnings += [each for each in warnings if each not in work.warnings]
    return Slot(
        slot=one.name,
        space=one.ranked,
        count=one.asked.count,
        categories=tuple(one.asked.categories),
        themes=tuple(one.asked.themes),
        call=call,
        unusable=work.caller.unseen,
    )


# --- as programs read it ---


def written(work: Work, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    made = [one.decided for one in outcomes if one.decided is not None]
    main = next((one for one in made if one.environment == work.live.environment.name), None)
    main = main or next(iter(made), None)
    visitor = work.identity.visitor
    return {
        "interaction": main.name if main else str(uuid7()),
        "environment": main.environment if main else work.live.environment.name,
        "release": main.release if main else work.live.number,
        "identification": identification_of(outcomes),
        "visitor": visitor.key if visitor else None,
        "recorded": any(one.recorded for one in made),
        "slots": [written_slot(work, one) for one in outcomes],
        "warnings": [*work.identity.warnings, *work.warnings, *passed_over(outcomes)],
    }


def identification_of(outcomes: Sequence[Outcome]) -> str:
    ways = {one.route.found.way for one in outcomes}
    return next((way for way in ("explicit", "implicit") if way in ways), "anonymous")


def passed_over(outcomes: Sequence[Outcome]) -> Iterator[Warned]:
    for number, one in enumerate(outcomes):
        if one.route.reason == "unknown_space":
            detail = f"No space “{one.route.asked.space}” is live and yours to use."
            yield warning("unknown_space", detail, f"/slots/{number}/space")


def written_slot(work: Work, one: Outcome) -> dict[str, Any]:
    environment = one.decided.environment if one.decided else work.live.environment.name
    found: dict[str, Any] = {
        "slot": one.route.name,
        "space": one.route.space,
        "environment": environment,
        "reason": one.route.reason or None,
        "propositions": [],
    }
    if one.answer is None or one.decided is None or one.showing is None:
        return found
    found["interaction"] = one.decided.name
    found["reason"] = str(one.answer.reason) if one.answer.reason else None
    found["propositions"] = described(one.answer, one.decided, one.showing)
    if work.call.explain:
        found["explain"] = explained(one.answer, one.decided, one.showing)
    return found
