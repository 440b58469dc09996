"""Redeeming by hand, taking a redemption back, and finding redemptions."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.forms.codes import CodeField
from offers_site.filters import ListFilter


class RedeemForm(forms.Form):
    """A use that somebody notes by hand."""

    groups = (
        ("", ("code", "customer_key", "comment")),
        (
            gettext_lazy("The purchase"),
            ("order_id", "store", "channel", "amount", "discount", "currency"),
        ),
    )

    # The same form, sent twice, is one use.
    name = forms.UUIDField(widget=forms.HiddenInput)
    code = CodeField()
    customer_key = forms.CharField(
        label=gettext_lazy("Customer"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The key of whoever uses it."),
    )
    comment = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=500,
        error_messages={"required": gettext_lazy("Say why it is redeemed by hand.")},
        help_text=gettext_lazy(
            "Why it is redeemed by hand, as in “the till was down”. It stays with it."
        ),
    )
    order_id = forms.CharField(label=gettext_lazy("Order"), max_length=120, required=False)
    store = forms.CharField(label=gettext_lazy("Store"), max_length=120, required=False)
    channel = forms.CharField(label=gettext_lazy("Channel"), max_length=50, required=False)
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"),
        max_digits=14,
        decimal_places=2,
        required=False,
        error_messages={"invalid": gettext_lazy("Enter a number.")},
    )
    discount = forms.DecimalField(
        label=gettext_lazy("Discount"),
        max_digits=14,
        decimal_places=2,
        required=False,
        error_messages={"invalid": gettext_lazy("Enter a number.")},
    )
    currency = forms.RegexField(
        r"^[A-Za-z]{3}\Z",
        label=gettext_lazy("Currency"),
        required=False,
        error_messages={"invalid": gettext_lazy("Three letters, as in EUR.")},
    )

    def __init__(self, *args: Any, has_code: bool, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": uuid.uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        if has_code:  # the page says which
            del self.fields["code"]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        some = given.get("amount") is not None or given.get("discount") is not None
        if some and not given.get("currency") and "currency" not in self.errors:
            self.add_error("currency", ValidationError(_("Say which currency.")))
        return given


class RollBackForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        error_messages={"required": gettext_lazy("Say why.")},
        help_text=gettext_lazy("As in “goods returned”. It stays in the history."),
    )


class RedemptionFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Order, customer, store or ticket")

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[
            ("", gettext_lazy("Any")),
            ("counts", gettext_lazy("Counts")),
            ("reversed", gettext_lazy("Reversed")),
            ("remarked", gettext_lazy("With remarks")),
        ],
    )
    since = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if text := (self.asked("q") or "").strip():
            exact = Q(order_id=text) | Q(store=text) | Q(external_id=text)
            queryset = queryset.filter(exact | Q(customer_key=text))
        match self.asked("state"):
            case "counts":
                queryset = queryset.filter(reversal=None)
            case "reversed":
                queryset = queryset.filter(reversal__isnull=False)
            case "remarked":
                queryset = queryset.exclude(flags=[])
        if since := self.asked("since"):
            queryset = queryset.filter(redeemed_on__date__gte=since)
        if until := self.asked("until"):
            queryset = queryset.filter(redeemed_on__date__lte=until)
        return queryset
