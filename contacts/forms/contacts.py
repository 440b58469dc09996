"""People as forms: one field for each column, typed by its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.columns import BUILT_IN, OPT_OUTS, Column
from contacts.disclosing import GROUPS, MASK, in_words
from contacts.facts import Known
from contacts.models import Contact
from contacts.searching import search
from contacts.values import BadValue, bad, from_text, is_email, list_of, to_text
from contacts.values import from_texts as reader_of
from offers_site.filters import ListFilter
from rules.kinds import BOOL, DATE, DOUBLE, INT, TIMESTAMP, Kind

UNKNOWN = gettext_lazy("unknown")


class ValueField(forms.Field):
    """The value of a column, typed by people; empty is missing."""

    def __init__(self, column: Column, **options: Any) -> None:
        self.column = column
        super().__init__(
            required=column.name == "key",
            label=column.label,
            widget=widget_of(column),
            error_messages={"required": gettext_lazy("Enter a key.")},
            **options,
        )

    def to_python(self, value: Any) -> Any:
        column = self.column
        try:
            if column.kind.is_list:
                return self.read_list(value)
            return from_text(column, value or "", zone=get_current_timezone())
        except BadValue as refusal:
            raise ValidationError(str(refusal.sentence), code=refusal.code) from refusal

    def read_list(self, value: Any) -> Any:
        parts = value if isinstance(value, list | tuple) else (value or "").splitlines()
        if any("\0" in part for part in parts):
            raise bad("has_nul")
        read = reader_of(self.column.kind.element)
        texts = [part.strip() for part in parts if part.strip()]
        return list_of(self.column, [read(text, get_current_timezone()) for text in texts])

    def prepare_value(self, value: Any) -> Any:
        """A stored value as its input wants it; what was typed stays as it was typed."""
        match value:
            case str() | None:
                return value
            case list() | tuple() if isinstance(self.widget, forms.Textarea):
                return "\n".join(map(to_text, value))
            case list() | tuple():
                return [to_text(each) for each in value]
            case datetime():
                return localtime(value).replace(tzinfo=None).isoformat()
        return to_text(value)


def widget_of(column: Column) -> forms.Widget:
    kind = column.kind
    choices = list(column.choices.items())
    if kind.is_list and choices:
        return forms.CheckboxSelectMultiple(choices=choices)
    if kind.is_list:
        return forms.Textarea(attrs={"rows": 3})
    if choices:
        return forms.Select(choices=[("", UNKNOWN), *choices])
    if kind == BOOL:
        yes_no = [("true", gettext_lazy("yes")), ("false", gettext_lazy("no"))]
        return forms.Select(choices=[("", UNKNOWN), *yes_no])
    make = WIDGETS.get(kind)
    return make() if make else forms.TextInput(attrs=INPUTS.get(column.name, {}))


class DateTimeInput(forms.DateTimeInput):
    input_type = "datetime-local"


class DateInput(forms.DateInput):
    input_type = "date"


WIDGETS: Mapping[Kind, Any] = {
    DATE: lambda: DateInput(format="%Y-%m-%d"),
    TIMESTAMP: lambda: DateTimeInput(attrs={"step": "any"}),
    INT: lambda: forms.TextInput(attrs={"inputmode": "numeric"}),
    DOUBLE: lambda: forms.TextInput(attrs={"inputmode": "decimal"}),
}
INPUTS: Mapping[str, dict[str, str]] = {
    "email": {"inputmode": "email", "autocomplete": "off"},
    "phone": {"inputmode": "tel", "autocomplete": "off"},
}
HELP: Mapping[str, Any] = {
    "key": gettext_lazy("What files and programs call this contact by. Each key is used once."),
    "phone": gettext_lazy("With the country code, as in +33 6 12 34 56 78."),
    "language": gettext_lazy("A code, as in fr or en-GB."),
    "timezone": gettext_lazy("A name, as in Europe/Paris."),
}


def is_shown(column: Column, *, personal: bool) -> bool:
    return (personal or not column.is_personal) and column.name != "created_at"


class ContactCreateForm(forms.Form):
    """Every column that the person may see."""

    def __init__(
        self, *args: Any, columns: Mapping[str, Column], personal: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, column in columns.items():
            if is_shown(column, personal=personal):
                self.fields[name] = ValueField(column, help_text=help_of(column))
        headings = (_("Identity"), _("Reach"), _("Address"))
        names = [group for _code, group in GROUPS]
        declared = [name for name in self.fields if name not in BUILT_IN]
        self.groups: Sequence[tuple[str, Sequence[str]]] = (
            *zip(headings, names, strict=True),
            (_("Attributes"), declared),
        )

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    @property
    def warnings(self) -> list[str]:
        """What is odd about what was typed, but is accepted."""
        email = self.cleaned_data.get("email")
        return [_("No mail can be sent to this address.")] if email and not is_email(email) else []


def help_of(column: Column) -> str:
    if column.attribute is not None and column.attribute.description:
        return column.attribute.description
    if column.kind.is_list and not column.choices:
        return _("One on each line.")
    return str(HELP.get(column.name, ""))


class ContactEditForm(ContactCreateForm):
    def __init__(self, *args: Any, facts: Known, version: int, **kwargs: Any) -> None:
        kwargs["initial"] = {**facts, "version": version}
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.IntegerField(
            min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput
        )


class OptOutForm(forms.Form):
    """Which channels are closed, and what proves it."""

    proof = forms.CharField(
        label=gettext_lazy("Proof"),
        error_messages={"required": gettext_lazy("Say how and when they asked for it.")},
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "How and when they asked for it: “by phone on 3 May, call 4711”. It stays in the "
            "history."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, column in OPT_OUTS.items():
            self.fields[name] = forms.BooleanField(label=capfirst(column.label), required=False)
        self.order_fields([*OPT_OUTS, "proof"])

    @property
    def opt_outs(self) -> dict[str, bool]:
        return {name: self.cleaned_data[name] for name in OPT_OUTS}


class ContactField(forms.CharField):
    """A contact by key, or by a key that they had before."""

    def clean(self, value: Any) -> Contact | None:
        key = super().clean(value)
        if not key:
            return None
        contact = Contact.objects.contacts().with_key(key).first()
        if contact is None:
            raise ValidationError(_("There is no contact with this key."))
        return contact


class OtherContactForm(forms.Form):
    """Whom to merge with."""

    other = ContactField(
        label=gettext_lazy("Key of the other contact"),
        error_messages={"required": gettext_lazy("Enter the key of the other contact.")},
        max_length=120,
        help_text=gettext_lazy("The next page shows both side by side, and you choose."),
    )


class VisitorLinkForm(forms.Form):
    contact = ContactField(
        label=gettext_lazy("Key of the contact"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Leave it empty when it is not known any more."),
    )


class MergeForm(forms.Form):
    """For each field in which two contacts differ: whose value stays."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    other_version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        facts: Known,
        other_facts: Known,
        columns: Mapping[str, Column],
        personal: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, column in columns.items():
            mine, theirs = facts.get(name), other_facts.get(name)
            if name in {"key", "created_at"} or mine == theirs:
                continue
            hidden = column.is_personal and not personal
            words = [
                MASK if hidden and each is not None else in_words(column, each) or str(UNKNOWN)
                for each in (mine, theirs)
            ]
            self.fields[name] = forms.ChoiceField(
                label=column.label,
                choices=[("kept", words[0]), ("other", words[1])],
                initial="other" if mine is None else "kept",
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose whose value stays.")},
            )

    @property
    def take(self) -> list[str]:
        return [name for name, whose in self.cleaned_data.items() if whose == "other"]


class EraseForm(forms.Form):
    """The key once more: nothing brings back who is erased."""

    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=120,
        error_messages={"required": gettext_lazy("Type the key to confirm.")},
    )

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contact = contact
        self.fields["key"].help_text = _("Type %(key)s to confirm.") % {"key": contact.key}

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if key != self.contact.key:
            raise ValidationError(_("This is not the key."))
        return key


# --- lists ---


class PeopleFilter(ListFilter):
    """Search as far as the person may see."""

    searches = True
    kind = "contact"
    personal = False
    search_label = gettext_lazy("Key")

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        text = self.asked("q") or ""
        return search(queryset, text, kind=self.kind, personal=self.personal)  # type: ignore[arg-type] # of contacts


class ContactFilter(PeopleFilter):
    personal = True
    search_label = gettext_lazy("Key, name, email or phone")


class VisitorFilter(ContactFilter):
    kind = "visitor"


class MaskedVisitorFilter(PeopleFilter):
    kind = "visitor"
