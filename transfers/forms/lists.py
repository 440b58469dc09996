"""What narrows the list of imports and exports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from offers_site.lists import ListFilter
from transfers.models import Transfer


class TransferFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("File or person")

    direction = forms.MultipleChoiceField(
        label=gettext_lazy("Direction"), choices=Transfer.Direction.choices, required=False
    )
    state = forms.MultipleChoiceField(
        label=gettext_lazy("State"), choices=Transfer.State.choices, required=False
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.asked("q"):
            text = self.asked("q")
            by = Q(by__first_name__resembles=text) | Q(by__last_name__resembles=text)
            queryset = queryset.filter(Q(file_name__resembles=text) | by)
        if self.asked("direction"):
            queryset = queryset.filter(direction__in=self.asked("direction"))
        if self.asked("state"):
            queryset = queryset.filter(sort_state__in=self.asked("state"))
        return queryset
