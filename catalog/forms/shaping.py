"""Forms of the catalogue: what was typed becomes a shape, and what is wrong stands at its field.

form = CategoryForm(request.POST or None, shape=category_shape(category), …)
if form.is_valid():
    try:
        edit_category(category, form.shape(), version=form.version, …)
    except NotAcceptable as refusal:
        form.tell(refusal.problems)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from accounts.models import User, held_labels
from catalog.models import Environment
from catalog.packages.mistakes import problems_of
from catalog.problems import Problem
from catalog.shapes import Shape
from catalog.wordbook import topics_of
from contacts.forms.audiences import LabelsField
from contacts.forms.rulefield import Rule, RuleField, Surround
from contacts.vocabulary import Topics
from offers_site.fields import LocalMomentField

LARGEST_VERSION = 2**31 - 1


class MomentField(LocalMomentField):
    """A date and time of an environment's zone; the page says which zone that is."""

    zone = ZoneInfo("UTC")

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "any"})
        super().__init__(required=False, widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if not hasattr(value, "isoformat") or timezone.is_naive(value):
            return value
        local = value.astimezone(self.zone).replace(tzinfo=None)
        return local.isoformat(timespec="minutes" if not local.second else "seconds")


class WordsField(forms.CharField):
    """Words between commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        words = (" ".join(word.split()) for word in re.split(r"[,;\n]", text))
        return tuple(dict.fromkeys(word for word in words if word))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and tuple(initial or ()) != self.clean(data)


class TextAreaField(forms.CharField):
    def __init__(self, rows: int = 3, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(required=False, widget=widget, **options)


class ShapedForm(forms.Form):
    """A form that comes to a shape. What it has no field for stays as `shape` says it."""

    shape_type: ClassVar[type[Shape]]
    # Where a problem stands whose path does not begin with the name of a field.
    places: ClassVar[Mapping[str, str]] = {}
    version = forms.IntegerField(
        min_value=1, max_value=LARGEST_VERSION, required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        *args: Any,
        user: User,
        environment: Environment | None = None,
        shape: Shape | None = None,
        version: int | None = None,
        **options: Any,
    ) -> None:
        self.user, self.environment, self.given = user, environment, shape
        initial = {**self.said(shape), "version": version} if shape is not None else {}
        options["initial"] = {**initial, **options.get("initial", {})}
        super().__init__(*args, **options)
        self.rules_for(topics_of(environment) if environment else Topics())
        for field in self.fields.values():
            if isinstance(field, MomentField) and environment is not None:
                field.zone = ZoneInfo(environment.timezone)
                field.widget.attrs["data-zone"] = environment.timezone
        labels = self.fields.get("access_labels")
        if isinstance(labels, LabelsField):
            labels.queryset = held_labels(user)
            if not labels.queryset.exists():
                del self.fields["access_labels"]
        if shape is not None:
            self.is_of_something()

    def is_of_something(self) -> None:
        """It is edited: its name stays."""
        del self.fields["name"]

    def rules_for(self, topics: Topics) -> None:
        for field in self.fields.values():
            if isinstance(field, RuleField):
                field.for_user(self.user, vocabulary=topics, surrounds=self.surrounds())

    def surrounds(self) -> list[Surround]:
        """The rules that hold beside those of this form."""
        return []

    # --- from the shape and to it ---

    def said(self, shape: Any) -> dict[str, Any]:
        """What the fields say at first."""
        return {name: getattr(shape, name) for name in type(shape).model_fields}

    def values(self) -> dict[str, Any]:
        """What the fields say now, by the names of the shape."""
        given = self.cleaned_data
        return {name: plain(given[name]) for name in self.shape_type.model_fields if name in given}

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            base = self.given.model_dump(by_alias=True) if self.given is not None else {}
            values = {**base, **self.values()}
            try:
                self._shape = self.shape_type.model_validate(values)
            except ValidationError as error:
                for place, _code, sentence in problems_of(error, values):
                    self.tell_at(".".join(map(str, place)), sentence)
        return self.cleaned_data

    def shape(self) -> Any:
        """The form as a value, once it is valid."""
        return self._shape

    @property
    def read_at(self) -> int:
        """The version that the page showed."""
        return int(self.cleaned_data.get("version") or 0)

    # --- what is wrong ---

    def tell(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.tell_at(problem.path, problem.message)

    def tell_at(self, path: str, sentence: str) -> None:
        name, rest = self.field_at(path)
        if name in self.fields:
            where = in_words(rest)
            self.add_error(name, f"{where}: {sentence}" if where else sentence)
        else:
            self.add_error(None, f"{path}: {sentence}" if path else sentence)

    def field_at(self, path: str) -> tuple[str, str]:
        """The field of a path, and what of the path is left."""
        for start, name in self.places.items():
            if path == start or path.startswith((f"{start}.", f"{start}[")):
                return name, path[len(start) :]
        found = re.match(r"\w+", path)
        name = found[0] if found else ""
        return name, path[len(name) :]


def plain(value: Any) -> Any:
    """A cleaned value as shapes have it."""
    if isinstance(value, Rule):
        return value.text
    if hasattr(value, "all"):  # labels
        return tuple(each.code for each in value)
    return value


def in_words(rest: str) -> str:
    """`[2].data.basket` as a person reads it: “row 3, basket”."""
    words = []
    for number, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", rest):
        if number:
            words.append(_("row %(number)s") % {"number": int(number) + 1})
        elif name not in {"data", "name", "choices", "type", "label"}:
            words.append(name)
    return ", ".join(words)


def label_field(example: str | Promise) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Label"),
        max_length=80,
        help_text=example,  # type: ignore[arg-type] # lazy
        error_messages={"required": gettext_lazy("Enter a label.")},
    )


def name_field(**options: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Name"),
        max_length=50,
        error_messages={"required": gettext_lazy("Enter a name.")},
        help_text=gettext_lazy(
            "How programs, rules and packages name it: letters, digits, dashes and underscores. "
            "It never changes."
        ),
        widget=forms.TextInput(
            attrs={
                "spellcheck": "false",
                "autocomplete": "off",
                "data-proposed-by": "label",
                "data-proposed-as": "name",
            }
        ),
        **options,
    )
