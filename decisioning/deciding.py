"""One decision, whole: read what was, ask the engine, store it if all of that still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db import connection, transaction

from decisioning.asks import Ask, Decided, Draft, Made, Shown
from decisioning.caps import wanted_by
from decisioning.engine.compiled import Release
from decisioning.engine.decide import Engine
from decisioning.engine.values import Decision, Proposition, Question, Slot, Space
from decisioning.inputs import inputs_of, kept_slot
from decisioning.needs import needs_of
from decisioning.past import Before, current_release, read_past
from decisioning.recording import Capped, Moved, TooBusy, note_full, record, with_caps
from offers_site.identifiers import texts_at

FEW = 8  # names that are made at once: one for itself, and those of what is proposed
HOPEFUL = 3  # attempts before somebody waits for their turn
MOST_ATTEMPTS = 500

_live: dict[int, int] = {}  # the release that this process last saw, by environment: a guess


def decide(ask: Ask) -> Decided:
    """The best offers for somebody, exact whatever else is being decided at the same moment.

    What moved meanwhile is read again, and who keeps losing waits for their turn; an offer whose
    cap has just been used up gives way to the next best.
    """
    names = texts_at(ask.at, at_once=FEW)
    name = next(names)
    exactly = ask.explain or not ask.is_recorded
    owner: int | None = None
    first = None if exactly else ask.first
    for attempt in range(MOST_ATTEMPTS):
        try:
            if attempt < HOPEFUL or owner is None:
                return attempt_once(ask, name, names, exactly=exactly, first=first)
            with transaction.atomic():
                hold_clock(owner)
                return attempt_once(ask, name, names, exactly=exactly)
        except Lost as lost:
            owner, first = lost.before.owner, None
            if isinstance(lost.reason, Capped):
                exactly = True
                note_full(lost.release, lost.reason, environment=ask.environment, at=ask.at)
    raise TooBusy


class Lost(Exception):
    """An attempt whose result could not be stored."""

    def __init__(self, reason: Moved | Capped, release: Release, before: Before) -> None:
        super().__init__(reason)
        self.reason, self.release, self.before = reason, release, before


def attempt_once(
    ask: Ask, name: str, names: Iterator[str], *, exactly: bool, first: Before | None = None
) -> Decided:
    """`name` is the id of the interaction; more of them are for what is proposed."""
    engine, before = read_with_engine(ask, exactly=exactly, first=first)
    draft, shown, question = draw_up(ask, name, names, engine, before)
    stored = kept_of(draft.made)
    if ask.is_recorded and (stored or not draft.made):
        told = told_of(ask, draft, shown, question, before, stored)
        needs = needs_of(engine.release)
        inputs = inputs_of(
            question.target, before.person.facts, needs.kinds, before.rows, before.used
        )
        try:
            record(told, inputs, at=ask.at)
        except (Moved, Capped) as reason:
            raise Lost(reason, engine.release, before) from reason
        recorded = True
    else:
        recorded = False
    return Decided(
        name=name,
        environment=engine.release.environment,
        release=engine.release.number,
        person=before.person,
        answers=draft.decision.answers,
        made=draft.made,
        recorded=recorded,
        question=question,
    )


def read_with_engine(ask: Ask, *, exactly: bool, first: Before | None) -> tuple[Engine, Before]:
    """What was, and the engine of the release that is live at that very moment."""
    if first is not None:
        return ask.engine_for(ask.environment, first.release), first
    number = _live.get(ask.environment)
    if number is None:
        number = current_release(ask.environment)
    while True:
        engine = ask.engine_for(ask.environment, number)
        before = read_past(
            engine.release,
            ask.target,
            environment=ask.environment,
            at=ask.at,
            also=ask.also,
            exactly=exactly,
        )
        number = _live[ask.environment] = before.release
        if engine.release.number == number:
            return engine, before


def hold_clock(owner: int) -> None:
    """Nobody else stores a decision for this person until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO decisioning_clock (contact_id, ticks)"
            " SELECT id, 0 FROM contacts_contact WHERE id = %s ON CONFLICT DO NOTHING",
            [owner],
        )
        cursor.execute(
            "SELECT FROM decisioning_clock WHERE contact_id = %s FOR NO KEY UPDATE", [owner]
        )


# --- deciding ---


def draw_up(
    ask: Ask, name: str, names: Iterator[str], engine: Engine, before: Before
) -> tuple[Draft, Shown, Question]:
    """Decide, and decide again without the offers whose content a slot cannot show."""
    question = question_of(ask, name, before)
    while True:
        decision = engine.decide(question)
        draft = Draft(
            name=name,
            engine=engine,
            person=before.person,
            decision=decision,
            made=tuple(made_of(engine, question, decision, names, keeps=ask.keeps)),
        )
        shown = ask.show(draft)
        if not shown.unusable:
            return draft, shown, question
        other = asked_without(question, shown.unusable)
        if other is question:
            return draft, shown, question
        question = other


