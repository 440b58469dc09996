"""What narrows the lists of offers, in design and in live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog.forms.fields import LongSelect
from catalog.matrix import in_state
from catalog.models import Approval, Environment, Offer, Space, Tag
from catalog.tree import Tree
from offers_site.filters import ListFilter
from offers_site.resembling import Resembles

EXPIRING_WITHIN = timedelta(days=14)
STATUSES = (
    ("", gettext_lazy("Any status")),
    ("editing", gettext_lazy("Being edited")),
    ("pending", gettext_lazy("Waiting for approval")),
    ("approved", gettext_lazy("Approved, not live")),
    ("rejected", pgettext_lazy("offer", "Rejected")),
    ("live", gettext_lazy("Live")),
    ("changed", gettext_lazy("Changed since live")),
    ("never", gettext_lazy("Never live")),
    ("disabled", gettext_lazy("Disabled")),
    ("expiring", gettext_lazy("Expiring soon")),
)
KINDS = (("", gettext_lazy("Any kind")), *Offer.Kind.choices)


class OfferFilter(ListFilter):
    searches = True
    search_label = gettext_lazy("Label or code")
    tree: ClassVar[Tree]
    at: ClassVar[datetime]

    status = forms.ChoiceField(label=gettext_lazy("Status"), choices=STATUSES)
    category = forms.ChoiceField(label=gettext_lazy("Category"))
    space = forms.ChoiceField(label=gettext_lazy("Space"))
    tag = forms.ChoiceField(label=gettext_lazy("Tag"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS)

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            queryset = queryset.filter(Q(label__resembles=word) | Q(code__icontains=word))
        if kind := self.asked("kind"):
            queryset = queryset.filter(kind=kind)
        if status := self.asked("status"):
            queryset = queryset.filter(self.in_status(status))
        if category := self.asked("category"):
            queryset = queryset.filter(category__in=self.tree.subtree_of(category))
        if space := self.asked("space"):
            queryset = queryset.filter(self.in_space(space))
        if tag := self.asked("tag"):
            queryset = queryset.filter(tags__name=tag)
        return queryset

    def in_space(self, name: str) -> Q:
        return Q(representations__space__name=name)

    def in_status(self, status: str) -> Q:
        either = Q(content_state=status) | Q(eligibility_state=status)
        agreed = Q(content_state=Approval.LIVE, eligibility_state=Approval.LIVE)
        live = Q(live_since__isnull=False)
        match status:
            case "live":
                return live
            case "changed":
                return live & ~agreed
            case "never":
                return ~live
            case "disabled":
                return Q(enabled=False)
            case "approved":
                states = [Approval.APPROVED, Approval.LIVE]
                both = Q(content_state__in=states, eligibility_state__in=states)
                return both & ~agreed
            case "expiring":
                return self.is_expiring()
            case _:
                return either

    def is_expiring(self) -> Q:
        """Ends within two weeks, by its own date or that of a category above it."""
        until = self.at + EXPIRING_WITHIN
        ended, ending = [], []
        for category in self.tree.by_key.values():
            ends = [each.end for each in self.tree.chain(category.pk) if each.end is not None]
            if ends and min(ends) <= self.at:
                ended.append(category.pk)
            elif ends and min(ends) <= until:
                ending.append(category.pk)
        over = Q(end__lte=self.at) | Q(category__in=ended)
        return (Q(end__lte=until) | Q(category__in=ending)) & ~Q(pk__in=Offer.objects.filter(over))


class MatrixFilter(OfferFilter):
    """How offers stand in the space that is asked for, or in any."""

    spaces: ClassVar[Sequence[Space]]

    state = forms.ChoiceField(
        label=gettext_lazy("There"),
        choices=[
            ("", gettext_lazy("Any")),
            ("complete", gettext_lazy("Complete")),
            ("missing", gettext_lazy("Something is missing")),
            ("off", gettext_lazy("Not enabled")),
            ("own", gettext_lazy("With words of its own")),
            ("nowhere", gettext_lazy("Not there")),
        ],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        narrowed = super().narrow(queryset)
        if state := self.asked("state"):
            narrowed = narrowed.filter(in_state(state, self.spaces, self.asked("space") or ""))
        return narrowed

    def in_space(self, name: str) -> Q:
        return Q() if self.asked("state") == "nowhere" else super().in_space(name)


class FallbackOfferFilter(OfferFilter):
    """Those without conditions: nothing of dates and categories."""

    category = None  # type: ignore[assignment] # Django's way of leaving a field out
    kind = None  # type: ignore[assignment]
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        choices=[
            ("", gettext_lazy("Any status")),
            ("never", gettext_lazy("Draft")),
            ("live", gettext_lazy("Live")),
            ("changed", gettext_lazy("Changed since live")),
        ],
    )


class LiveOfferFilter(ListFilter):
    """Of what is live, as it is frozen: by the names that stood there then."""

    searches = True
    search_label = gettext_lazy("Label or code")
    below: ClassVar[dict[str, list[str]]]  # categories with all below them

    category = forms.ChoiceField(label=gettext_lazy("Category"))
    space = forms.ChoiceField(label=gettext_lazy("Space"))
    tag = forms.ChoiceField(label=gettext_lazy("Tag"))
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            ("", gettext_lazy("Any kind")),
            ("offer", gettext_lazy("Offer")),
            ("fallback_offer", gettext_lazy("Fallback offer")),
        ],
    )

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for word in (self.asked("q") or "").split():
            label = Resembles(KeyTextTransform("label", "body"), word)
            queryset = queryset.filter(Q(label) | Q(name__icontains=word))
        if kind := self.asked("kind"):
            queryset = queryset.filter(kind=kind)
        if category := self.asked("category"):
            queryset = queryset.filter(body__category__in=self.below.get(category, [category]))
        if space := self.asked("space"):
            queryset = queryset.filter(body__representations__contains=[{"space": space}])
        if tag := self.asked("tag"):
            queryset = queryset.filter(body__tags__contains=[tag])
        return queryset


def with_choices(
    filters: type[ListFilter],
    environment: Environment,
    *,
    categories: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> type[ListFilter]:
    """The filter with what there is in an environment to choose from."""
    spaces = Space.objects.filter(environment=environment).order_by("label", "pk")
    tags = Tag.objects.filter(offers__environment=environment).distinct().order_by("name")
    given: dict[str, Any] = dict(more)
    if filters.base_fields.get("category"):
        given["category"] = forms.ChoiceField(
            label=gettext_lazy("Category"),
            choices=[("", gettext_lazy("Any category")), *categories],
            widget=LongSelect,
        )
    given["space"] = forms.ChoiceField(
        label=gettext_lazy("Space"),
        choices=[("", gettext_lazy("Any space")), *((one.name, one.label) for one in spaces)],
    )
    given["tag"] = forms.ChoiceField(
        label=gettext_lazy("Tag"),
        choices=[("", gettext_lazy("Any tag")), *((tag.name, tag.name) for tag in tags)],
    )
    return type(filters.__name__, (filters,), given)
