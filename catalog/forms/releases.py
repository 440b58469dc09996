"""Which releases are listed and compared, going back to one, and when a planned one is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.forms.approving import CommentField
from catalog.forms.offers import LARGEST_VERSION
from catalog.forms.shaping import MomentField
from catalog.models import Environment, Offer, PlannedRelease, Release
from offers_site.filters import ListFilter

MOST_CHOICES = 200  # of the latest releases; others are reached by their address


class ReleaseFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Comment, person or number")

    cause = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=[("", gettext_lazy("Anything")), *Release.Cause.choices],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            meant = Q(comment__resembles=word) | Q(by_name__resembles=word)
            if word.isdecimal() and len(word) < 10:
                meant |= Q(number=int(word))
            queryset = queryset.filter(meant)
        if cause := self.asked("cause"):
            queryset = queryset.filter(cause=cause)
        return queryset


class CompareForm(forms.Form):
    """Two releases. It stands in the address, so what is wrong there counts as nothing."""

    before = forms.TypedChoiceField(label=gettext_lazy("From"), coerce=int, required=False)
    after = forms.TypedChoiceField(label=gettext_lazy("To"), coerce=int, required=False)

    def __init__(self, *args: Any, releases: Iterable[Release], **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(release.number, said(release)) for release in releases]
        before: Any = self.fields["before"]
        before.choices = [*known, (0, _("Nothing: before the first release"))]
        after: Any = self.fields["after"]
        after.choices = known


def said(release: Release) -> str:
    moment = date_format(localtime(release.made_at), "SHORT_DATETIME_FORMAT")
    return f"{release.number} · {release.get_cause_display()}, {moment}"


class RollBackForm(forms.Form):
    """Why; and what was live when its changes were shown."""

    comment = CommentField(
        label=gettext_lazy("Why"), help_text=gettext_lazy("Stands with the release, for everybody.")
    )
    live = forms.IntegerField(min_value=1, max_value=LARGEST_VERSION, widget=forms.HiddenInput)


class PlannedReleaseForm(forms.Form):
    """When approved offers go live together, and which."""

    moment = MomentField(label=gettext_lazy("At"))
    comment = CommentField(help_text=gettext_lazy("Stands with the release, for everybody."))
    offers = forms.MultipleChoiceField(
        label=gettext_lazy("Offers"),
        required=False,
        help_text=gettext_lazy("Those that you leave out stay approved, and wait."),
        widget=forms.CheckboxSelectMultiple,
    )
    version = forms.IntegerField(min_value=1, max_value=LARGEST_VERSION, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        plan: PlannedRelease,
        environment: Environment,
        offers: Iterable[Offer],
    ) -> None:
        self.by_code = {offer.code: offer for offer in offers}
        initial = {
            "moment": plan.at,
            "comment": plan.comment,
            "offers": list(self.by_code),
            "version": plan.version,
        }
        super().__init__(data, initial=initial)
        moment: Any = self.fields["moment"]
        moment.zone = ZoneInfo(environment.timezone)
        moment.widget.attrs["data-zone"] = environment.timezone
        field: Any = self.fields["offers"]
        field.choices = [(code, f"{offer} · {code}") for code, offer in self.by_code.items()]

    def clean_moment(self) -> Any:
        moment = self.cleaned_data["moment"]
        if moment is None:
            raise forms.ValidationError(_("Say when."))
        if moment <= now():
            raise forms.ValidationError(_("Choose a moment to come."))
        return moment

    def chosen(self) -> list[Offer]:
        return [self.by_code[code] for code in self.cleaned_data["offers"]]
