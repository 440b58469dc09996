"""What people choose for an export: which rows, which columns, in which form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from offers_site.fields import LocalMomentField
from transfers.exporting import Wanted
from transfers.reading.columns import Column
from transfers.subjects import Subject


class SubjectForm(forms.Form):
    """What the export is about, where there is a choice."""

    subject = forms.ChoiceField(
        label=gettext_lazy("What to export"),
        error_messages={"required": gettext_lazy("Choose what to export.")},
    )

    def __init__(self, subjects: Sequence[Subject], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["subject"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [(subject.name, str(subject.label)) for subject in subjects]


class ExportForm(forms.Form):
    """`columns` are those that may leave, `shown` those of the list that somebody came from."""

    which = forms.ChoiceField(
        label=gettext_lazy("Columns"),
        error_messages={"required": gettext_lazy("Choose which columns.")},
        widget=forms.RadioSelect,
    )
    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Choose the columns and their order"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    changed = forms.ChoiceField(
        label=gettext_lazy("Rows"),
        error_messages={"required": gettext_lazy("Choose which rows.")},
        widget=forms.RadioSelect,
    )
    since = LocalMomentField(
        label=gettext_lazy("Changed since"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    limit = forms.IntegerField(
        label=gettext_lazy("At most so many rows"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
    )
    profile = forms.ChoiceField(
        label=gettext_lazy("For"),
        error_messages={"required": gettext_lazy("Choose what it is for.")},
        choices=[
            ("spreadsheet", gettext_lazy("A spreadsheet: nothing in it can act as a formula")),
            ("machine", gettext_lazy("A program: values as they are, to be imported again")),
        ],
        widget=forms.RadioSelect,
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        error_messages={"required": gettext_lazy("Choose a format.")},
        choices=[("csv", "CSV"), ("xml", "XML")],
    )
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Delimiter"),
        error_messages={"required": gettext_lazy("Choose a delimiter.")},
        choices=[
            (";", gettext_lazy("Semicolon")),
            (",", gettext_lazy("Comma")),
            ("tab", gettext_lazy("Tabulator")),
        ],
        help_text=gettext_lazy("Of CSV; XML has none."),
    )
    labels = forms.BooleanField(
        label=gettext_lazy("Labels instead of the values of choices"),
        required=False,
        help_text=gettext_lazy("“Low income” instead of “low”; such a file cannot be imported."),
    )

    def __init__(
        self,
        *args: Any,
        columns: Mapping[str, Column],
        shown: Sequence[str],
        last: datetime | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.available, self.shown, self.last = columns, shown, last
        has_labels = any(column.labels for column in columns.values())
        self.choose("which", self.ways())
        self.choose("columns", self.ordered())
        self.choose("changed", self.changes())
        if not has_labels:
            del self.fields["labels"]
        self.fields["since"].is_said = True  # type: ignore[attr-defined] # only asked for when it is needed
        if shown and not self.initial.get("which"):
            self.initial["which"] = "shown"
        for name, value in DEFAULTS.items():
            self.initial.setdefault(name, value)

    def choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = choices

    def ways(self) -> list[tuple[str, str]]:
        shown = ", ".join(str(self.available[name].label) for name in self.shown)
        ways = (
            [("shown", _("Those of the list: %(columns)s") % {"columns": shown})] if shown else []
        )
        return [
            *ways,
            ("all", _("All %(number)s") % {"number": len(self.available)}),
            ("chosen", _("Those that I choose")),
        ]

    def ordered(self) -> list[tuple[str, Any]]:
        """The columns as they were put in order, and below them the others."""
        given = self.data.getlist("columns") if hasattr(self.data, "getlist") else []
        first = given or self.initial.get("columns") or self.shown
        names = [name for name in dict.fromkeys(first) if name in self.available]
        if not self.is_bound and not self.initial.get("columns"):
            self.initial["columns"] = names or list(self.available)
        others = [name for name in self.available if name not in names]
        return [(name, self.available[name].label) for name in (*names, *others)]

    def changes(self) -> list[tuple[str, str]]:
        ways = [("any", _("All of them")), ("since", _("Only those changed since a date"))]
        if self.last is None:
            return ways
        moment = date_format(localtime(self.last), "SHORT_DATETIME_FORMAT")
        since = _("Only those changed since my last export, of %(moment)s") % {"moment": moment}
        return [ways[0], ("last", since), ways[1]]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("which") == "chosen" and not cleaned.get("columns"):
            self.add_error("columns", ValidationError(_("Choose at least one column.")))
        lacks_date = cleaned.get("changed") == "since" and not cleaned.get("since")
        if lacks_date and "since" not in self.errors:
            self.add_error("since", ValidationError(_("Say since when.")))
        if cleaned.get("labels") and cleaned.get("profile") == "machine":
            said = _("A program wants the values: choose a spreadsheet, or leave this out.")
            self.add_error("labels", ValidationError(said))
        return cleaned

    def wanted(self, filters: Mapping[str, Any]) -> Wanted:
        """What was chosen, narrowed as the list was."""
        given = self.cleaned_data
        names = {"shown": self.shown, "all": list(self.available), "chosen": given["columns"]}
        columns = list(names[given["which"]])
        since = {"last": self.last, "since": given["since"]}.get(given["changed"])
        narrowed = {"changed_since": since.isoformat()} if since else {}
        return Wanted(
            profile=given["profile"],
            format=given["format"],
            delimiter="\t" if given["delimiter"] == "tab" else given["delimiter"],
            columns=columns,
            shows_personal=any(self.available[name].personal for name in columns),
            labels=given.get("labels", False),
            limit=given["limit"],
            filters={**filters, **narrowed},
        )


DEFAULTS = {
    "which": "all",
    "changed": "any",
    "profile": "spreadsheet",
    "format": "csv",
    "delimiter": ";",
}


def initial_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of an earlier export."""
    delimiter = options.get("delimiter", ";")
    return {
        "which": "chosen" if options.get("columns") else "all",
        "columns": options.get("columns"),
        "profile": options.get("profile"),
        "format": options.get("format"),
        "delimiter": "tab" if delimiter == "\t" else delimiter,
        "labels": options.get("labels", False),
        "limit": options.get("limit"),
    }
