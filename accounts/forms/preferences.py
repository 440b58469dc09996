"""How people like to see the product."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User


def zone_choices() -> list[tuple[str, Any]]:
    """The installation's own first, then every city, by continent."""
    continents: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(zoneinfo.available_timezones()):
        continent, slash, city = name.partition("/")
        if slash and continent not in {"Etc", "SystemV", "posix", "right"}:
            continents.setdefault(continent, []).append((name, city.replace("_", " ")))
    own = _("As this installation (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [("", own), ("UTC", "UTC"), *continents.items()]


class PreferencesForm(forms.Form):
    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As the browser")), *User.Language.choices],
        required=False,
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        required=False,
        help_text=gettext_lazy("Dates and times are shown in it."),
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"), choices=User.Theme.choices, widget=forms.RadioSelect
    )


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=User.Language.choices)


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(choices=User.Theme.choices)


class ColumnsField(forms.Field):
    """Names of columns, in as many values and with as many commas as there are."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[str]:
        names = [name for part in value or () for name in str(part).split(",") if name]
        if len(names) > 100 or not all(name.isidentifier() and len(name) <= 60 for name in names):
            raise ValidationError(_("These are not columns of a list."))
        return list(dict.fromkeys(names))


class ListColumnsForm(forms.Form):
    list = forms.RegexField(r"^[a-z][a-z0-9_-]*\Z", max_length=60)
    columns = ColumnsField(required=False)
