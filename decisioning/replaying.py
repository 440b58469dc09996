"""Stored decisions, decided again from what was stored with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from decisioning.deciding import kept_of, made_of
from decisioning.engine.values import Question
from decisioning.inputs import facts_from, past_of, slot_from
from decisioning.live import Live
from decisioning.models import Interaction
from decisioning.needs import needs_of
from decisioning.offered import Offered, offered_in
from offers_site.identifiers import texts_at

CHUNK = 500
Line = tuple[str, int, str, str, str]  # space, rank, offer, weight, context
LiveFor = Callable[[int, int], Live]  # (environment, number of the release that decided)


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that comes out otherwise."""

    interaction: UUID
    environment: str
    release: int  # by which it was decided then
    was: tuple[Line, ...]
    comes_out: tuple[Line, ...]


def sampled(number: int) -> list[Interaction]:
    """Some stored decisions, each as likely as the other, those of one release together.

    Those of people who were erased cannot be decided again.
    """
    kept = Interaction.objects.exclude(inputs=None)
    pks = list(kept.order_by("?").values_list("pk", flat=True)[:number])
    rows = Interaction.objects.filter(pk__in=pks)
    return list(rows.order_by("environment", "release", "id"))


def differences(
    interactions: Sequence[Interaction], live_for: LiveFor
) -> Iterator[Difference | None]:
    """For each decision None, or how it comes out otherwise."""
    for _key, one_release in groupby(interactions, lambda one: (one.environment_id, one.release)):
        members = list(one_release)
        live = live_for(members[0].environment_id, members[0].release)
        for start in range(0, len(members), CHUNK):
            chunk = members[start : start + CHUNK]
            stored = stored_of(chunk)
            for one in chunk:
                was, comes_out = stored.get(one.pk, ()), replayed(one, live)
                yield (
                    None
                    if was == comes_out
                    else Difference(
                        one.pk, live.environment.name, one.release, tuple(was), comes_out
                    )
                )


def question_from(one: Interaction, live: Live) -> Question:
    """What was asked then, of the person as they were then."""
    inputs = json.loads(one.inputs or "{}")
    return Question(
        at=one.at,
        target=inputs["target"],
        seed=one.seed,
        slots=tuple(slot_from(slot, live.call_kinds) for slot in one.slots),
        contact=facts_from(inputs["contact"], needs_of(live.engine.release).kinds),
        identification=one.identification,
        history=tuple(map(past_of, inputs["history"])),
        used={(cap, space): number for cap, space, number in inputs["used"]},
        deduplicate=one.deduplicate,
    )


def replayed(one: Interaction, live: Live) -> tuple[Line, ...]:
    question, engine = question_from(one, live), live.engine
    decision = engine.decide(question)
    names = texts_at(one.at)
    made = made_of(engine, question, decision, names, keeps=lambda name: live.spaces[name].record)
    return lines(
        (m.space, m.rank, m.offer, f"{m.weight:.6f}", m.context) for m in kept_of(made).values()
    )


def stored_of(interactions: Sequence[Interaction]) -> dict[UUID, tuple[Line, ...]]:
    return {pk: lines(map(line_of, each)) for pk, each in offered_in(interactions).items()}


def line_of(one: Offered) -> Line:
    return one.space, one.rank, one.offer, f"{one.weight:.6f}", one.context


def lines(found: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(found))
