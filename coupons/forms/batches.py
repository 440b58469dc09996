"""Having codes made, and changing those that came together."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.actions.generating import MOST
from coupons.forms.coupons import CHARSETS
from coupons.forms.dated import DatedForm
from coupons.models import Coupon
from coupons.patterns import DEFAULT


class GenerateForm(DatedForm):
    groups = (
        ("", ("count", "pattern", "charset", "own_charset", "check_character")),
        (
            gettext_lazy("Only for these codes"),
            ("label", "segment", "start", "end", "max_redemptions"),
        ),
    )

    # The same form, sent twice, makes the codes once.
    name = forms.UUIDField(widget=forms.HiddenInput)
    count = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=MOST,
        error_messages={
            "required": gettext_lazy("Enter how many codes you want."),
            "invalid": gettext_lazy("Enter a whole number."),
        },
    )
    pattern = forms.CharField(
        label=gettext_lazy("Pattern"),
        max_length=64,
        error_messages={"required": gettext_lazy("Enter a pattern.")},
        widget=forms.TextInput(attrs={"class": "code-input", "spellcheck": "false"}),
        help_text=gettext_lazy("Each # becomes a random character, as in SOCCER-####-####."),
    )
    charset = forms.ChoiceField(
        label=gettext_lazy("Random characters"),
        choices=[*CHARSETS, ("own", gettext_lazy("Those that I write"))],
        error_messages={"required": gettext_lazy("Choose the random characters.")},
    )
    own_charset = forms.CharField(
        label=gettext_lazy("Characters of your own"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "code-input", "spellcheck": "false"}),
        help_text=gettext_lazy("Each of them once, as in ABCDEF234567."),
    )
    check_character = forms.BooleanField(
        label=gettext_lazy("Add a check character"),
        required=False,
        help_text=gettext_lazy("The last character then tells whether one was mistyped."),
    )
    label = forms.CharField(
        label=gettext_lazy("Name of the batch"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What these codes are called together."),
    )

    def __init__(self, *args: Any, coupon: Coupon, **kwargs: Any) -> None:
        pattern = coupon.code_pattern or DEFAULT
        charset = pattern.get("charset", "safe")
        ours = charset in dict(CHARSETS)
        kwargs["initial"] = {
            "name": uuid.uuid4(),
            "pattern": pattern.get("pattern", ""),
            "charset": charset if ours else "own",
            "own_charset": "" if ours else charset,
            "check_character": bool(pattern.get("check")),
        }
        super().__init__(*args, coupon=coupon, **kwargs)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("charset") == "own" and not given.get("own_charset"):
            self.add_error("own_charset", ValidationError(_("Write the characters.")))
        return given

    @property
    def values(self) -> dict[str, Any]:
        """What `start_generating` takes beside the number."""
        given = self.cleaned_data
        charset = given["own_charset"] if given["charset"] == "own" else given["charset"]
        pattern = {
            "pattern": given["pattern"],
            "charset": charset,
            "check": given["check_character"],
        }
        return {
            **self.dated,
            "pattern": pattern,
            "label": given["label"],
            "idempotency_key": str(given["name"]),
        }

    def refuse(self, name: str, sentence: str) -> None:
        own = name == "charset" and self.cleaned_data.get("charset") == "own"
        super().refuse("own_charset" if own else name, sentence)


class BatchForm(DatedForm):
    """Other dates, another segment or another limit for all codes of a batch."""

    what = forms.MultipleChoiceField(
        label=gettext_lazy("What to change"),
        choices=[
            ("segment", gettext_lazy("The segment")),
            ("start_at", gettext_lazy("The start")),
            ("end_at", gettext_lazy("The end")),
            ("max_redemptions", gettext_lazy("The uses of each code")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what to change.")},
        help_text=gettext_lazy("Whatever is not ticked stays as it is."),
    )
    field_order = ("what", "segment", "start", "end", "max_redemptions")

    @property
    def values(self) -> dict[str, Any]:
        chosen = self.cleaned_data["what"]
        return {name: value for name, value in self.dated.items() if name in chosen}
