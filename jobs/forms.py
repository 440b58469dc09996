from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from offers_site.lists import ListFilter


class JobFilter(ListFilter):
    searches = True

    state = forms.MultipleChoiceField(label=_("State"), choices=Job.State.choices, required=False)

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.asked("q"):
            queryset = queryset.filter(title_read__resembles=self.asked("q"))
        if self.asked("state"):
            queryset = queryset.filter(state__in=self.asked("state"))
        return queryset
