"""What the pages say of an import: before it begins, and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.forms import BoundField
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from accounts.models import User
from transfers import reporting
from transfers.forms.imports import NOT_MAPPED, SettingsForm
from transfers.models import Reject, Transfer
from transfers.options import Options
from transfers.previewing import Seen
from transfers.reading.columns import Column, folded, names_of
from transfers.subjects import Subject
from transfers.wording import reason

REJECTS_SHOWN = 1000
WHILE_IT_RUNS = 50

# --- before ---


@dataclass(frozen=True)
class Mapped:
    """A column of the file, and which of ours it is."""

    field: BoundField
    word: str
    samples: list[str]
    how: str

    @property
    def is_passed_over(self) -> bool:
        return (self.field.value() or NOT_MAPPED) == NOT_MAPPED


def mapped(form: SettingsForm, seen: Seen, columns: Mapping[str, Column]) -> list[Mapped]:
    """None of XML: its elements are called as our columns are."""
    if seen.encoding == "XML":
        return []
    known = names_of(columns)
    return [
        mapped_column(form[f"column_{number}"], word, seen.samples(number), known)
        for number, word in enumerate(form.header)
    ]


def mapped_column(
    field: BoundField, word: str, samples: list[str], known: Mapping[str, str]
) -> Mapped:
    guess = known.get(folded(word))
    value = field.value() or NOT_MAPPED
    if value == NOT_MAPPED:
        how = _("passed over") if guess else _("not recognised")
    else:
        how = _("by its name") if value == guess else _("as you chose")
    return Mapped(field, word, samples, how)


PROMISES: Mapping[str, Any] = {
    "insert": gettext_lazy(
        "Rows whose key is new are added. Those whose key is there already are refused and listed; "
        "whom they speak of stays as it is."
    ),
    "ignore": gettext_lazy(
        "Rows whose key is new are added. Those whose key is there already are passed over."
    ),
    "upsert": gettext_lazy(
        "Rows whose key is new are added. The others change what is there to what the file says; "
        "an empty cell takes a value away."
    ),
    "update": gettext_lazy(
        "Rows whose key is there change it to what the file says; an empty cell takes a value "
        "away. Those with a new key are refused."
    ),
    "void": gettext_lazy("Everything whose key is in the file is voided."),
}


def promise(options: Options, seen: Seen) -> list[str]:
    """What will happen to the rows, in words."""
    what = options.operation
    if what == "insert":
        what = {"ignore": "ignore", "update": "upsert"}.get(options.on_duplicate, what)
    lines = [str(PROMISES[what])]
    if options.all_or_nothing:
        lines.append(_("If a single row is refused, nothing is imported."))
    if seen.wrong:
        wrong = ngettext(
            "Of the first %(read)s rows, %(wrong)s would be refused as it stands.",
            "Of the first %(read)s rows, %(wrong)s would be refused as they stand.",
            seen.wrong,
        )
        lines.append(wrong % numbers(read=seen.read, wrong=seen.wrong))
    lines.append(_("Try it out to see the numbers of the whole file."))
    return lines


def numbers(**given: int) -> dict[str, str]:
    return {name: number_format(number) for name, number in given.items()}


# --- while it runs, and after ---


def progress_of(transfer: Transfer) -> dict[str, Any]:
    """How far an import is, in rows: bytes are only how it is measured."""
    job = transfer.job
    if job is None or not transfer.is_import:
        return {"progress_words": "", "rate": job.rate if job else None}
    words = ngettext("%(rows)s row", "%(rows)s rows", transfer.read) % numbers(rows=transfer.read)
    if not job.has_ended and job.total:
        known = {"done": filesizeformat(job.done), "total": filesizeformat(job.total)}
        words = f"{words} · " + _("%(done)s of %(total)s") % known
    rate = transfer.read / job.seconds if job.seconds >= 1 else None
    return {"progress_words": words, "rate": rate}


def figures_of(transfer: Transfer) -> list[tuple[str, str]]:
    """The counters in words; the first is the sum of the next five."""
    words = {
        "read": _("Read"),
        "inserted": pgettext("rows", "Added"),
        "updated": pgettext("rows", "Changed"),
        "unchanged": _("Unchanged"),
        "ignored": _("Passed over"),
        "rejected": _("Refused"),
    }
    return [(word, number_format(getattr(transfer, name))) for name, word in words.items()]


def sum_of(transfer: Transfer) -> str:
    """That every row is accounted for."""
    read, *others = [number for _word, number in figures_of(transfer)]
    return f"{read} = {' + '.join(others)}"


def verdict(transfer: Transfer) -> str:
    """How it ended, or would end, in one sentence."""
    known = numbers(
        inserted=transfer.inserted, updated=transfer.updated, rejected=transfer.rejected
    )
    if transfer.is_dry_run:
        said = _("An import would add %(inserted)s, change %(updated)s and refuse %(rejected)s.")
    elif transfer.rejected:
        said = _("%(inserted)s added, %(updated)s changed; %(rejected)s refused and listed below.")
    else:
        said = _("%(inserted)s added, %(updated)s changed, and nothing refused.")
    return said % known


@dataclass(frozen=True)
class Reason:
    words: str
    number: int
    url: str
    is_chosen: bool


def rejects_of(
    transfer: Transfer, subject: Subject | None, person: User, code: str
) -> dict[str, Any]:
    """The report as the page shows it: of one reason alone where somebody chose it."""
    code = code if code in transfer.codes else ""
    rejects = transfer.rejects.filter(code=code) if code else transfer.rejects.all()
    most = REJECTS_SHOWN if transfer.has_ended else WHILE_IT_RUNS
    shown: list[Reject] = list(rejects.order_by("line", "id")[: most + 1])
    left = rejects.count() - most if len(shown) > most else 0
    return {
        "rejects": [
            (reject, reporting.message(reject))
            for reject in reporting.seen_by(shown[:most], subject, person)
        ],
        "rejects_left": left,
        "reasons": reasons_of(transfer, code),
        "code": code,
    }


def reasons_of(transfer: Transfer, code: str) -> list[Reason]:
    address = transfer.get_absolute_url()
    by_number = sorted(transfer.codes.items(), key=lambda item: -item[1])
    return [
        Reason(
            reason(each),
            number,
            address if each == code else f"{address}?{urlencode({'code': each})}",
            is_chosen=each == code,
        )
        for each, number in by_number
    ]
