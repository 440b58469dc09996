"""Rows in a form: a table whose lines are added, removed and put in order.

    class Row(forms.Form):
        name = forms.CharField()

    fields = RowsField(Row, label=_("Content fields"), adds=_("Add a field"))

`cleaned_data` has a list of what each row says; rows in which nothing stands are left out. Without
script there is one empty row to be filled; with it as many as somebody adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MOST_ROWS = 500


class RowsWidget(forms.Widget):
    template_name = "components/rows.html"
    field: RowsField

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        """With the engine of our pages, which knows our components and tags."""
        return render_to_string(template_name, context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[forms.Form]:
        numbers = data.getlist(f"{name}-row") if hasattr(data, "getlist") else []
        asked = [number for number in dict.fromkeys(numbers) if number.isdigit()]
        found = [self.field.row(data, prefix=f"{name}-{number}") for number in asked[:MOST_ROWS]]
        return [row for row in found if is_filled(row)]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        context["rows"] = self.lines(name, value)
        context["template"] = Line("__row__", self.field.row(prefix=f"{name}-__row__"))
        context["field"] = self.field
        return context

    def lines(self, name: str, value: Any) -> list[Line]:
        """What stands there, and an empty row."""
        lines = []
        for number, each in enumerate(value or ()):
            if isinstance(each, forms.Form):
                key = str(each.prefix or "").rpartition("-")[2]
                lines.append(Line(key, each))
            else:
                row = self.field.row(initial=each, prefix=f"{name}-{number}")
                lines.append(Line(str(number), row))
        taken = max([int(line.key) for line in lines], default=-1)
        spare = str(taken + 1)
        lines.append(Line(spare, self.field.row(prefix=f"{name}-{spare}"), is_spare=True))
        return lines

    def id_for_label(self, id_: str) -> str:
        return id_


class Line:
    """A row on the page, and the number under which it is sent."""

    def __init__(self, key: str, form: forms.Form, *, is_spare: bool = False) -> None:
        self.key, self.form, self.is_spare = key, form, is_spare

    @property
    def errors(self) -> Sequence[tuple[str, Sequence[str]]]:
        if not self.form.is_bound:
            return ()
        return [
            (
                str(self.form.fields[name].label) if name in self.form.fields else "",
                list(map(str, errors)),
            )
            for name, errors in self.form.errors.items()
        ]


def is_filled(row: forms.Form) -> bool:
    """Does anything stand in it that does not stand there by itself, as the first of choices?"""
    return any(
        str(bound.data or "").strip()
        for bound in row.visible_fields()
        if not isinstance(bound.field, forms.BooleanField)
        if not isinstance(bound.field, forms.ChoiceField) or "" in dict(bound.field.choices)  # type: ignore[arg-type] # pairs
    )


class RowsField(forms.Field):
    """Rows, perhaps none."""

    widget = RowsWidget
    default_error_messages = {"required": gettext_lazy("Add at least one row.")}

    def __init__(
        self,
        row: type[forms.Form],
        *,
        adds: Any,
        is_ordered: bool = True,
        options: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.row_type, self.adds, self.is_ordered = row, adds, is_ordered
        self.options: Mapping[str, Any] = options or {}
        self.widget.field = self

    def __deepcopy__(self, memo: dict[int, Any]) -> RowsField:
        copied: RowsField = super().__deepcopy__(memo)
        copied.widget.field = copied
        return copied

    def row(self, *args: Any, **more: Any) -> forms.Form:
        """One row, perhaps empty; nothing in it is required of the browser."""
        options: dict[str, Any] = {"use_required_attribute": False, **self.options, **more}
        return self.row_type(*args, **options)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows: list[forms.Form] = value or []
        told = [
            ValidationError(
                _("Row %(number)s, %(label)s: %(message)s"),
                params={"number": number, "label": label, "message": message},
            )
            for number, row in enumerate(rows, start=1)
            for label, messages in Line("0", row).errors
            for message in messages
        ]
        if told:
            raise ValidationError(told)
        return [row.cleaned_data for row in rows]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True
