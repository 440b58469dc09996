"""The keys of programs."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.timezone import get_current_timezone, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiKey, folder_paths, is_origin, origin_as_sent
from offers_site.filters import ListFilter


def scope_choices() -> list[tuple[str, str]]:
    """With the names by which programs know them."""
    words = '{} <code class="option-more">{}</code>'
    return [(scope.value, format_html(words, scope.label, scope.value)) for scope in ApiKey.Scope]


class WordsField(forms.CharField):
    """Words between commas, spaces or lines."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=4000, **options)

    def clean(self, value: object) -> Any:
        return [word for word in re.split(r"[\s,]+", super().clean(value)) if word]


class KeyCreateForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        error_messages={"required": gettext_lazy("Enter a name.")},
        max_length=80,
        help_text=gettext_lazy("The program or the site that will use it."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=scope_choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one scope.")},
    )
    spaces = WordsField(
        label=gettext_lazy("Spaces"),
        help_text=gettext_lazy(
            "The only spaces it may ask for, by name, with commas between them. Empty: all."
        ),
    )
    coupon_folders = forms.CharField(
        label=gettext_lazy("Coupon folders"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "The only folders whose coupons are there for it, each on a line of its own, as in "
            "Spring/Shops; those below them are included. Empty: all."
        ),
    )
    origins = WordsField(
        label=gettext_lazy("Origins"),
        help_text=gettext_lazy(
            "For a key that stands in web pages: the only sites it works on, for example "
            "https://shop.example. Such a key begins with pk_ and may only ask for offers, report "
            "what became of them and check coupon codes."
        ),
    )
    expires = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: until somebody revokes it."),
    )

    def clean_spaces(self) -> list[str]:
        spaces: list[str] = self.cleaned_data["spaces"]
        if any(len(name) > 80 for name in spaces):
            raise ValidationError(_("The name of a space has at most 80 characters."))
        return spaces

    def clean_coupon_folders(self) -> list[str]:
        return folder_paths(self.cleaned_data["coupon_folders"].splitlines())

    def clean_origins(self) -> list[str]:
        origins = [origin_as_sent(origin) for origin in self.cleaned_data["origins"]]
        for origin in origins:
            is_origin(origin)
        return list(dict.fromkeys(origins))

    def clean_expires(self) -> datetime | None:
        """The end of the last day."""
        last: date | None = self.cleaned_data["expires"]
        if last is None:
            return None
        if last.year > 9000:
            raise ValidationError(_("Choose an earlier day."))
        return make_aware(
            datetime.combine(last + timedelta(days=1), time()), get_current_timezone()
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        beyond = set(cleaned.get("scopes", ())) - set(ApiKey.PUBLISHABLE)
        if cleaned.get("origins") and beyond:
            self.add_error(
                "scopes",
                _(
                    "A key with origins stands in web pages, where anybody can read it: it may "
                    "only ask for offers, report what became of them and check coupon codes."
                ),
            )
        return cleaned


class KeyFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Name or beginning of the key")

    scope = forms.ChoiceField(
        label=gettext_lazy("Scope"),
        choices=[("", gettext_lazy("Any scope")), *ApiKey.Scope.choices],
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[
            ("", gettext_lazy("Not revoked")),
            ("revoked", gettext_lazy("Revoked")),
            ("all", gettext_lazy("All")),
        ],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if q := self.asked("q"):
            queryset = queryset.filter(name__resembles=q) | queryset.filter(prefix__startswith=q)
        if scope := self.asked("scope"):
            queryset = queryset.filter(scopes__contains=[scope])
        match self.asked("state"):
            case "all":
                return queryset
            case "revoked":
                return queryset.exclude(revoked_at=None)
            case _:
                return queryset.filter(revoked_at=None)
