"""What an administrator decides for all coupons."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy


class OptionsForm(forms.Form):
    is_on = forms.BooleanField(
        label=gettext_lazy("Coupons are in use"),
        required=False,
        help_text=gettext_lazy(
            "Switched off, their pages, their part of the API and their files are gone for "
            "everybody, and nothing can be redeemed. What there is stays as it is."
        ),
    )
    days_kept_ready = forms.DecimalField(
        label=gettext_lazy("Days for which codes stay reserved"),
        min_value=Decimal("0.04"),
        max_value=90,
        decimal_places=2,
        error_messages={"required": gettext_lazy("Enter a number of days.")},
        help_text=gettext_lazy(
            "For a delivery that is ready but not sent. After that its codes go back into stock. "
            "From an hour (0.04) to 90 days."
        ),
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
