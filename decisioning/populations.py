"""Decisions for many people: the engine of single ones, with one reading and one writing for all.

`look` decides and stores nothing. `record` stores each decision as exactly as a single one: of
people whose history moved meanwhile nothing is stored, and the caller decides for them again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from catalog.models import Space
from decisioning.asks import Ask
from decisioning.calling import CallData, Warned
from decisioning.deciding import asked_without, proposed, question_of
from decisioning.engine.slots import space_of
from decisioning.engine.values import Decision, Question, Slot
from decisioning.fitting import Fitting
from decisioning.live import Live, NothingLive, engine_for, live_for
from decisioning.partitions import make_month
from decisioning.past import Before, current_release
from decisioning.pasts import Place, read_people, read_place
from decisioning.recording import Capped, Moved, TooBusy
from decisioning.rows import Drawn, Piece, Rows
from decisioning.sharing import Room, Want
from decisioning.showing import Showing
from decisioning.storing import NoMonth, hold_people, hold_totals, store
from offers_site.identifiers import texts_at

MOST_ATTEMPTS = 50
IDENTIFICATION = "explicit"  # we know whom we decide for


class NoSuchSpace(Exception):
    """No space of this name is live."""


class ForVisitors(Exception):
    """The space is one for visitors, and populations are of contacts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What everybody is asked. A `seed` settles ties; else each decision has its own."""

    environment: int
    slots: tuple[Slot, ...]
    seed: str | None = None
    explain: bool = False
    run: int | None = None  # stored with what is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`moved` are people to be decided for again; `gone` are contacts no more."""

    chosen: tuple[Drawn, ...]
    moved: tuple[int, ...] = ()
    gone: int = 0


def ask_everybody(
    space: str,
    *,
    count: int | None = None,
    categories: Sequence[str] = (),
    themes: Sequence[str] = (),
    call: Mapping[str, Any] | None = None,
    seed: str | None = None,
    explain: bool = False,
    warnings: list[Warned] | None = None,
) -> Population:
    """What a space asks of everybody, as a call asks it; raises NoSuchSpace and ForVisitors.

    Call data that are not as they were declared are left out, with a warning.
    """
    live = live_of(space)
    if live.environment.audience == "visitors":
        raise ForVisitors
    told = CallData.of(live).read(call or {}, "/call", [] if warnings is None else warnings)
    slot = Slot(
        slot=space,
        space=space,
        count=count,
        categories=tuple(categories),
        themes=tuple(themes),
        call=told,
    )
    return Population(environment=live.environment_pk, slots=(slot,), seed=seed, explain=explain)


def live_of(name: str) -> Live:
    """What is live where a space stands, whose name may end in a rank."""
    rows = Space.objects.filter(name__in={name, name.rpartition("_")[0]})
    for environment, number in rows.values_list("environment", "environment__release_number"):
        try:
            live = live_for(environment, number)
        except NothingLive:
            continue
        if space_of(live.engine.release.spaces, name)[0]:
            return live
    raise NoSuchSpace(name)


# --- deciding ---


def look(population: Population, people: Collection[int], *, at: datetime) -> Iterator[Drawn]:
    """What each of these contacts would get if they were the only one; in order of their keys."""
    return Drawing(population, at, records=False).draw(people)


def record(
    population: Population, people: Collection[int], *, at: datetime, hold: bool = False
) -> Recorded:
    """Decide for these contacts and store it, in one transaction or in the one that is open.

    With `hold` nobody else decides for them meanwhile, so that nobody moves. The locks are taken
    in order, so callers give people of one transaction in one go. What everybody shares is looked
    at again when it was used up by others.
    """
    hold_caps = False
    for _attempt in range(MOST_ATTEMPTS):
        try:
            with transaction.atomic():
                if hold:
                    hold_people(people)
                if hold_caps:
                    hold_totals(population.environment, at)
                return record_once(population, people, at)
        except Capped:
            hold = hold_caps = True
        except Moved:
            continue
        except NoMonth:
            if not make_month(at):
                raise
    raise TooBusy


