"""What a person may see of a decision, and what everything in it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Environment, Revision
from catalog.problems import language
from catalog.shapes import CategoryShape, FallbackOfferShape, OfferShape
from catalog.veiling import Veil, veil_of
from catalog.wordbook import call_topics
from contacts.columns import Column, known
from contacts.disclosing import MASK, in_words, may_see_personal
from contacts.discretion import is_personal, names_compared
from contacts.models import Audience
from contacts.vocabulary import Datum, Topics, labels
from decisioning.live import Live
from rules.explaining import Change, Condition
from rules.tree import Compare, Name, Node
from rules.wording import Labels, outcome

Kind = Revision.Kind


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition as somebody may read it: what would have to hold, and what there is instead."""

    text: str
    now: str = ""
    is_hidden: bool = False


@dataclass(frozen=True)
class Eyes:
    """How one person reads the decisions of one release."""

    live: Live
    personal: bool
    columns: Mapping[str, Column]
    call: Mapping[str, Datum]
    labels: Labels
    hidden: frozenset[tuple[str, str]] = frozenset()  # objects of the release, by kind and name
    languages: str = field(default_factory=language)

    def may_see_offer(self, code: str, *, is_fallback: bool = False) -> bool:
        return (Kind.FALLBACK_OFFER if is_fallback else Kind.OFFER, code) not in self.hidden

    # --- names ---

    def offer(self, code: str, *, is_fallback: bool = False) -> str:
        kind = Kind.FALLBACK_OFFER if is_fallback else Kind.OFFER
        return self.label_of(kind, code)

    def category(self, name: str) -> str:
        return self.label_of(Kind.CATEGORY, name)

    def space(self, name: str) -> str:
        return self.label_of(Kind.SPACE, name)

    def label_of(self, kind: str, name: str) -> str:
        """What is not in the release any more has only its name."""
        return getattr(self.live.shapes.get((kind, name)), "label", "") or name

    # --- rules ---

    def change(self, change: Change) -> Asked:
        """What would have to be otherwise; nothing of it where it tells personal data."""
        if not self.may_read(change.condition.node):
            return Asked(_("A condition on personal data, which you may not see"), is_hidden=True)
        text = outcome(
            change.condition.node,
            holds=change.must_hold,
            language=self.languages,
            labels=self.labels,
        )
        return Asked(text[:1].upper() + text[1:], self.there_is(change.condition))

    def may_read(self, tree: Node) -> bool:
        return self.personal or not any(
            is_personal(node.path[1], self.columns)
            for node in names_compared(tree)
            if len(node.path) > 1
        )

    def there_is(self, condition: Condition) -> str:
        """What a condition looks at: the value alone where it says itself of what."""
        says_it = isinstance(condition.node, Name) or (
            isinstance(condition.node, Compare) and isinstance(condition.node.left, Name)
        )
        if says_it and len(condition.values) == 1:
            ((name, value),) = condition.values.items()
            return self.value_of(name, value)[1]
        return self.known(condition.values)

    def known(self, values: Mapping[str, Any]) -> str:
        """`age: 31, town: nothing is known`."""
        shown = [self.value_of(name, value) for name, value in values.items() if name != "now"]
        return ", ".join(
            _("%(name)s: %(value)s") % {"name": self.labels.names.get(name, name), "value": value}
            for (name, value) in shown
        )

    def value_of(self, name: str, value: Any) -> tuple[str, str]:
        if value is None:
            return name, _("nothing is known")
        root, _dot, rest = name.partition(".")
        if root == "contact" and rest in self.columns:
            column = self.columns[rest]
            if column.is_personal and not self.personal:
                return name, MASK
            return name, in_words(column, value)
        choices = self.call[rest].choices if root == "call" and rest in self.call else {}
        return name, plain(value, choices)

    def names_of(self, tree: Node, facts: Mapping[str, Mapping[str, Any]]) -> str:
        """What a formula looks at of a person, with what they have."""
        if not self.may_read(tree):
            return MASK
        names = dict.fromkeys(names_compared(tree))
        return self.known(
            {str(name): value_at(facts, name) for name in names if len(name.path) > 1}
        )


def value_at(facts: Mapping[str, Mapping[str, Any]], name: Name) -> Any:
    return facts.get(name.path[0], {}).get(name.path[1])


def plain(value: Any, choices: Mapping[str, str]) -> str:
    match value:
        case bool():
            return _("yes") if value else _("no")
        case list() | tuple():
            return ", ".join(plain(each, choices) for each in value) or _("nothing")
        case datetime():
            return date_format(localtime(value), "DATETIME_FORMAT")
        case date():
            return date_format(value, "DATE_FORMAT")
        case int() | float() if str(value) not in choices:
            return number_format(value)
    return choices.get(str(value), str(value))


def eyes_of(user: User, live: Live, environment: Environment) -> Eyes:
    """Costs a handful of queries, whatever the number of offers."""
    columns = known()
    data = {name: datum.model_dump() for name, datum in live.environment.call_data.items()}
    call = call_topics(data)
    return Eyes(
        live=live,
        personal=may_see_personal(user),
        columns=columns,
        call={datum.name: datum for datum in call},
        labels=labels(
            columns, topics=Topics(call=call), audiences=Audience.objects.visible_to(user)
        ),
        hidden=frozenset(hidden_in(live, veil_of(environment, user))),
    )


def hidden_in(live: Live, veil: Veil) -> set[tuple[str, str]]:
    """The offers and categories of a release that a person may not see."""
    if veil.is_open:
        return set()
    bodies: dict[tuple[str, str], Mapping[str, Any]] = {}
    for key, shape in live.shapes.items():
        match shape:
            case CategoryShape():
                bodies[key] = {"access_labels": shape.access_labels, "parent": shape.parent}
            case OfferShape():
                bodies[key] = {"access_labels": shape.access_labels, "category": shape.category}
            case FallbackOfferShape():
                bodies[key] = {"access_labels": shape.access_labels}
    return veil.hidden_among(bodies)
