"""Describing coupons, and finding them in the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User, held_labels
from contacts.forms.audiences import LabelsField
from coupons.forms.fields import (
    AttributesField,
    LastingField,
    MomentField,
    NumberField,
    ThresholdField,
    WordsField,
    put_moments,
)
from coupons.forms.suggesting import SuggestInput, suggest
from coupons.models import Coupon, Folder
from coupons.patterns import USUAL, BadPattern, read_pattern
from offers_site.values import clean_path, time_zones

# Fields whose names differ from those of the coupon, for refusals.
FIELD_OF = {
    "start_at": "start",
    "end_at": "end",
    "low_stock_threshold": "low_stock",
    "low_stock_unit": "low_stock",
}
# Dates are typed in a zone; it is offered with a list, and checked against all there are.
ZONES = sorted(time_zones())


CHARSETS = (
    ("safe", gettext_lazy("Letters and digits that nobody confuses")),
    ("alnum", gettext_lazy("Letters and digits")),
    ("letters", gettext_lazy("Letters")),
    ("digits", gettext_lazy("Digits")),
)


class CouponForm(forms.Form):
    """All that people decide about a coupon, in three tabs."""

    # each of them is a tab of the page
    groups = (
        (
            gettext_lazy("General"),
            (
                "label",
                "code",
                "type",
                "start",
                "end",
                "shortens",
                "timezone",
                "max_redemptions_total",
                "max_redemptions_per_customer",
                "description",
            ),
        ),
        (
            gettext_lazy("Codes"),
            (
                "max_redemptions_per_code",
                "validity_after_issue",
                "holder_only",
                "accept_unissued",
                "assignment_mode",
                "reuse_policy",
                "low_stock",
                "pattern",
                "charset",
                "case_sensitive",
                "wide_characters",
            ),
        ),
        (
            gettext_lazy("Others"),
            (
                "folder",
                "owner",
                "tags",
                "access_labels",
                "specimen_code",
                "external_id",
                "attributes",
            ),
        ),
    )

    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter a label.")},
        help_text=gettext_lazy("As colleagues know it, for example “Soccer, winter season”."),
    )
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=64,
        error_messages={"required": gettext_lazy("Enter a code.")},
        help_text=gettext_lazy(
            "Letters without accents, digits, dots, dashes and underscores. Of an anonymous "
            "coupon this is what customers type."
        ),
        widget=forms.TextInput(attrs={"class": "code-input", "spellcheck": "false"}),
    )
    type = forms.ChoiceField(
        label=gettext_lazy("Type"),
        choices=Coupon.Type.choices,
        initial=Coupon.Type.ANONYMOUS,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a type.")},
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    start = MomentField(
        label=gettext_lazy("Valid from"),
        help_text=gettext_lazy("Without a time, from the beginning of that day."),
    )
    end = MomentField(
        label=gettext_lazy("Valid until"),
        help_text=gettext_lazy("Without a time, that day counts in full."),
    )
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        widget=SuggestInput,
        error_messages={"required": gettext_lazy("Enter a time zone.")},
        help_text=gettext_lazy("In which these days begin and end."),
    )
    max_redemptions_total = NumberField(
        label=gettext_lazy("Uses in all"),
        min_value=0,
        help_text=gettext_lazy("Over all customers. Leave it empty for no limit."),
    )
    max_redemptions_per_customer = NumberField(
        label=gettext_lazy("Uses by each customer"),
        help_text=gettext_lazy(
            "Whoever redeems must then say who the customer is. Leave it empty for no limit."
        ),
    )
    max_redemptions_per_code = NumberField(
        label=gettext_lazy("Uses of each code"),
        help_text=gettext_lazy("Usually once. Leave it empty for no limit."),
    )
    validity_after_issue = LastingField(
        label=gettext_lazy("Valid for so long after it was sent"),
        help_text=gettext_lazy("Never longer than the coupon itself. Empty: as the coupon."),
    )
    holder_only = forms.BooleanField(
        label=gettext_lazy("Only whoever received the code may use it"), required=False
    )
    accept_unissued = forms.BooleanField(
        label=gettext_lazy("Codes that were never sent may be used"),
        required=False,
        help_text=gettext_lazy("For codes that leave on paper, or through another system."),
    )
    assignment_mode = forms.ChoiceField(
        label=gettext_lazy("What people receive"),
        choices=Coupon.AssignmentMode.choices,
        initial=Coupon.AssignmentMode.ONE_PER_MESSAGE,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what people receive.")},
    )
    reuse_policy = forms.ChoiceField(
        label=gettext_lazy("Codes of failed messages come back into stock"),
        choices=Coupon.ReusePolicy.choices,
        initial=Coupon.ReusePolicy.IF_NEVER_ATTEMPTED,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when codes come back.")},
    )
    low_stock = ThresholdField(
        Coupon.ThresholdUnit.choices,
        label=gettext_lazy("Tell when fewer are left than"),
        help_text=gettext_lazy("The list and the home page then say so. Empty: never."),
    )
    pattern = forms.CharField(
        label=gettext_lazy("Pattern of generated codes"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"class": "code-input", "spellcheck": "false"}),
        help_text=gettext_lazy("Each # becomes a random character, as in SOCCER-####-####."),
    )
    charset = forms.CharField(
        label=gettext_lazy("Random characters"),
        max_length=200,
        required=False,
        widget=forms.Select(choices=CHARSETS),
    )
    case_sensitive = forms.BooleanField(
        label=gettext_lazy("Capitals matter"),
        required=False,
        help_text=gettext_lazy("Then Trynow and TRYNOW are two codes."),
    )
    wide_characters = forms.BooleanField(
        label=gettext_lazy("Codes may hold other characters"),
        required=False,
        help_text=gettext_lazy(
            "Accents, spaces and signs: they may cost more in text messages, and tills may not "
            "read them."
        ),
    )
    folder = forms.CharField(
        label=gettext_lazy("Folder"),
        max_length=300,
        required=False,
        widget=SuggestInput,
        help_text=gettext_lazy("Its path, as in Spring/Shops/Lyon. A new one is made."),
    )
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=User.objects.none(),
        required=False,
        to_field_name="public_id",
        empty_label=gettext_lazy("Whoever creates it"),
    )
    tags = WordsField(
        longest=50, label=gettext_lazy("Tags"), help_text=gettext_lazy("Between commas.")
    )
    access_labels = LabelsField()
    specimen_code = forms.CharField(
        label=gettext_lazy("Code of proofs"),
        max_length=70,
        required=False,
        help_text=gettext_lazy(
            "Proofs show it instead of a real code; it buys nothing. Empty: TEST- and the code."
        ),
    )
    external_id = forms.CharField(label=gettext_lazy("External id"), max_length=120, required=False)
    attributes = AttributesField(
        label=gettext_lazy("Attributes"),
        help_text=gettext_lazy("On each line a name, a colon and a value, as in season: winter."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = held_labels(user)
        cast(LabelsField, self.fields["access_labels"]).queryset = held
        if not held.exists():
            del self.fields["access_labels"]
        owners = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        owners.queryset = User.objects.active().order_by("last_name", "first_name", "email")
        suggest(self.fields["timezone"], ZONES)
        paths = Folder.objects.visible_to(user).order_by("path").values_list("path", flat=True)
        suggest(self.fields["folder"], list(paths))

    def clean_timezone(self) -> str:
        zone: str = self.cleaned_data["timezone"]
        if zone not in time_zones():
            raise ValidationError(_("There is no such time zone. Choose one of the list."))
        return zone

    def clean_folder(self) -> str:
        return clean_path(self.cleaned_data["folder"])

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        zone = given.get("timezone")
        if zone and "start" in given and "end" in given:
            put_moments(self, given, zone)
            if given["start_at"] and given["end_at"] and given["end_at"] <= given["start_at"]:
                self.add_error("end", _("A coupon ends after it starts."))
        return given

    @property
    def values(self) -> dict[str, Any]:
        """What `create_coupon` and `edit_coupon` take."""
        given = self.cleaned_data
        values = {name: given[name] for name in PLAIN if name in given}
        values["folder_path"] = given["folder"]
        values["external_id"] = given["external_id"] or None
        values["low_stock_threshold"], values["low_stock_unit"] = given["low_stock"] or (
            None,
            "codes",
        )
        values["code_pattern"] = pattern_of(given)
        return values

    def clean_pattern(self) -> str:
        """Shown beside its field before anything is saved."""
        text: str = self.cleaned_data["pattern"]
        if text:
            try:
                read_pattern({"pattern": text})
            except BadPattern as refusal:
                raise ValidationError(str(refusal)) from refusal
        return text

    @property
    def labels(self) -> list[Any] | None:
        """The access labels; None where the person holds none that could be chosen."""
        chosen = self.cleaned_data.get("access_labels")
        return None if chosen is None else list(chosen)

    def refuse(self, name: str, sentence: str) -> None:
        """Say beside its field what the action found wrong with it."""
        field = FIELD_OF.get(name, name)
        self.add_error(field if field in self.fields else None, sentence)


PLAIN = (
    "label",
    "type",
    "start_at",
    "end_at",
    "timezone",
    "description",
    "owner",
    "tags",
    "assignment_mode",
    "max_redemptions_per_code",
    "max_redemptions_total",
    "max_redemptions_per_customer",
    "holder_only",
    "accept_unissued",
    "validity_after_issue",
    "case_sensitive",
    "wide_characters",
    "specimen_code",
    "reuse_policy",
    "attributes",
)


def pattern_of(given: Mapping[str, Any]) -> dict[str, Any] | None:
    if not given["pattern"]:
        return None
    return {"pattern": given["pattern"], "charset": given["charset"] or USUAL}


class CouponCreateForm(CouponForm):
    # The code that was proposed: when it is kept, and taken meanwhile, the next one is as good.
    proposed = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    @property
    def typed_code(self) -> str:
        """What was typed; nothing when the proposed code was kept."""
        code: str = self.cleaned_data["code"]
        return "" if code == self.cleaned_data["proposed"] else code
