"""What narrows a list: a form in the address, of which only the valid part counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

M = TypeVar("M", bound=models.Model)


class ListFilter(forms.Form):
    """What narrows a list. Fields are all optional; `narrow` reads `self.cleaned_data`.

    With `searches = True` there is a field `q`. Fields must not bear a name that the list uses
    itself (`sort`, `columns`, `after`, `before`, `size`, `row`).
    """

    searches: ClassVar[bool] = False
    search_label: ClassVar[_StrOrPromise] = gettext_lazy("Search")

    q = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "filter-%s")
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)
        if not self.searches:
            del self.fields["q"]
        for name, shown in self.fields.items():
            shown.required = False
            if isinstance(shown, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
                shown.widget = as_checkboxes(shown)
            if name == "q":
                shown.label = self.search_label
                shown.widget = forms.SearchInput(attrs={"placeholder": self.search_label})

    @property
    def given(self) -> dict[str, list[str]]:
        """What the address says, field by field."""
        return dict(self.data.lists()) if isinstance(self.data, MultiValueDict) else {}

    def narrow(self, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
        """The rows that match what was asked."""
        return queryset

    def asked(self, name: str) -> Any:
        """What was asked in a field, and something false when nothing was."""
        return self.cleaned_data.get(name)


def as_checkboxes(
    choice: forms.MultipleChoiceField | forms.ModelMultipleChoiceField[Any],
) -> forms.CheckboxSelectMultiple:
    """Several choices are ticked in a menu, not held with Ctrl in a box."""
    widget = forms.CheckboxSelectMultiple()
    widget.choices = choice.widget.choices
    return widget


def valid_part(filters: type[ListFilter], asked: QueryDict) -> ListFilter:
    """A valid form: with what was asked, less the fields that were asked wrongly."""
    known = set(filters.base_fields)
    given = {
        name: values
        for name, values in asked.lists()
        if name in known and not any("\0" in value for value in values)
    }
    form = filters(MultiValueDict(given))
    if form.is_valid():
        return form
    right = {name: values for name, values in given.items() if name not in form.errors}
    form = filters(MultiValueDict(right))
    if not form.is_valid():  # the fields contradict each other
        form = filters(MultiValueDict())
        form.is_valid()
    return form


def is_nothing(value: object) -> bool:
    if isinstance(value, models.QuerySet):
        return not value
    return value in (None, "", False) or value == [] or value == ()


def display(bound: forms.BoundField, value: object) -> str:
    """A filter's value as its chip says it."""
    if value is True:
        return _("yes")
    if isinstance(value, datetime):
        return date_format(localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(bound.field, forms.ChoiceField) and not isinstance(
        bound.field, forms.ModelChoiceField
    ):
        labels = dict(flat_choices(bound.field))
        values = value if isinstance(value, list) else [value]
        return ", ".join(str(labels.get(str(each), each)) for each in values)
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(str(each) for each in value)
    return str(value)


def flat_choices(choice: forms.ChoiceField) -> list[tuple[str, object]]:
    flat: list[tuple[str, object]] = []
    given: Any = choice.choices  # however it was declared, it can be iterated by now
    for value, label in given:
        if isinstance(label, list | tuple):
            flat += [(str(inner), text) for inner, text in label]
        else:
            flat.append((str(value), label))
    return flat
