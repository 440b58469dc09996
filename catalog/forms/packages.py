"""Bringing a package."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.packages.reading import LARGEST


class PackageForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Package"),
        help_text=gettext_lazy(
            "A JSON file, as an export of this page. You see what it would change before it does."
        ),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        max_length=200,
        error_messages={"required": gettext_lazy("Choose a file.")},
    )
    prune = forms.BooleanField(
        label=gettext_lazy("Disable what the package does not name"),
        help_text=gettext_lazy("Offers, categories and presentation rules; nothing is deleted."),
        required=False,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            most = LARGEST // 1024 // 1024
            raise ValidationError(_("A package has at most %(most)s MB.") % {"most": most})
        return file
