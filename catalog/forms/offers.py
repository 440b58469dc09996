"""Making offers, copying them, and what they are called."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.forms.fields import (
    LabelsField,
    LongSelect,
    NewTagsField,
    TagsField,
    category_choices,
    tag_choices,
)
from catalog.models import Environment, Offer, OfferTemplate
from catalog.models.names import is_code
from catalog.shapes import FallbackOfferShape, OfferShape
from catalog.veiling import templates_seen
from coupons.models import Coupon

LARGEST_VERSION = 2**31 - 1
LONGEST_PROPOSED = 40
CODE_HELP = gettext_lazy(
    "How programs, packages and reports name it, as in “ACC50”. It never changes."
)


class LabelField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Label"),
            max_length=120,
            error_messages={"required": gettext_lazy("Enter a label.")},
            help_text=gettext_lazy("As people here call it. Customers do not see it."),
        )


class CodeField(forms.CharField):
    """A code; while nothing is typed, the label proposes one (static/js/offer.js)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Code"),
            max_length=64,
            error_messages={"required": gettext_lazy("Enter a code.")},
            validators=[is_code],
            help_text=CODE_HELP,
            widget=forms.TextInput(
                attrs={
                    "spellcheck": "false",
                    "autocomplete": "off",
                    "data-proposed-by": "label",
                    "data-proposed-as": "code",
                }
            ),
            **options,
        )


class DescriptionField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Description"),
            max_length=2000,
            required=False,
            widget=forms.Textarea(attrs={"rows": 2}),
            help_text=gettext_lazy("What it is for, for your colleagues."),
        )


class CodedForm(forms.Form):
    """A label, and a code that is made of it when none is given."""

    environment: Environment

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not given.get("code") and given.get("label") and "code" not in self.errors:
            given["code"] = proposed_code(self.environment, given["label"])
        return given


def proposed_code(environment: Environment, label: str) -> str:
    """A free code that is made of a label: capitals, digits and dashes."""
    apart = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().upper()
    base = re.sub(r"[^A-Z0-9]+", "-", apart).strip("-")[:LONGEST_PROPOSED].strip("-") or "OFFER"
    taken = set(
        Offer.objects.filter(environment=environment, code__startswith=base).values_list(
            "code", flat=True
        )
    )
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return base if base not in taken else next(code for code in numbered if code not in taken)


class OfferCreateForm(CodedForm):
    template = forms.ModelChoiceField(
        OfferTemplate.objects.none(),
        label=gettext_lazy("Template"),
        required=False,
        empty_label=gettext_lazy("Without a template"),
        help_text=gettext_lazy("What it begins with, and who approves it."),
    )
    label = LabelField()
    code = CodeField(required=False)
    category = forms.ChoiceField(
        label=gettext_lazy("Category"),
        required=False,
        widget=LongSelect,
        help_text=gettext_lazy("It inherits the dates, the filter and the multiplier."),
    )
    description = DescriptionField()
    access_labels = LabelsField()

    def __init__(self, *args: Any, environment: Environment, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.environment = environment
        known = OfferTemplate.objects.filter(environment=environment).order_by("name")
        templates = templates_seen(known, environment, user)
        field: Any = self.fields["template"]
        field.queryset = known.filter(pk__in=[template.pk for template in templates])
        if not templates:
            del self.fields["template"]
        category: Any = self.fields["category"]
        category.choices = category_choices(
            environment, user, nothing=gettext_lazy("None: at the root of the catalogue")
        )
        labels: Any = self.fields["access_labels"]
        if not labels.for_user(user):
            del self.fields["access_labels"]


def coupon_choices(user: User, kept: str) -> list[tuple[str, Any]]:
    """Those that the person may hand out, and the one that is there already."""
    usable = Coupon.objects.visible_to(user).exclude(status=Coupon.Status.ARCHIVED)
    found = {
        code: f"{label} · {code}"
        for code, label in usable.order_by("label", "code").values_list("code", "label")
    }
    return [("", gettext_lazy("None")), *({kept: kept} | found if kept else found).items()]


class OfferDuplicateForm(forms.Form):
    label = LabelField()
    code = CodeField()


class DetailsForm(forms.Form):
    """What an offer is called, and who sees it."""

    label = LabelField()
    description = DescriptionField()
    coupon = forms.ChoiceField(
        label=gettext_lazy("Coupon"),
        required=False,
        help_text=gettext_lazy("Whoever gets the offer gets a code of this coupon with it."),
        widget=LongSelect,
    )
    tags = TagsField()
    new_tags = NewTagsField()
    access_labels = LabelsField()
    version = forms.IntegerField(min_value=1, max_value=LARGEST_VERSION, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, offer: Offer, shape: Any, user: User) -> None:
        self.given: OfferShape | FallbackOfferShape = shape
        initial = {
            "label": shape.label,
            "description": shape.description,
            "coupon": getattr(shape, "coupon", None) or "",
            "tags": list(shape.tags),
            "access_labels": list(shape.access_labels),
            "version": offer.version,
        }
        super().__init__(data, initial=initial)
        tags: Any = self.fields["tags"]
        tags.choices = tag_choices(shape.tags)
        if not tags.choices:
            del self.fields["tags"]
        labels: Any = self.fields["access_labels"]
        if not labels.for_user(user):
            del self.fields["access_labels"]
        if offer.is_fallback:
            del self.fields["coupon"]
        else:
            coupon: Any = self.fields["coupon"]
            coupon.choices = coupon_choices(user, initial["coupon"])

    def shape(self) -> OfferShape | FallbackOfferShape:
        given = self.cleaned_data
        changes: dict[str, Any] = {
            "label": given["label"],
            "description": given["description"],
            "tags": tuple(sorted({*given.get("tags", ()), *given["new_tags"]})),
        }
        if "access_labels" in self.fields:
            field: Any = self.fields["access_labels"]
            offered = {code for code, _name in field.choices}
            kept = set(self.given.access_labels) - offered
            changes["access_labels"] = tuple(sorted({*kept, *given["access_labels"]}))
        if "coupon" in self.fields:
            changes["coupon"] = given["coupon"] or None
        return self.given.model_copy(update=changes)
