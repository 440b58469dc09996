"""The weights grid: what narrows it, one weight written where it stands, many changed at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.forms.fields import LongSelect, category_choices
from catalog.forms.offers import LARGEST_VERSION
from catalog.models import Context, Environment, Representation, Space
from catalog.tree import Tree
from catalog.weightgrid import rounded
from catalog.wordbook import topics_of
from contacts.forms.rulefield import WeightField
from offers_site.filters import ListFilter

WITH_COMMA = re.compile(r"\s*([0-9]+),([0-9]+)\s*")


class WeightFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Offer, code or weight")
    tree: ClassVar[Tree]

    category = forms.ChoiceField(label=gettext_lazy("Category"))
    space = forms.ChoiceField(label=gettext_lazy("Space"))
    counting = forms.ChoiceField(
        label=gettext_lazy("Today"),
        choices=[
            ("", gettext_lazy("Any weight")),
            ("number", gettext_lazy("Counts, a number")),
            ("formula", gettext_lazy("Formula")),
            ("nothing", gettext_lazy("Does not count")),
        ],
    )
    amount_today = forms.DecimalField(
        label=gettext_lazy("Comes to"),
        min_value=0,
        max_digits=18,
        decimal_places=6,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(
                Q(offer__label__resembles=word)
                | Q(offer__code__icontains=word)
                | Q(label__resembles=word)
            )
        if category := self.asked("category"):
            queryset = queryset.filter(offer__category__in=self.tree.subtree_of(category))
        if space := self.asked("space"):
            there = Representation.objects.filter(space__name=space).values("offer")
            queryset = queryset.filter(Q(space__name=space) | Q(space=None), offer__in=there)
        amount = self.asked("amount_today")
        if amount is not None:
            queryset = queryset.filter(amount=amount)
        match self.asked("counting"):
            case "number":
                return queryset.filter(amount__isnull=False)
            case "formula":
                return queryset.filter(number=None)
            case "nothing":
                return queryset.filter(amount=None, number__isnull=False)
        return queryset


def weight_filter(environment: Environment, user: User, tree: Tree) -> type[WeightFilter]:
    """The filter with what there is in an environment to choose from."""
    spaces = Space.objects.filter(environment=environment).order_by("label", "pk")
    given: dict[str, Any] = {
        "tree": tree,
        "category": forms.ChoiceField(
            label=gettext_lazy("Category"),
            choices=category_choices(environment, user, nothing=gettext_lazy("Any category")),
            widget=LongSelect,
        ),
        "space": forms.ChoiceField(
            label=gettext_lazy("Space"),
            choices=[("", gettext_lazy("Any space")), *((one.name, one.label) for one in spaces)],
        ),
    }
    return type("WeightFilter", (WeightFilter,), given)


class WeightCellForm(forms.Form):
    """One weight, as it was read at a version of its offer."""

    weight = WeightField(
        error_messages={"required": gettext_lazy("Enter a weight, such as 10.")},
        widget=forms.TextInput,
    )
    version = forms.IntegerField(
        min_value=1,
        max_value=LARGEST_VERSION,
        error_messages={"required": gettext_lazy("Reload the page and try again.")},
    )

    def __init__(self, data: Mapping[str, Any], *, weight: Context, user: User) -> None:
        super().__init__({**data, "weight": with_point(str(data.get("weight", "")))})
        topics = topics_of(weight.offer.environment)
        written: Any = self.fields["weight"]
        written.for_user(user, vocabulary=topics, kept=weight.weight)

    @property
    def text(self) -> str:
        text: str = self.cleaned_data["weight"].text
        return text

    @property
    def complaint(self) -> str:
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


def with_point(text: str) -> str:
    """As many people write a number, and as rules read it."""
    found = WITH_COMMA.fullmatch(text)
    return f"{found[1]}.{found[2]}" if found else text


class WeightsForm(forms.Form):
    """What becomes of many weights."""

    how = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[
            ("times", gettext_lazy("Multiply them by")),
            ("plus", gettext_lazy("Add to each")),
            ("set", gettext_lazy("Set each to")),
        ],
        initial="times",
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what to do.")},
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Number"),
        max_digits=12,
        decimal_places=6,
        localize=True,
        error_messages={"required": gettext_lazy("Enter a number, such as 1.5.")},
        help_text=gettext_lazy(
            "A weight has to stay above 0. To take some off, add a number below 0."
        ),
    )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        amount = given.get("amount")
        if amount is not None and given.get("how") in {"times", "set"} and amount <= 0:
            self.add_error("amount", _("Enter a number above 0."))
        return given

    def of(self, number: Decimal | None) -> str | None:
        """What a weight becomes; None where that is nothing to be proposed with, or a formula."""
        amount: Decimal = self.cleaned_data["amount"]
        how = self.cleaned_data["how"]
        if how == "set":
            result = amount
        elif number is None:
            return None
        else:
            result = number * amount if how == "times" else number + amount
        result = rounded(result)
        return plain(result) if result > 0 else None


def plain(number: Decimal) -> str:
    """A number as rules write it, without zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
