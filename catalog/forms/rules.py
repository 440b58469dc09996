"""Presentation rules, predefined filters and tags."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog.forms.shaping import ShapedForm, TextAreaField, label_field, name_field
from catalog.legible import validate_legible
from catalog.models import Channel, PresentationRule, Status, Tag
from catalog.models.names import is_name
from catalog.scalars import PERIOD, read_period, write_period
from catalog.shapes import FilterShape, PresentationRuleShape
from catalog.wordbook import topics_of
from contacts.forms.rulefield import RuleField, Surround
from contacts.vocabulary import Topics
from offers_site.filters import ListFilter

EVERY_STATUS = [(each.word, each.label) for each in Status]


class PeriodField(forms.CharField):
    """`10d`, `2d 6h`, or days alone."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str | None) else write_period(value)

    def clean(self, value: Any) -> Any:
        text = re.sub(r"[\s,]+", "", super().clean(value)).lower().replace("j", "d")
        if not text:
            return None
        text = f"{text}d" if text.isdigit() else text
        if not PERIOD.fullmatch(text) or not re.search(r"[1-9]", text):
            raise ValidationError(_("Write days and hours, as in 10d or 2d6h."))
        return read_period(text)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and (write_period(initial) or "") != (data or "")


class PresentationRuleForm(ShapedForm):
    shape_type = PresentationRuleShape

    label = label_field(gettext_lazy("As people say it, for example “At most two emails a week”."))
    name = name_field(validators=[is_name])
    description = TextAreaField(label=gettext_lazy("Description"), max_length=2000)
    active = forms.BooleanField(
        label=pgettext_lazy("presentation rule", "Active"),
        required=False,
        initial=True,
        help_text=gettext_lazy("When off, the rule is kept but not applied."),
    )
    max = forms.IntegerField(
        label=gettext_lazy("At most"),
        min_value=1,
        max_value=1_000_000,
        initial=1,
        help_text=gettext_lazy(
            "Once somebody has had so many of the propositions counted below, offers are left out."
        ),
        error_messages={"required": gettext_lazy("Enter a number.")},
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Propositions counted"),
        choices=[
            ("all", gettext_lazy("of any offer")),
            ("offer", gettext_lazy("of the offer that is looked at")),
            ("category", gettext_lazy("of offers in the same category")),
            ("rule", gettext_lazy("of all offers that the rule is about, together")),
        ],
        widget=forms.RadioSelect,
        initial="all",
        error_messages={"required": gettext_lazy("Choose what is counted.")},
    )
    period = PeriodField(
        label=gettext_lazy("In how long"),
        required=False,
        max_length=20,
        help_text=gettext_lazy(
            "Before and after the moment of the proposition: 10d, 12h or 2d6h. Empty: all that is "
            "kept of the past."
        ),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Asked on"),
        choices=[(PresentationRule.ALL, gettext_lazy("All channels")), *Channel.choices],
        initial=PresentationRule.ALL,
        help_text=gettext_lazy("A rule of one channel does not concern calls of the others."),
        error_messages={"required": gettext_lazy("Choose a channel.")},
    )
    same_channel = forms.BooleanField(
        label=gettext_lazy("Count only propositions made on the same channel"),
        required=False,
        help_text=gettext_lazy("That of the rule; for all channels, that of the call."),
    )
    statuses = forms.MultipleChoiceField(
        label=gettext_lazy("Count only propositions that are"),
        choices=EVERY_STATUS,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("None ticked: whatever became of them."),
    )
    count_this_call = forms.BooleanField(
        label=gettext_lazy("Count those chosen earlier in the same call as well"),
        required=False,
        help_text=gettext_lazy(
            "Without it three offers of a category limited to one may appear together."
        ),
    )
    applies_to = RuleField(
        label=gettext_lazy("Offers that the rule is about"),
        required=False,
        help_text=gettext_lazy("Only these are ever left out by it."),
    )
    recipients = RuleField(label=gettext_lazy("People whom it concerns"), required=False)
    propositions = RuleField(
        label=gettext_lazy("Of the propositions, count only those where"), required=False
    )

    groups = (
        (gettext_lazy("General"), ("label", "name", "description", "active")),
        (gettext_lazy("How many"), ("max", "scope", "period", "channel")),
        (
            gettext_lazy("What counts"),
            ("statuses", "same_channel", "count_this_call", "propositions"),
        ),
        (gettext_lazy("Which offers"), ("applies_to",)),
        (gettext_lazy("Which people"), ("recipients",)),
    )

    def rules_for(self, topics: Topics) -> None:
        super().rules_for(topics)
        for name, more in (
            ("applies_to", {"people": False}),
            ("propositions", {"propositions": True}),
        ):
            field = self.fields[name]
            if isinstance(field, RuleField) and self.environment is not None:
                field.for_user(
                    self.user, vocabulary=topics_of(self.environment, **more), surrounds=[]
                )

    def surrounds(self) -> list[Surround]:
        environment = self.environment
        return [Surround(environment.label, environment.filter)] if environment else []

    def values(self) -> dict[str, Any]:
        values = super().values()
        order = [word for word, _label in EVERY_STATUS]
        chosen = values.get("statuses", ())
        return {**values, "statuses": tuple(sorted(chosen, key=order.index))}


class FilterForm(ShapedForm):
    """A rule of an environment with a name."""

    shape_type = FilterShape

    label = label_field(gettext_lazy("As people say it, for example “Frequent travellers”."))
    name = name_field(validators=[is_name])
    rule = RuleField(
        label=gettext_lazy("Rule"),
        help_text=gettext_lazy("It may ask about people, the call and the offer."),
        error_messages={"required": gettext_lazy("Add at least one condition.")},
    )
    description = TextAreaField(label=gettext_lazy("Description"), max_length=500)

    def surrounds(self) -> list[Surround]:
        environment = self.environment
        return [Surround(environment.label, environment.filter)] if environment else []

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name == "create":
            raise ValidationError(_("This word cannot be a name."))
        return name


class NamedFilter(ListFilter):
    """Finds by words of the name and the label."""

    searches = True
    search_label = gettext_lazy("Name or label")

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(Q(name__icontains=word) | Q(label__resembles=word))
        return queryset


class SpaceFilter(NamedFilter):
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=[("", gettext_lazy("Any channel")), *Channel.choices],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().narrow(queryset)
        channel = self.asked("channel")
        return queryset.filter(channel=channel) if channel else queryset


class TagFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Tag")

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(name__resembles=word)
        return queryset


class TagForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Tag"),
        max_length=50,
        validators=[validate_legible],
        help_text=gettext_lazy("A word by which offers are found and gathered."),
        error_messages={"required": gettext_lazy("Enter a tag.")},
    )


class TagRenameForm(TagForm):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class TagMergeForm(forms.Form):
    into: forms.ModelChoiceField[Tag] = forms.ModelChoiceField(
        queryset=Tag.objects.none(),
        empty_label=gettext_lazy("Choose a tag"),
        label=gettext_lazy("Into"),
        to_field_name="name",
        error_messages={"required": gettext_lazy("Choose a tag.")},
        help_text=gettext_lazy("Its offers carry that tag from now on, and this one is gone."),
    )

    def __init__(self, *args: Any, others: QuerySet[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["into"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = others
