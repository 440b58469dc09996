"""Folders of coupons."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AccessLabel, User, held_labels
from contacts.forms.audiences import LabelsField
from coupons.models.folders import LONGEST
from offers_site.filters import ListFilter
from offers_site.values import clean_path


class FolderForm(forms.Form):
    path = forms.CharField(
        label=gettext_lazy("Path"),
        max_length=LONGEST,
        error_messages={"required": gettext_lazy("Enter a path.")},
        help_text=gettext_lazy("From the top, as in Spring/Shops/Lyon."),
    )
    access_labels = LabelsField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels, held = cast(LabelsField, self.fields["access_labels"]), held_labels(user)
        labels.queryset = held
        labels.help_text = _(
            "Only people who hold all of them see the folder, the coupons in it and all below it."
        )
        if not held.exists():
            del self.fields["access_labels"]

    def clean_path(self) -> str:
        path = clean_path(self.cleaned_data["path"])
        if not path:
            raise ValidationError(_("Enter a path."))
        return path

    @property
    def labels(self) -> list[AccessLabel] | None:
        """None where the person holds none that could be chosen."""
        chosen = self.cleaned_data.get("access_labels")
        return None if chosen is None else list(chosen)


class FolderEditForm(FolderForm):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class FolderFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Path")

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(path__resembles=word)
        return queryset