def record_once(population: Population, people: Collection[int], at: datetime) -> Recorded:
    drawing = Drawing(population, at, records=True)
    drawn, moved = store(
        drawing.draw(people),
        drawing.rows,
        release=drawing.engine.release,
        environment=population.environment,
        at=at,
    )
    gone = len(people) - len(drawn) - len(moved)
    return Recorded(chosen=tuple(drawn), moved=tuple(sorted(moved)), gone=gone)


class Drawing:
    """Decides for one after the other; with `records`, who comes first takes from shared caps."""

    def __init__(self, population: Population, at: datetime, *, records: bool) -> None:
        live, place = place_of(population, at)
        slots = {slot.slot: slot for slot in population.slots}
        self.at = at
        self.columns = live.columns
        self.engine = live.engine_for_many
        self.ask = Ask(
            environment=population.environment,
            engine_for=engine_for,
            slots=population.slots,
            at=at,
            identification=IDENTIFICATION,
            seed=population.seed,
            explain=population.explain,
        )
        self.room = Room(self.engine.release, place.totals, at, shares=records)
        showing = Showing(live=live, slots=slots, identification=IDENTIFICATION, at=at)
        self.fitting = Fitting(showing, records=records)
        self.records = records
        self.rows = Rows(self.engine.release, self.ask, run=population.run)
        self.names = texts_at(at)

    def draw(self, people: Collection[int]) -> Iterator[Drawn]:
        for before in read_people(
            self.engine.release,
            people,
            environment=self.ask.environment,
            at=self.at,
            also=self.columns,
            shared=self.room.used,
        ):
            yield self.draw_for(before)

    def draw_for(self, before: Before) -> Drawn:
        """As `decisioning.deciding.draw_up`."""
        name = next(self.names)
        question = question_of(self.ask, name, before)
        while True:
            decision = self.engine.decide(question)
            pieces, unusable = self.pieces_of(question, decision)
            if not unusable:
                break
            other = asked_without(question, unusable)
            if other is question:
                break
            question = other
        stored: dict[str, Piece] = {}
        wants: tuple[Want, ...] = ()
        counts = False
        for identifier, piece in pieces:
            if piece.made.is_recorded and identifier not in stored:
                stored[identifier] = piece
                wants += piece.wants
                counts = counts or not piece.made.is_fallback
        if wants:
            self.room.take(wants)
        row = ""
        if self.records and (stored or not pieces):  # also that there was nothing to offer
            row = self.rows.interaction(name, question, before, counts=counts)
        person = before.person
        assert person.pk is not None  # noqa: S101 (contacts have one)
        return Drawn(
            pk=person.pk,
            key=person.key,
            ticks=before.ticks,
            release=before.release,
            answers=decision.answers,
            name=name,
            pieces=pieces,
            stored=stored,
            wants=wants,
            counts=counts,
            row=row,
        )

    def pieces_of(
        self, question: Question, decision: Decision
    ) -> tuple[list[tuple[str, Piece]], dict[str, frozenset[str]]]:
        """Each with its id; and the offers that slots cannot show."""
        piece_of, facts = self.fitting.piece, question.contact
        pieces: list[tuple[str, Piece]] = []
        unusable: dict[str, frozenset[str]] = {}
        for name, slot, space, one in proposed(self.engine, question, decision, self.names):
            piece = piece_of(name, slot, space, one, facts)
            pieces.append((name, piece))
            if not piece.is_usable:
                unusable[slot.slot] = unusable.get(slot.slot, frozenset()) | {one.offer}
        return pieces, unusable


def place_of(population: Population, at: datetime) -> tuple[Live, Place]:
    """What is live now, and what is used of its caps; raises NoSuchSpace."""
    environment = population.environment
    number = _live.get(environment)
    if number is None:
        number = current_release(environment)
    while True:
        live = live_for(environment, number)
        place = read_place(live.engine.release, environment=environment, at=at)
        number = _live[environment] = place.release
        if live.number == number:
            break
    for slot in population.slots:
        if not space_of(live.engine.release.spaces, slot.space)[0]:
            raise NoSuchSpace(slot.space)
    return live, place


_live: dict[int, int] = {}  # the release that this process last saw, by environment: a guess
