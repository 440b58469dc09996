"""How people like to see the product."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from offers_site.lists import BY_NAME, List
from offers_site.values import time_zones

AUTO = "auto"  # leave it to the browser, or to the installation: we store nothing


class AutoChoiceField(forms.ChoiceField):
    """A choice that is always made; `auto` becomes nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(initial=AUTO, **options)

    def prepare_value(self, value: Any) -> Any:
        return value or AUTO

    def clean(self, value: Any) -> str:
        chosen: str = super().clean(value or AUTO)
        return "" if chosen == AUTO else chosen


class LanguageField(AutoChoiceField):
    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Language"),
            choices=[(AUTO, gettext_lazy("As the browser")), *User.Language.choices],
        )


def zone_choices() -> list[tuple[str, Any]]:
    """The installation's own first, then every city, by continent."""
    continents: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(time_zones()):
        continent, slash, city = name.partition("/")
        if slash and continent not in {"Etc", "SystemV", "posix", "right"}:
            continents.setdefault(continent, []).append((name, city.replace("_", " ")))
    own = _("As this installation (%(zone)s)") % {"zone": settings.TIME_ZONE}
    return [(AUTO, own), ("UTC", "UTC"), *continents.items()]


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
    language = LanguageField()
    time_zone = AutoChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        help_text=gettext_lazy("Dates and times are shown in it."),
    )
    theme = forms.ChoiceField(
        label=gettext_lazy("Theme"),
        choices=User.Theme.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a theme.")},
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
        return list(dict.fromkeys(names))


class ListColumnsForm(forms.Form):
    """Columns of a list that there is: what is kept cannot grow with what is sent."""

    list = forms.CharField()
    columns = ColumnsField(required=False)

    def clean_list(self) -> List:
        try:
            return BY_NAME[self.cleaned_data["list"]]
        except KeyError:
            raise ValidationError(_("There is no such list.")) from None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if "list" in given and not set(given.get("columns", ())) <= set(given["list"].by_name):
            raise ValidationError(_("These are not columns of a list."))
        return given
