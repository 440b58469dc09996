"""Inviting, changing and finding people."""

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from accounts.forms.preferences import LanguageField
from accounts.forms.sessions import AddressField
from accounts.models import UNUSABLE_PASSWORD, Role, User
from offers_site.filters import ListFilter


class RolesField(forms.ModelMultipleChoiceField[Role]):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            queryset=Role.objects.order_by("-is_builtin", "pk"),
            to_field_name="code",
            label=gettext_lazy("Roles"),
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": gettext_lazy("Choose at least one role.")},
            **options,
        )

    def label_from_instance(self, role: Role) -> str:
        if not role.explanation:
            return str(role)
        return format_html('{} <span class="option-more">{}</span>', role, role.explanation)


class PersonInviteForm(forms.Form):
    email = AddressField(
        help_text=gettext_lazy(
            "The invitation goes there; it is also the address to sign in with."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=80, required=False)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=80, required=False)
    language = LanguageField()
    roles = RolesField()


class PersonEditForm(PersonInviteForm):
    language = None  # type: ignore[assignment] # their own affair; Django's way of leaving it out
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = gettext_lazy("They sign in with it.")
        self.fields["roles"].required = False


class PersonFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Name or email address")

    role = forms.ModelChoiceField(
        label=gettext_lazy("Role"),
        queryset=Role.objects.order_by("-is_builtin", "pk"),
        to_field_name="code",
        empty_label=gettext_lazy("Any role"),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("Any state")), *User.State.choices],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(
                Q(first_name__resembles=word)
                | Q(last_name__resembles=word)
                | Q(email__resembles=word)
            )
        if role := self.asked("role"):
            queryset = queryset.filter(roles=role)
        match self.asked("state"):
            case User.State.ACTIVE:
                return queryset.filter(is_active=True).exclude(
                    password__startswith=UNUSABLE_PASSWORD
                )
            case User.State.INVITED:
                return queryset.filter(is_active=True, password__startswith=UNUSABLE_PASSWORD)
            case User.State.INACTIVE:
                return queryset.filter(is_active=False)
            case _:
                return queryset
