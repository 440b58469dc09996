"""A call: the offers that are on the table, what became of them, and which come next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Channel, Environment
from catalog.models.spaces import Status as Words
from catalog.previewing import person_of
from catalog.rendering import Rendered, person_names
from catalog.shapes import SpaceShape
from contacts.disclosing import may_see_personal
from contacts.models import Contact
from decisioning.answering import Caller, NoSuchPlace, worked_out
from decisioning.asks import Made
from decisioning.calling import DecisionCall, SlotCall, Told
from decisioning.engine.unmet import Seeker
from decisioning.engine.values import Past, Question, Slot, Status
from decisioning.history import history_of
from decisioning.identifying import sign
from decisioning.live import Live, NothingLive, live_for
from decisioning.models import Proposition, Transition
from decisioning.past import read_past
from decisioning.reasonwords import rule_label
from decisioning.seeing import Eyes, eyes_of
from decisioning.showing import written
from decisioning.statuses import MOVES
from decisioning.tokens import token_of

CHANNEL = Channel.CALL_CENTER.value
FEWEST = 3  # offers that somebody who calls is shown, unless the space asks for more
MOST_DECISIONS = 20  # of one call
FINAL = frozenset({Status.ACCEPTED, Status.REJECTED})
LATEST = 10
SIGNED_FOR = timedelta(minutes=1)


@dataclass(frozen=True)
class Desk:
    """A live space of the call centre."""

    environment: Environment
    live: Live
    shape: SpaceShape

    @property
    def name(self) -> str:
        return self.shape.name

    @property
    def label(self) -> str:
        return self.shape.label


def desks_of(user: User) -> list[Desk]:
    """The spaces of the call centre in the environments that somebody may see."""
    seen = Environment.objects.visible_to(user).filter(people=Environment.People.CONTACTS)
    found = []
    for environment in seen.filter(release_number__gt=0).order_by("label", "pk"):
        try:
            live = live_for(environment.pk, environment.release_number)
        except NothingLive:
            continue
        found += [
            Desk(environment, live, shape)
            for shape in live.spaces.values()
            if shape.channel == CHANNEL and shape.unitary and shape.record
        ]
    return sorted(found, key=lambda desk: (desk.environment.label, desk.label.casefold()))


# --- deciding ---


@dataclass(frozen=True, slots=True)
class Answered:
    """A decision that was stored, or why there is none."""

    interaction: UUID | None = None
    number: int = 0
    refusal: str = ""


def propose(
    desk: Desk,
    contact: Contact,
    *,
    by: User,
    at: datetime,
    count: int | None = None,
    without: Collection[str] = (),
) -> Answered:
    """The best offers for somebody who calls, decided and stored as for every other caller."""
    hidden = {name for _kind, name in eyes_of(by, desk.live, desk.environment).hidden}
    call = DecisionCall(
        environment=desk.environment.name,
        target=Told(token=sign({"key": contact.key}, until=at + SIGNED_FOR)),
        slots=[SlotCall(space=desk.name, count=count or max(FEWEST, desk.shape.default_count))],
    )
    caller = Caller(by=by, unseen=frozenset(hidden | set(without)))
    try:
        _work, (outcome,) = worked_out(call, caller=caller, at=at)
    except NoSuchPlace:
        return Answered(refusal=_("This space is not live any more."))
    if outcome.decided is None or not outcome.decided.recorded:
        return Answered(refusal=_("This space gives no offers to people who call."))
    return Answered(outcome.decided.interaction, len(outcome.decided.made))


# --- what is on the table ---


@dataclass(frozen=True)
class Move:
    """A status that may be set next, or why it may not."""

    status: str
    label: str
    key: str
    refusal: str = ""
    is_now: bool = False


@dataclass(frozen=True)
class Card:
    """One offer of a call."""

    number: int
    row: Proposition
    label: str
    status: str
    status_label: str
    moves: tuple[Move, ...]
    title: str = ""
    text: str = ""
    page: str = ""  # to be shown in a frame, where there is no text to say
    is_open: bool = True
    is_next: bool = False  # it came after another was answered
    kept_back: tuple[str, ...] = ()  # rules that would not let it pass any more
    comment: str = ""

    @property
    def token(self) -> str:
        return token_of(self.row.pk)


KEYS = (
    (Status.PRESENTED, "p"),
    (Status.INTERESTED, "i"),
    (Status.ACCEPTED, "a"),
    (Status.REJECTED, "r"),
)


def moves_from(status: int) -> Iterator[Move]:
    for after, key in KEYS:
        refusal = ""
        if after != status and after not in MOVES[status]:
            refusal = _("From “%(before)s” an offer does not go to “%(after)s”.") % {
                "before": Words(status).label,
                "after": Words(after).label,
            }
        label = str(Words(after).label)
        yield Move(Words(after).word, label, key, refusal, is_now=after == status)


def cards_of(
    desk: Desk, contact: Contact, interactions: Sequence[UUID], *, user: User, at: datetime
) -> list[Card]:
    """The offers of some decisions in their order, with their scripts."""
    rows = rows_of(desk, contact, interactions)
    if not rows:
        return []
    eyes = eyes_of(user, desk.live, desk.environment)
    person = person_of(contact, personal=may_see_personal(user)).known
    blocked = kept_back(desk, contact, rows, eyes, at)
    comments = comments_of(rows)
    seen = [row for row in rows if eyes.may_see_offer(row.offer, is_fallback=row.is_fallback)]
    return [
        card_of(
            number,
            row,
            eyes,
            person,
            is_next=row.interaction != interactions[0],
            kept_back=blocked.get(row.pk, ()),
            comment=comments.get(row.pk, ""),
        )
        for number, row in enumerate(seen, 1)
    ]


def rows_of(desk: Desk, contact: Contact, interactions: Sequence[UUID]) -> list[Proposition]:
    """A proposition stands in the millisecond of its decision, which bounds where it can be."""
    if not interactions:
        return []
    places = {pk: place for place, pk in enumerate(interactions)}
    found = Proposition.objects.filter(
        contact=contact,
        environment=desk.environment,
        interaction__in=interactions,
        pk__gte=UUID(int=min(pk.int for pk in interactions) >> 80 << 80),
        pk__lte=UUID(int=max(pk.int for pk in interactions) | (1 << 80) - 1),
    )
    return sorted(found, key=lambda row: (places[row.interaction or row.pk], row.rank))


def card_of(
    number: int, row: Proposition, eyes: Eyes, person: Mapping[str, Any], **more: Any
) -> Card:
    rendered = script_of(row, eyes, person)
    return Card(
        number=number,
        row=row,
        label=eyes.offer(row.offer, is_fallback=row.is_fallback),
        status=Words(row.status).word,
        status_label=str(Words(row.status).label),
        moves=tuple(moves_from(row.status)),
        title=(rendered.content.get("title") or "") if rendered else "",
        text=rendered.text if rendered else "",
        page=page_of(rendered) if rendered and rendered.html and not rendered.text else "",
        is_open=row.status not in FINAL,
        **more,
    )


def page_of(rendered: Rendered) -> str:
    return render_to_string("catalog/preview_frame.html", {"preview": {"rendered": rendered}})


def script_of(row: Proposition, eyes: Eyes, person: Mapping[str, Any]) -> Rendered | None:
    """What the release that decided says of it; None where nothing usable comes out."""
    try:
        live = live_for(row.environment_id, row.release or eyes.live.number)
    except NothingLive:
        return None
    if row.space not in live.spaces:
        return None
    made = Made(
        name=str(row.pk),
        slot=row.slot,
        space=row.space,
        offer=row.offer,
        rank=row.rank,
        weight=row.weight,
        context=row.context,
        status=row.status,
        is_fallback=row.is_fallback,
        is_recorded=True,
    )
    language = person.get("language")
    names = person_names(person, {}, language or live.environment.language)
    return written(made, live, names, language, settings.BASE_URL)


def comments_of(rows: Iterable[Proposition]) -> dict[UUID, str]:
    """What was said of each last."""
    told = Transition.objects.filter(proposition__in=[row.pk for row in rows])
    return dict(told.order_by("number").values_list("proposition", "comment"))


def kept_back(
    desk: Desk, contact: Contact, rows: Sequence[Proposition], eyes: Eyes, at: datetime
) -> dict[UUID, tuple[str, ...]]:
    """The rules that would not let the open offers of a call pass any more.

    Open offers do not count against each other: they were chosen together.
    """
    still_open = [row for row in rows if row.status not in FINAL]
    engine = desk.live.engine
    before = read_past(
        engine.release,
        contact.pk,
        environment=desk.environment.pk,
        at=at,
    )
    on_the_table = {(row.offer, row.space, row.at) for row in still_open}
    slot = Slot(slot=desk.name, space=desk.name)
    question = Question(
        at=at,
        target=contact.key,
        seed="",
        slots=(slot,),
        contact=before.person.facts,
        identification="explicit",
        history=tuple(one for one in before.history if place_of(one) not in on_the_table),
    )
    seeker = Seeker(engine, question, desk.name)
    return {
        row.pk: tuple(rule_label(kept.rule.name, eyes) for kept in seeker.unmet_of(row.offer).rules)
        for row in still_open
        if row.offer in engine.release.by_code and not row.is_fallback
    }


def place_of(one: Past) -> tuple[str, str, datetime]:
    return one.offer, one.space, one.at


# --- beside it ---


def latest_of(contact: Contact, user: User, interactions: Sequence[UUID]) -> list[Proposition]:
    """What somebody was offered last, before this call."""
    others = history_of(contact, user).exclude(interaction__in=interactions)
    return list(others.order_by("-pk")[:LATEST])
