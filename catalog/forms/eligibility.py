"""Who gets an offer, when, and how strongly: a form, and a form for each weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.forms.fields import LongSelect, category_choices
from catalog.forms.offers import LARGEST_VERSION
from catalog.forms.shaping import MomentField
from catalog.models import Category, Environment, Offer, Space
from catalog.problems import Problem
from catalog.shapes import ContextShape, OfferShape
from catalog.tree import tree_of
from catalog.wordbook import topics_of
from contacts.forms.rulefield import Rule, RuleField, Surround, WeightField
from contacts.vocabulary import Topics

MOST_WEIGHTS = 100


class WindowForm(forms.Form):
    """From when until when, on the clocks of the environment."""

    start = MomentField(label=gettext_lazy("From"))
    end = MomentField(label=gettext_lazy("Until"))

    def in_zone(self, name: str) -> None:
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.zone = ZoneInfo(name)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        start, end = given.get("start"), given.get("end")
        if start and end and end <= start:
            self.add_error("end", _("The end must be after the start."))
        return given


class WeightForm(WindowForm):
    """One weight: how strongly, for whom, where, when."""

    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=80,
        error_messages={"required": gettext_lazy("Enter a label.")},
    )
    weight = WeightField(
        label=gettext_lazy("Weight"),
        help_text=gettext_lazy("A number, or a formula such as 5 + contact.points / 100."),
        error_messages={"required": gettext_lazy("Enter a weight, such as 10.")},
    )
    filter = RuleField(label=gettext_lazy("For whom"), required=False)
    space = forms.ChoiceField(label=gettext_lazy("In which space"), required=False)
    field_order = ("label", "weight", "space", "filter", "start", "end")

    def __init__(
        self,
        *args: Any,
        user: User,
        topics: Topics,
        surrounds: Sequence[Surround],
        spaces: Sequence[tuple[str, str]],
        zone: str,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.in_zone(zone)
        space: Any = self.fields["space"]
        space.choices = [("", _("Every space")), *spaces]
        for name in ("weight", "filter"):
            field: Any = self.fields[name]
            field.for_user(user, vocabulary=topics, surrounds=surrounds)

    def shape(self) -> ContextShape:
        given = self.cleaned_data
        rule: Rule | None = given["filter"]
        return ContextShape(
            label=given["label"],
            weight=given["weight"].text,
            filter=rule.text if rule else None,
            space=given["space"] or None,
            start=given["start"],
            end=given["end"],
        )

    @property
    def number(self) -> str:
        return str(self.prefix).rpartition("-")[2]


class EligibilityForm(WindowForm):
    """Where in the catalogue, when, for whom; the weights are forms of their own.

    `order` says which weights there are and in which order: the numbers of their forms.
    """

    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False, widget=LongSelect)
    filter = RuleField(label=gettext_lazy("Who can get it"), required=False)
    version = forms.IntegerField(min_value=1, max_value=LARGEST_VERSION, widget=forms.HiddenInput)
    field_order = ("category", "start", "end", "filter")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        offer: Offer,
        shape: OfferShape,
        user: User,
    ) -> None:
        self.given = shape
        environment = offer.environment
        super().__init__(data, initial={**self.said(), "version": offer.version})
        self.in_zone(environment.timezone)
        categories = list(Category.objects.filter(environment=environment))
        category: Any = self.fields["category"]
        category.choices = category_choices(
            environment, user, nothing=_("None: at the root of the catalogue")
        )
        self.surrounds = surrounds_of(environment, categories, self.category_named())
        topics = topics_of(environment)
        rule: Any = self.fields["filter"]
        rule.for_user(user, vocabulary=topics, surrounds=self.surrounds)
        spaces = Space.objects.filter(environment=environment).order_by("label", "pk")
        self.options: dict[str, Any] = {
            "user": user,
            "topics": topics,
            "surrounds": self.surrounds,
            "spaces": [(space.name, space.label) for space in spaces],
            "zone": environment.timezone,
        }
        self.weights = self.weights_now()

    def said(self) -> dict[str, Any]:
        return {
            "category": self.given.category or "",
            "start": self.given.start,
            "end": self.given.end,
            "filter": self.given.filter or "",
        }

    def category_named(self) -> str | None:
        named = self.data.get("category") if self.is_bound else self.given.category
        return named or None

    # --- the weights ---

    def weights_now(self) -> list[WeightForm]:
        if not self.is_bound:
            return [
                WeightForm(prefix=f"weight-{number}", initial=context.model_dump(), **self.options)
                for number, context in enumerate(self.given.contexts)
            ]
        forms_now = [
            WeightForm(self.data, prefix=f"weight-{number}", **self.options)
            for number in self.numbers()
        ]
        if "weight-add" in self.data:
            forms_now.append(self.new_weight())
        return forms_now

    def numbers(self) -> list[int]:
        """Which weights there are, as the page says."""
        words: list[str] = getattr(self.data, "getlist", lambda key: [])("weight")
        found = [int(word) for word in words if word.isdigit() and len(word) < 6]
        gone = self.data.get("weight-remove", "")
        return [each for each in dict.fromkeys(found) if str(each) != gone][:MOST_WEIGHTS]

    def new_weight(self) -> WeightForm:
        number = max(self.numbers(), default=-1) + 1
        count = len(self.numbers()) + 1
        initial = {"label": _("Weight %(number)s") % {"number": count}, "weight": "1"}
        return WeightForm(prefix=f"weight-{number}", initial=initial, **self.options)

    @property
    def is_only_arranged(self) -> bool:
        """Was it sent to add or remove a weight, and not to be saved?"""
        return self.is_bound and bool({"weight-add", "weight-remove"} & set(self.data))

    @property
    def is_complete(self) -> bool:
        """All of it is valid, the weights too."""
        return all([self.is_valid(), *(weight.is_valid() for weight in self.weights)])

    @property
    def all_forms(self) -> list[forms.Form]:
        return [self, *self.weights]

    @property
    def has_errors(self) -> bool:
        return any(each.is_bound and each.errors for each in self.all_forms)

    # --- from the shape and to it ---

    def shape(self) -> OfferShape:
        given = self.cleaned_data
        rule: Rule | None = given["filter"]
        changes = {
            "category": given["category"] or None,
            "start": given["start"],
            "end": given["end"],
            "filter": rule.text if rule else None,
            "contexts": tuple(weight.shape() for weight in self.weights),
        }
        return self.given.model_copy(update=changes)

    def tell(self, problems: Iterable[Problem]) -> None:
        """Put what is wrong at its fields."""
        for problem in problems:
            head, _dot, field = problem.path.partition(".")
            if head.startswith("contexts[") and head[9:-1].isdigit():
                weight = self.weights[int(head[9:-1])]
                weight.add_error(field if field in weight.fields else None, problem.message)
            else:
                self.add_error(head if head in self.fields else None, problem.message)


def surrounds_of(
    environment: Environment, categories: Iterable[Category], name: str | None
) -> list[Surround]:
    """The rules that hold beside an offer's own: of the environment and of the categories above."""
    tree = tree_of(categories)
    found = next((each for each in tree.by_key.values() if each.name == name), None)
    chain = tree.chain(found.pk if found else None)
    return [
        Surround(environment.label, environment.filter),
        *(Surround(category.label, category.filter) for category in chain),
    ]
