"""Fallback offers: what they are called, and the spaces that they stand behind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.forms.fields import LabelsField, NewTagsField, TagsField, tag_choices
from catalog.forms.offers import (
    LARGEST_VERSION,
    CodedForm,
    CodeField,
    DescriptionField,
    LabelField,
)
from catalog.models import Environment, Offer, Space
from catalog.shapes import FallbackOfferShape
from catalog.veiling import hidden_word


class FallbackDetailsForm(CodedForm):
    label = LabelField()
    code = CodeField(required=False)
    description = DescriptionField()
    tags = TagsField()
    new_tags = NewTagsField()
    access_labels = LabelsField()
    version = forms.IntegerField(
        min_value=1, max_value=LARGEST_VERSION, required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        data: Any = None,
        *,
        environment: Environment,
        user: User,
        shape: FallbackOfferShape | None = None,
        offer: Offer | None = None,
    ) -> None:
        self.environment, self.given, self.offer = environment, shape, offer
        initial: dict[str, Any] = {}
        if shape is not None:
            initial = {
                "label": shape.label,
                "code": shape.code,
                "description": shape.description,
                "tags": list(shape.tags),
                "access_labels": list(shape.access_labels),
            }
        if offer is not None:
            initial["version"] = offer.version
        super().__init__(data, initial=initial)
        tags: Any = self.fields["tags"]
        tags.choices = tag_choices(shape.tags if shape else ())
        if not tags.choices:
            del self.fields["tags"]
        labels: Any = self.fields["access_labels"]
        if not labels.for_user(user):
            del self.fields["access_labels"]
        if offer is not None:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        code = given.get("code")
        if self.offer is None and code:
            there = Offer.objects.filter(environment=self.environment, code=code)
            if there.exists():
                self.add_error("code", _("There is already an offer with this code."))
        return given

    def shape(self) -> FallbackOfferShape:
        """The form with these details, and what it had besides."""
        given = self.cleaned_data
        base = self.given or FallbackOfferShape(code=given["code"], label=given["label"])
        changes: dict[str, Any] = {
            "label": given["label"],
            "description": given["description"],
            "tags": tuple(sorted({*given.get("tags", ()), *given["new_tags"]})),
        }
        if self.offer is None:
            changes["code"] = given["code"]
        if "access_labels" in self.fields:
            field: Any = self.fields["access_labels"]
            offered = {code for code, _name in field.choices}
            kept = set(base.access_labels) - offered
            changes["access_labels"] = tuple(sorted({*kept, *given["access_labels"]}))
        return base.model_copy(update=changes)


class SpacesBehindForm(forms.Form):
    """The spaces that show it when no offer fits."""

    behind = forms.MultipleChoiceField(
        label=gettext_lazy("Fallback of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("These spaces show it when no offer fits."),
    )

    def __init__(
        self, *args: Any, code: str, spaces: list[Space], user: User, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        behind = Offer.objects.filter(fallback_of__in=spaces).visible_to(user)
        self.seen = set(behind.values_list("pk", flat=True))
        self.spaces = {space.name: space for space in spaces}
        self.code = code
        field: Any = self.fields["behind"]
        field.choices = [(space.name, self.said(space)) for space in spaces]
        self.initial["behind"] = [space.name for space in spaces if self.is_behind(space)]

    def is_behind(self, space: Space) -> bool:
        return space.fallback_offer is not None and space.fallback_offer.code == self.code

    def said(self, space: Space) -> str:
        if space.fallback_offer is None:
            return _("%(space)s (nothing yet)") % {"space": space.label}
        if self.is_behind(space):
            return space.label
        is_seen = space.fallback_offer.pk in self.seen
        offer = space.fallback_offer.label if is_seen else hidden_word()
        words = {"space": space.label, "offer": offer}
        return _("%(space)s (now %(offer)s)") % words

    def differing(self) -> list[tuple[Space, str | None]]:
        """The spaces that change, each with the code that stands behind it from then on."""
        wanted = set(self.cleaned_data["behind"])
        found: list[tuple[Space, str | None]] = []
        for name, space in self.spaces.items():
            if name in wanted and not self.is_behind(space):
                found.append((space, self.code))
            elif name not in wanted and self.is_behind(space):
                found.append((space, None))
        return found
