"""Signing in, and choosing a password."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User


class AddressField(forms.EmailField):
    """An address in the form in which we keep it."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Email address"))
        options.setdefault("max_length", 254)
        super().__init__(**options)
        self.error_messages["invalid"] = gettext_lazy(
            "Enter an email address such as name@example.com."
        )
        self.error_messages["required"] = gettext_lazy("Enter an email address.")

    def to_python(self, value: object) -> str:
        return str(super().to_python(value) or "").lower()


def password_field(label: Any, missing: Any, *, autocomplete: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": missing},
    )


class SignInForm(forms.Form):
    email = AddressField(
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = password_field(
        gettext_lazy("Password"),
        gettext_lazy("Enter your password."),
        autocomplete="current-password",
    )
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)


class PasswordForgottenForm(forms.Form):
    email = AddressField(
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )


class PasswordSetForm(forms.Form):
    """A new password, twice."""

    password = password_field(
        gettext_lazy("New password"),
        gettext_lazy("Choose a new password."),
        autocomplete="new-password",
    )
    again = password_field(
        gettext_lazy("The same password again"),
        gettext_lazy("Enter the new password a second time."),
        autocomplete="new-password",
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["password"].help_text = gettext_lazy(
            "At least 12 characters. A few unrelated words are easy to remember and hard to guess."
        )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise ValidationError(_("This is not the same password."))
        return again


class PasswordChangeForm(PasswordSetForm):
    """The old password, then a new one twice."""

    old = password_field(
        gettext_lazy("Current password"),
        gettext_lazy("Enter the password that you have now."),
        autocomplete="current-password",
    )
    field_order = ("old", "password", "again")
