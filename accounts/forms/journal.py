"""Finding entries of the journal."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext_lazy

from accounts.journal import VERBS, kind, sentence_of
from accounts.models import JournalEntry, User
from offers_site.filters import ListFilter
from offers_site.languages import codes


def verb_choices() -> list[tuple[str, str]]:
    return [
        ("", str(gettext_lazy("Anything"))),
        *((verb, sentence_of(verb, "…")) for verb in VERBS),
    ]


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of object that the journal holds something about."""
    kinds = JournalEntry.objects.order_by("subject_type").values_list("subject_type", flat=True)
    return [
        ("", str(gettext_lazy("Any object"))),
        *((name, kind(name)) for name in kinds.distinct()),
    ]


def day(value: date) -> datetime:
    return make_aware(datetime.combine(value, time()), get_current_timezone())


class JournalFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Object, person or comment")

    by = forms.ModelChoiceField(
        label=gettext_lazy("Person"),
        queryset=User.objects.order_by("last_name", "first_name", "email"),
        to_field_name="public_id",
        empty_label=gettext_lazy("Anybody"),
    )
    verb = forms.ChoiceField(label=gettext_lazy("What happened"), choices=verb_choices)
    subject_type = forms.ChoiceField(label=gettext_lazy("Kind of object"), choices=kind_choices)
    subject_key = forms.CharField(
        label=gettext_lazy("Key"), max_length=120, widget=forms.HiddenInput
    )
    since = forms.DateField(
        label=gettext_lazy("Since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        equal = {name: self.asked(name) for name in ("by", "verb", "subject_type", "subject_key")}
        queryset = queryset.filter(**{name: value for name, value in equal.items() if value})
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(
                Q(subject_label__resembles=word)
                | Q(**{f"subject_labels__{codes()[0]}__icontains": word})
                | Q(by_name__resembles=word)
                | Q(comment__resembles=word)
                | Q(subject_key=word)
            )
        if since := self.asked("since"):
            queryset = queryset.filter(at__gte=day(since))
        if (until := self.asked("until")) and until < date.max:
            queryset = queryset.filter(at__lt=day(until + timedelta(days=1)))
        return queryset
