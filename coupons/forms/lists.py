"""What narrows the list of coupons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from accounts.models import User
from coupons.alerting import SOON, low
from coupons.models import Coupon, Folder
from offers_site.filters import ListFilter

VALIDITY = {
    "today": gettext_lazy("Valid today"),
    "ending": gettext_lazy("Ends within a week"),
    "future": gettext_lazy("Not yet valid"),
    "ended": gettext_lazy("Ended"),
}


class CouponFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Label or code")

    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=[
            ("", gettext_lazy("Any")),
            ("anonymous", gettext_lazy("Anonymous")),
            ("individual", gettext_lazy("Individual")),
        ],
    )
    status = forms.MultipleChoiceField(label=gettext_lazy("Status"), choices=Coupon.Status.choices)
    validity = forms.ChoiceField(
        label=gettext_lazy("Validity"),
        choices=[("", gettext_lazy("Any")), *VALIDITY.items()],
    )
    folder = forms.ModelChoiceField(
        label=gettext_lazy("Folder"),
        queryset=Folder.objects.none(),
        to_field_name="path",
        empty_label=gettext_lazy("Any"),
    )
    low = forms.BooleanField(label=gettext_lazy("Low stock"))

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(Q(label__resembles=word) | Q(code__icontains=word))
        if kind := self.asked("type"):
            queryset = queryset.filter(type=kind)
        if statuses := self.asked("status"):
            queryset = queryset.filter(status__in=statuses)
        if folder := self.asked("folder"):
            within = Q(folder=folder) | Q(folder__path__startswith=f"{folder.path}/")
            queryset = queryset.filter(within)
        if validity := self.asked("validity"):
            queryset = queryset.filter(VALID_NOW[validity])
        if self.asked("low"):
            queryset = queryset.filter(pk__in=low(Coupon.objects.all()))
        return queryset


def coupon_filter(user: User) -> type[CouponFilter]:
    """The filter with the folders that somebody may see."""
    folders = forms.ModelChoiceField(
        label=gettext_lazy("Folder"),
        queryset=Folder.objects.visible_to(user).order_by("path"),
        to_field_name="path",
        empty_label=gettext_lazy("Any"),
    )
    return type("CouponFilter", (CouponFilter,), {"folder": folders})


VALID_NOW = {
    "today": (Q(start_at=None) | Q(start_at__lte=Now())) & (Q(end_at=None) | Q(end_at__gt=Now())),
    "ending": Q(end_at__gt=Now(), end_at__lte=Now() + SOON),
    "future": Q(start_at__gt=Now()),
    "ended": Q(end_at__lte=Now()),
}
