"""What a role allows."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import AccessLabel, Role
from accounts.rights import Right


class LabelsField(forms.ModelMultipleChoiceField[AccessLabel]):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            queryset=AccessLabel.objects.order_by("name"),
            to_field_name="code",
            label=gettext_lazy("Access labels"),
            widget=forms.CheckboxSelectMultiple,
            required=False,
            help_text=gettext_lazy(
                "An object with labels is visible only to people who hold all of them."
            ),
            **options,
        )


class RoleForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    rights = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Rights"),
        choices=Right.choices,
        coerce=Right,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    labels = LabelsField()

    @property
    def ticked(self) -> Collection[str]:
        """The rights that the page shows as given."""
        return [str(value) for value in self["rights"].value() or ()]


class RoleEditForm(RoleForm):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, role: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if role.is_builtin:
            for name in ("name", "description", "rights"):
                self.fields[name].disabled = True
