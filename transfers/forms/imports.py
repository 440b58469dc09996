"""What people choose for an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from transfers.options import BadOption, Options
from transfers.reading.columns import Column
from transfers.reading.faults import FileFault
from transfers.reading.moments import FORMATS
from transfers.subjects import Subject, SubjectOption
from transfers.wording import sentence

NOT_MAPPED = "-"
LIST = "list"  # a field of this name would hide the type


class UploadForm(forms.Form):
    subject = forms.ChoiceField(
        label=gettext_lazy("What is in it"),
        error_messages={"required": gettext_lazy("Choose what is in the file.")},
    )
    file = forms.FileField(
        label=gettext_lazy("The file to import"),
        error_messages={"required": gettext_lazy("Choose a file.")},
        help_text=gettext_lazy("CSV or XML, plain or packed with gzip or zip."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xml,.gz,.zip"}),
        max_length=200,
    )
    like = forms.UUIDField(required=False, widget=forms.HiddenInput)  # an import done before

    def __init__(self, subjects: Sequence[Subject], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["subject"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [(subject.name, str(subject.label)) for subject in subjects]
        if len(subjects) == 1:
            field.widget = forms.HiddenInput()
            field.initial = subjects[0].name


class SettingsForm(forms.Form):
    """How a file is to be read. `header` are its own words, `places` what each is taken for."""

    OPERATIONS = (
        ("insert", gettext_lazy("Add those that are new")),
        ("upsert", gettext_lazy("Add those that are new, change the others")),
        ("update", gettext_lazy("Only change those that are there")),
        ("void", gettext_lazy("Void those that are there")),
    )

    operation = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        error_messages={"required": gettext_lazy("Choose what to do.")},
        widget=forms.RadioSelect,
    )
    on_duplicate = forms.ChoiceField(
        label=gettext_lazy("Those that are there already"),
        error_messages={"required": gettext_lazy("Choose what to do with them.")},
        choices=[
            ("reject", gettext_lazy("Refuse, and list them")),
            ("ignore", gettext_lazy("Pass over")),
        ],
        help_text=gettext_lazy("Of a key that is in the file twice, the first row is taken."),
    )
    encoding = forms.ChoiceField(
        label=gettext_lazy("Encoding"),
        required=False,
        choices=[
            ("", gettext_lazy("UTF-8, or UTF-16 with its mark")),
            ("windows-1252", "Windows-1252"),
            ("iso-8859-15", "ISO 8859-15"),
            ("iso-8859-1", "ISO 8859-1"),
        ],
    )
    delimiter = forms.ChoiceField(
        label=gettext_lazy("Delimiter"),
        required=False,
        choices=[
            ("", gettext_lazy("As in the first line")),
            (";", gettext_lazy("Semicolon")),
            (",", gettext_lazy("Comma")),
            ("tab", gettext_lazy("Tabulator")),
            ("|", gettext_lazy("Bar")),
        ],
    )
    date_format = forms.ChoiceField(
        label=gettext_lazy("Dates"),
        required=False,
        choices=[("", gettext_lazy("2026-01-28 or 2026/01/28")), *((f, f) for f in FORMATS)],
        help_text=gettext_lazy("A date in another form is refused, never guessed."),
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Of times without one, for example Europe/Paris."),
    )
    max_rejects = forms.CharField(
        label=gettext_lazy("Stop when so many rows are refused"),
        error_messages={"required": gettext_lazy("Enter a number of rows or a share.")},
        max_length=10,
        initial="10%",
        help_text=gettext_lazy("A number, or a share; 100% never stops."),
    )
    from_spreadsheet = forms.BooleanField(
        label=gettext_lazy("It was exported for a spreadsheet"),
        required=False,
        help_text=gettext_lazy("The apostrophe before what looks like a formula is taken off."),
    )
    all_or_nothing = forms.BooleanField(
        label=gettext_lazy("All or nothing"),
        required=False,
        help_text=gettext_lazy("Import nothing unless every row is right; up to 200,000 rows."),
    )
    keep_as = forms.CharField(
        label=gettext_lazy("Keep these settings as"), required=False, max_length=80
    )

    def __init__(
        self,
        subject: Subject,
        columns: Mapping[str, Column],
        header: Sequence[str],
        places: Sequence[str | None],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.subject, self.header = subject, header
        operation = self.fields["operation"]
        assert isinstance(operation, forms.ChoiceField)  # noqa: S101 (for the type checker)
        operation.choices = [each for each in self.OPERATIONS if each[0] in subject.operations]
        self.fields[LIST] = forms.BooleanField(
            label=_("It is a bare list"),
            required=False,
            help_text=_("One value on each line, and no first line that names the column."),
        )
        for option in subject.options:
            self.fields[option.name] = field_of(option)
        for name in ("encoding", "delimiter", "date_format", "timezone"):
            self.fields[name].is_said = True  # type: ignore[attr-defined] # "as it is" is an answer
        self.fields["timezone"].widget.attrs["placeholder"] = (
            subject.zone(self.initial) or settings.TIME_ZONE
        )
        choices = [(NOT_MAPPED, _("Do not import")), *self.labels(columns)]
        for number, word in enumerate(header):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=word or "—",
                choices=choices,
                initial=(places[number] if number < len(places) else None) or NOT_MAPPED,
                required=False,
            )

    @staticmethod
    def labels(columns: Mapping[str, Column]) -> list[tuple[str, str]]:
        return [(c.name, f"{c.label} ({c.name})") for c in columns.values() if not c.export_only]

    @property
    def own(self) -> list[forms.BoundField]:
        """What is chosen for this kind of file alone."""
        return [self[option.name] for option in self.subject.options]

    @property
    def mapping(self) -> dict[str, str]:
        """The words of the file whose column was chosen; those that were not sent stay open."""
        chosen = {
            word: self.cleaned_data.get(f"column_{number}", "")
            for number, word in enumerate(self.header)
            if f"column_{number}" in self.data
        }
        return {word: "" if name == NOT_MAPPED else name for word, name in chosen.items() if word}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        names = [n for n in self.mapping.values() if n] if not self.errors else []
        if double := next((name for name in names if names.count(name) > 1), ""):
            raise ValidationError(
                _("Two columns of the file are taken for the same one: %(column)s.")
                % {"column": double}
            )
        return cleaned

    def options(self, *, dry_run: bool) -> Options:
        """The choices, as the import takes them; raises BadOption."""
        own = [option.name for option in self.subject.options]
        given = {
            name: self.cleaned_data[name]
            for name in (*type(self).base_fields, LIST, *own)
            if name != "keep_as"
        }
        return self.subject.options_from({**given, "mapping": self.mapping, "dry_run": dry_run})

    def refuse(self, refusal: BadOption) -> None:
        self.add_error(refusal.name if refusal.name in self.fields else None, refusal.sentence)

    def refuse_file(self, fault: FileFault) -> None:
        """Say of what an option names why no file can be imported there."""
        told = sentence(fault.code, {"value": fault.value, **fault.detail})
        extra = {o.name for o in self.subject.options if o.stands_for and self.cleaned_data[o.name]}
        self.add_error(min(extra, default=None), told)


def field_of(option: SubjectOption) -> forms.Field:
    """What people see of an option of a subject's own."""
    words: dict[str, Any] = {"label": option.label, "help_text": option.help, "required": False}
    if option.is_flag:
        return forms.BooleanField(**words)
    if option.choices:
        choices = [("", _("As usual")), *((choice, choice) for choice in option.choices)]
        return forms.ChoiceField(choices=choices, **words)
    return forms.CharField(max_length=200, **words)
