"""Access labels."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import is_code

IN_ADDRESSES = {"create"}  # words that stand where a code would in an address


class LabelEditForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        error_messages={"required": gettext_lazy("Enter a name.")},
        max_length=80,
        help_text=gettext_lazy("As people say it, for example “Brand A”."),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("What carries it, and who should hold it."),
    )
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class LabelCreateForm(LabelEditForm):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        error_messages={"required": gettext_lazy("Enter a code.")},
        max_length=50,
        validators=[is_code],
        help_text=gettext_lazy(
            "How packages and programs name it: small letters, digits and dashes. It never changes."
        ),
    )
    version = None  # type: ignore[assignment] # Django's way of leaving a field out
    field_order = ("name", "code", "description")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code in IN_ADDRESSES:
            raise ValidationError(_("This word cannot be a code."))
        return code
