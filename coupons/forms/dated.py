"""What codes may have of their own, beside what their coupon says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from coupons.forms.fields import MomentField, NumberField, put_moments
from coupons.forms.suggesting import SuggestInput, suggest
from coupons.models import Coupon

FIELD_OF = {"start_at": "start", "end_at": "end"}


class DatedForm(forms.Form):
    """Codes with a segment, dates and limits of their own."""

    segment = forms.CharField(
        label=gettext_lazy("Segment"),
        max_length=100,
        required=False,
        widget=SuggestInput,
        help_text=gettext_lazy("Deliveries may ask for codes of one segment."),
    )
    start = MomentField(
        label=gettext_lazy("Valid from"), help_text=gettext_lazy("Empty: as the coupon.")
    )
    end = MomentField(
        label=gettext_lazy("Valid until"),
        help_text=gettext_lazy("Without a time, that day counts in full. Empty: as the coupon."),
    )
    max_redemptions = NumberField(
        label=gettext_lazy("Uses of each code"),
        help_text=gettext_lazy("Empty: as the coupon says."),
    )

    def __init__(self, *args: Any, coupon: Coupon, segments: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coupon = coupon
        suggest(self.fields["segment"], sorted(name for name in set(segments) if name))

    def clean(self) -> dict[str, Any]:
        put_moments(self, self.cleaned_data, self.coupon.timezone)
        return self.cleaned_data

    @property
    def dated(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "segment": given["segment"],
            "start_at": given["start_at"],
            "end_at": given["end_at"],
            "max_redemptions": given["max_redemptions"],
        }

    def refuse(self, name: str, sentence: str) -> None:
        field = FIELD_OF.get(name, name)
        self.add_error(field if field in self.fields else None, sentence)