def question_of(ask: Ask, interaction: str, before: Before) -> Question:
    return Question(
        at=ask.at,
        target=ask.tie_target or before.person.key or interaction,
        seed=interaction if ask.seed is None else ask.seed,
        slots=ask.slots,
        contact=before.person.facts,
        identification=ask.identification,
        history=before.history,
        used=before.used,
        deduplicate=ask.deduplicate,
        explain=ask.explain,
    )


def asked_without(question: Question, unusable: Mapping[str, frozenset[str]]) -> Question:
    """The same question where slots cannot show these offers."""
    slots = tuple(without(slot, unusable) for slot in question.slots)
    return question if slots == question.slots else replace(question, slots=slots)


def without(slot: Slot, unusable: Mapping[str, frozenset[str]]) -> Slot:
    more = unusable.get(slot.slot, frozenset()) - slot.unusable
    return replace(slot, unusable=slot.unusable | more) if more else slot


def made_of(
    engine: Engine,
    question: Question,
    decision: Decision,
    names: Iterator[str],
    *,
    keeps: Callable[[str], bool],
) -> Iterator[Made]:
    """The propositions slot by slot."""
    for name, slot, space, one in proposed(engine, question, decision, names):
        yield made_as(name, slot, space, one, is_recorded=keeps(space.name))


def proposed(
    engine: Engine, question: Question, decision: Decision, names: Iterator[str]
) -> Iterator[tuple[str, Slot, Space, Proposition]]:
    """Slot by slot; slots that show one rank of one list share a proposition, and so its name."""
    answers = iter(decision.answers)
    for asked in engine.asked(question.slots):
        known: dict[int, str] = {}
        for slot, _rank in asked.shown:
            for one in next(answers).propositions:
                name = known.get(one.rank)
                if name is None:
                    name = known[one.rank] = next(names)
                yield name, slot, asked.space, one


def made_as(name: str, slot: Slot, space: Space, one: Proposition, *, is_recorded: bool) -> Made:
    return Made(
        name=name,
        slot=slot.slot,
        space=space.name,
        offer=one.offer,
        rank=one.rank,
        weight=one.weight,
        context=one.context,
        status=space.status_on_proposition,
        is_fallback=one.is_fallback,
        is_recorded=is_recorded,
    )


def kept_of(made: Iterable[Made]) -> dict[str, Made]:
    """Those that are stored, each once, in the slot that showed it first."""
    found: dict[str, Made] = {}
    for one in made:
        if one.is_recorded:
            found.setdefault(one.name, one)
    return found


# --- what is stored ---


def told_of(
    ask: Ask,
    draft: Draft,
    shown: Shown,
    question: Question,
    before: Before,
    stored: Mapping[str, Made],
) -> dict[str, Any]:
    release, person = draft.engine.release, before.person
    counting = [one for one in stored.values() if not one.is_fallback]
    proposed = [(one.offer, one.space, one.status) for one in counting]
    return with_caps(
        {
            "interaction": draft.name,
            "environment": ask.environment,
            "contact": person.pk,
            # what no rule counts moves nobody's history
            "person": before.owner if counting else None,
            "ticks": before.ticks if before.owner and counting else None,
            "at": ask.at.isoformat(),
            "release": release.number,
            "seed": question.seed,
            "identification": ask.identification,
            "deduplicate": ask.deduplicate,
            "slots": [kept_slot(slot) for slot in question.slots],
            "propositions": [
                row_of(one, release, shown.destinations.get(name, ""), shown.data.get(name, {}))
                for name, one in stored.items()
            ],
        },
        wanted_by(release, proposed, ask.at, of_nobody=person.pk is None),
    )


def row_of(one: Made, release: Release, leads_to: str, data: Mapping[str, Any]) -> dict[str, Any]:
    offer = release.by_code.get(one.offer)
    category, path = (offer.category, offer.path) if offer else ("", "")
    return {
        "id": one.name,
        "status": one.status,
        "rank": one.rank,
        "weight": str(one.weight),
        "is_fallback": one.is_fallback,
        "offer": one.offer,
        "space": one.space,
        "channel": release.spaces[one.space].channel,
        "slot": one.slot,
        "category": category,
        "category_path": path,
        "context": one.context,
        "destination_url": leads_to,
        "data": dict(data),
    }
