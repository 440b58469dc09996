"""What the files of coupons, of codes and of redemptions have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, User
from coupons.actions.options import are_on
from coupons.judging import SENTENCES, Reason
from coupons.normalising import LONGEST, PLAIN, BadCode, folded, masked, raised, read_code
from coupons.subject import leaving
from transfers.models import Transfer
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault
from transfers.subjects import Chunk, Subject

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

LARGEST = 2**31 - 1
# What else the reports of these files may say, besides the words of `transfers.wording`.
REASONS: Mapping[str, _StrOrPromise] = {
    reason.value: SENTENCES[reason]
    for reason in Reason
    if reason not in {Reason.RATE_LIMITED, Reason.INVALID}
}
HINTS: Mapping[str, _StrOrPromise] = {
    "other_coupon": _("The file is imported into another coupon than this row names."),
    "promised": _("A delivery that is being prepared was promised all that is left."),
    "window": _("It would end before it starts."),
    "in_use": _("This code was given to somebody, used or voided: it does not change any more."),
}


class CouponFiles(Subject):
    """Files about coupons: there are none while coupons are switched off."""

    sentences = REASONS
    hints = HINTS

    @property
    def is_on(self) -> bool:
        return are_on()

    def columns_shown(self, shown: Sequence[str]) -> list[str]:
        known = self.columns()
        return [name for name in shown if name in known]

    def filters_in_words(self, filters: Mapping[str, Any]) -> list[tuple[str, str]]:
        return leaving.in_words(filters)

    def hidden(self, value: str) -> str:
        return masked(value)


def columns_by_name(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


def code_column(name: str, label: _StrOrPromise, *, wide: bool = False, **facts: object) -> Column:
    """A column of codes; beside each stands what it is compared by where capitals do not matter."""
    return Column(
        name,
        label,
        Kind.KEY,
        convert=partial(code_of, wide=wide),
        companions={f"{name}_norm": norm_of},
        **facts,  # type: ignore[arg-type] # as Column has them
    )


def dates(*, zone_from: str = "") -> tuple[Column, Column]:
    """From when until when something holds; an end without a time is that whole day."""
    start = Column(
        "start_date",
        _("Start"),
        Kind.TIMESTAMP,
        aliases=("date_debut", "start_at"),
        where="start_at",
        zone_from=zone_from,
    )
    end = Column(
        "end_date",
        _("End"),
        Kind.TIMESTAMP,
        aliases=("date_fin", "end_at"),
        ends_the_day=True,
        where="end_at",
        zone_from=zone_from,
    )
    return start, end


def code_of(word: str, *, wide: bool) -> str | Fault:
    if not word or (len(word) <= LONGEST and PLAIN.match(word)):  # as nearly all are
        return word
    try:
        return read_code(word, wide=wide).code
    except BadCode as refusal:
        return Fault(refusal.code)


def norm_of(word: str) -> str:
    return word.upper() if word.isascii() else raised(folded(word))


def small(word: str) -> str | Fault:
    """A number as the database has room for it."""
    return word if 0 <= int(word) <= LARGEST else Fault("number_invalid")


def at_least_one(word: str) -> str | Fault:
    return word if 1 <= int(word) <= LARGEST else Fault("number_invalid")


def actor_of(chunk: Chunk) -> User | ApiKey | None:
    """Whoever sent the file."""
    transfer = Transfer.objects.select_related("by", "key").get(pk=str(chunk.transfer))
    return transfer.by or transfer.key
