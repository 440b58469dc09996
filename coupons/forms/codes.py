"""Adding, finding and withdrawing codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.browsing import DERIVED, Wanted
from coupons.forms.dated import DatedForm
from coupons.forms.fields import NumberField
from coupons.models import Batch, Standing
from offers_site.filters import ListFilter

NO_SEGMENT = "-"  # a segment cannot be nothing in an address, where nothing is any


class CodeFilter(ListFilter):
    """What narrows the codes of one pool; see `filter_of`. Codes never stand in an address."""

    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=[
            ("", gettext_lazy("Any")),
            (gettext_lazy("Stored"), Standing.Status.choices),
            (gettext_lazy("By dates and uses"), list(DERIVED.items())),
        ],
    )

    @property
    def wanted(self) -> Wanted:
        segment, batch = self.asked("segment"), self.asked("batch")
        return Wanted(
            status=self.asked("status") or "",
            segment=None if not segment else "" if segment == NO_SEGMENT else segment,
            batch=int(batch) if batch else None,
        )


def filter_of(segments: Iterable[str], batches: Iterable[Batch]) -> type[CodeFilter]:
    """The filter of a pool with these segments and batches."""
    fields: dict[str, Any] = {}
    names = sorted(set(segments))
    if names not in ([], [""]):
        named = [(name or NO_SEGMENT, name or _("None")) for name in names]
        fields["segment"] = forms.ChoiceField(label=_("Segment"), choices=[("", _("Any")), *named])
    known = [(str(batch.pk), str(batch)) for batch in batches]
    if known:
        fields["batch"] = forms.ChoiceField(label=_("Batch"), choices=[("", _("Any")), *known])
    return type("CodeFilterOfPool", (CodeFilter,), fields)


class CodeField(forms.CharField):
    """A code as somebody has it before them. It is sent in a body, never in an address."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Code"))
        super().__init__(
            max_length=200,
            error_messages={"required": gettext_lazy("Enter a code.")},
            widget=forms.TextInput(
                attrs={"class": "code-input", "spellcheck": "false", "autocomplete": "off"}
            ),
            **options,
        )


class FindForm(forms.Form):
    code = CodeField()


class CodeAddForm(DatedForm):
    groups = (
        ("", ("code", "label", "segment")),
        (
            gettext_lazy("Only for this code"),
            ("start", "end", "max_redemptions", "restricted_to"),
        ),
    )
    field_order = ("code", "label", "segment", "start", "end", "max_redemptions", "restricted_to")

    code = CodeField()
    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A name beside the code."),
    )
    max_redemptions = NumberField(
        label=gettext_lazy("Uses"), help_text=gettext_lazy("Empty: as the coupon says.")
    )
    restricted_to = forms.CharField(
        label=gettext_lazy("Only for the contact"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The key of whom this code is kept for."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        for name in ("start", "end"):
            given.pop(name, None)
        return given


class ReasonForm(forms.Form):
    """Why something is taken away: it stays in the ledger."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        error_messages={"required": gettext_lazy("Say why.")},
        help_text=gettext_lazy("It stays with the codes for good."),
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"].strip()
        if not reason:
            raise ValidationError(_("Say why."))
        return reason
