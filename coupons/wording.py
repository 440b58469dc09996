"""Why codes stay as they are, and what is remarkable about uses, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

if TYPE_CHECKING:
    from typing import Any

    from django.utils.functional import _StrOrPromise

REFUSALS: Mapping[str, Any] = {
    "already_redeemed": ngettext_lazy(
        "%(number)s stays: it has been redeemed.", "%(number)s stay: they have been redeemed.", "n"
    ),
    "code_void": ngettext_lazy(
        "%(number)s stays: it is void.", "%(number)s stay: they are void.", "n"
    ),
    "promised": ngettext_lazy(
        "%(number)s stays: a delivery that is being prepared was promised as many.",
        "%(number)s stay: a delivery that is being prepared was promised as many.",
        "n",
    ),
    "code_issued": ngettext_lazy(
        "%(number)s stays: somebody has it.", "%(number)s stay: somebody has them.", "n"
    ),
    "not_void": ngettext_lazy(
        "%(number)s stays: it is not void.", "%(number)s stay: they are not void.", "n"
    ),
    "code_reserved": ngettext_lazy(
        "%(number)s stays: it is reserved.", "%(number)s stay: they are reserved.", "n"
    ),
    "code_redeemed": ngettext_lazy(
        "%(number)s stays: it has been redeemed.", "%(number)s stay: they have been redeemed.", "n"
    ),
    "code_available": ngettext_lazy(
        "%(number)s stays: somebody has held or used it.",
        "%(number)s stay: somebody has held or used them.",
        "n",
    ),
}
OTHER = ngettext_lazy("%(number)s stays as it is.", "%(number)s stay as they are.", "n")

# What a use is remarked upon for; see `coupons.judging`.
REMARKS: Mapping[str, _StrOrPromise] = {
    "redeemed_in_future": _("dated in the future"),
    "before_start": _("before it was valid"),
    "after_end": _("after its end"),
    "before_assignment": _("before it was assigned"),
    "not_assigned": _("never assigned"),
    "specimen_code": _("code of proofs"),
    "wrong_holder": _("another holder"),
    "code_void": _("void"),
}


def refusals_in_words(refused: Mapping[str, int]) -> list[str]:
    """One sentence for each reason for which some codes stay."""
    return [
        str(REFUSALS.get(reason, OTHER) % {"n": count, "number": number_format(count)})
        for reason, count in sorted(refused.items())
        if count
    ]


def remarks_in_words(flags: Iterable[str]) -> list[str]:
    return [str(REMARKS.get(flag, flag)) for flag in flags]
