"""What offers begin with, and who approves them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from catalog.actions.templates import Template
from catalog.describing import offer_shape
from catalog.legible import validate_legible
from catalog.models import Environment, Offer
from catalog.shapes import OfferShape

KEEP, EMPTY = "", "-"


class TemplateForm(forms.Form):
    """A template takes what an offer says; everything but its code and its label."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        validators=[validate_legible],
        help_text=gettext_lazy("As authors choose it, for example “Trip with two contexts”."),
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Offers begin as"),
        required=False,
        help_text=gettext_lazy(
            "Its category, dates, rules, weights, caps, tags, spaces and content are taken over "
            "now. What becomes of that offer later changes nothing here."
        ),
    )
    reviewers = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=gettext_lazy("Reviewers"),
        required=False,
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Only these people, those with one of the roles below and administrators can approve "
            "such offers. With nobody ticked, everybody who may approve offers can."
        ),
    )
    reviewer_roles = forms.ModelMultipleChoiceField(
        Role.objects.none(),
        label=gettext_lazy("Roles of reviewers"),
        required=False,
        to_field_name="code",
        widget=forms.CheckboxSelectMultiple,
    )
    days_to_review = forms.IntegerField(
        label=gettext_lazy("Days to review"),
        min_value=1,
        max_value=365,
        initial=3,
        error_messages={"required": gettext_lazy("Enter a number of days.")},
    )
    version = forms.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        *args: Any,
        environment: Environment,
        user: User,
        shape: OfferShape | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.given = shape
        self.offers = Offer.objects.offers().visible_to(user).filter(environment=environment)
        known = self.offers.order_by("label", "code").values_list("code", "label")
        first = [(KEEP, _("As until now"))] if shape is not None else []
        source: Any = self.fields["source"]
        source.choices = [
            *first,
            (EMPTY, _("Empty")),
            *((code, f"{label} ({code})") for code, label in known),
        ]
        people: Any = self.fields["reviewers"]
        people.queryset = User.objects.filter(is_active=True).order_by("last_name", "email")
        roles: Any = self.fields["reviewer_roles"]
        roles.queryset = Role.objects.order_by("pk")

    def template(self) -> Template:
        given = self.cleaned_data
        return Template(
            name=given["name"],
            description=given["description"],
            form=self.form(given["source"]),
            reviewers=list(given["reviewers"]),
            reviewer_roles=list(given["reviewer_roles"]),
            days_to_review=given["days_to_review"],
        )

    def form(self, source: str) -> OfferShape:
        if source == KEEP and self.given is not None:
            return self.given
        if source in {KEEP, EMPTY}:
            return OfferShape(code="template", label="template")
        return offer_shape(self.offers.with_parts().get(code=source))
