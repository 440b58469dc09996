"""What is shown of codes and of those who have them, to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from contacts.disclosing import MASK, may_see_personal
from coupons.browsing import DERIVED
from coupons.models import Code, CodeEvent, Coupon, Hold, Movement, Redemption, Standing
from coupons.normalising import masked
from coupons.windows import Window, effective


@dataclass(frozen=True, slots=True)
class Eyes:
    """What somebody may see."""

    codes: bool
    personal: bool

    def code(self, code: Code | None) -> str:
        """A code of a pool, or as much of it as whoever has it before them recognises."""
        if code is None:
            return ""
        return code.code if self.codes else masked(code.code)

    def person(self, text: str) -> str:
        """An address or the key of a customer."""
        return text if self.personal or not text else MASK


def eyes_of(user: User) -> Eyes:
    return Eyes(codes=user.has_perm("coupons.view_codes"), personal=may_see_personal(user))


@dataclass(frozen=True, slots=True)
class State:
    """What a badge says."""

    name: str
    label: str


def states_of(code: Code, *, at: datetime, is_held: bool = False) -> list[State]:
    """The stored status, and what follows from dates and uses."""
    standing = standing_of(code)
    status = Standing.Status(code.status)
    states = [State(f"code-{status}", str(status.label))]
    if status in (Standing.Status.REDEEMED, Standing.Status.VOID):
        return states
    names = derived(effective(code.coupon, code, standing), standing, at=at, is_held=is_held)
    return states + [State(name, str(DERIVED[name])) for name in names]


def derived(
    window: Window, standing: Standing | None, *, at: datetime, is_held: bool
) -> Iterator[str]:
    if window.ends_before(at):
        yield "expired"
    elif window.begins_after(at):
        yield "not_yet_valid"
    if standing and standing.redemption_count:
        yield "partly_redeemed"
    if is_held:
        yield "on_hold"


def standing_of(code: Code) -> Standing | None:
    return getattr(code, "standing", None)


# --- the whole life of one code ---


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the ledger."""

    event: CodeEvent
    movement: Movement

    @property
    def became(self) -> str:
        return str(Standing.Status(self.event.after).label)

    @property
    def how(self) -> str:
        """By what it became so, where that says more."""
        how = str(self.movement.get_kind_display())
        return "" if how.lower() == self.became.lower() else how


@dataclass(frozen=True, slots=True)
class Life:
    states: list[State]
    window: Window
    standing: Standing | None
    most: int | None
    steps: list[Step]
    redemptions: list[Redemption]
    holds: list[Hold]


def life_of(code: Code, *, at: datetime) -> Life:
    """Everything that became of a code, oldest first; five queries."""
    holds = list(Hold.objects.filter(code=code).order_by("created_at", "pk"))
    standing = standing_of(code)
    own = code.max_redemptions
    return Life(
        states=states_of(code, at=at, is_held=any(is_live(each, at=at) for each in holds)),
        window=effective(code.coupon, code, standing),
        standing=standing,
        most=own if own is not None else code.coupon.max_redemptions_per_code,
        steps=steps_of(code),
        redemptions=list(
            code.redemptions.select_related("by", "key", "reversal", "of").order_by("pk")
        ),
        holds=holds,
    )


def is_live(hold: Hold, *, at: datetime) -> bool:
    return hold.ended_at is None and hold.expires_at > at


def steps_of(code: Code) -> list[Step]:
    """The lines of the ledger, with their movements."""
    events = list(CodeEvent.objects.filter(code_number=code.pk).order_by("number"))
    movements = Movement.objects.select_related("by", "key", "batch").in_bulk(
        [event.movement_id for event in events]
    )
    return [Step(event, movements[event.movement_id]) for event in events]


def held_codes(codes: list[Code], *, at: datetime) -> set[int]:
    """Those of a page that somebody holds, in one query."""
    live = Hold.objects.live_at(at).filter(code__in=[code.pk for code in codes])
    return set(live.values_list("code_id", flat=True))


def in_use(coupon: Coupon, *, at: datetime) -> list[State]:
    """The status of a coupon, and whether its time has come or gone."""
    states = [State(f"coupon-{coupon.status}", str(coupon.get_status_display()))]
    window = effective(coupon)
    if window.ends_before(at):
        states.append(State("expired", str(DERIVED["expired"])))
    elif window.begins_after(at):
        states.append(State("not_yet_valid", str(DERIVED["not_yet_valid"])))
    return states
