"""A rule in a form: a text without script, the builder with it.

    class AudienceForm(forms.Form):
        rule = RuleField(label=_("Rule"))

    form = AudienceForm(request.POST or None); form.fields["rule"].for_user(request.user)

`cleaned_data["rule"]` is a `Rule`: its canonical text, its tree, and the tree checked. A
`WeightField` is the same for a number.

What the rule may speak of besides people is its `vocabulary`, and the rules that hold beside it are
its `surrounds`: the page then says how many people there are by this rule alone, and with those.
Where only the request tells them, they are given with the user:

    field.for_user(
        request.user,
        vocabulary=Topics(call=[Datum("basket", DOUBLE, "Value of the basket")]),
        surrounds=[Surround("Environment Shop", "contact.country == \"FR\"")],
    )
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, get_current_timezone_name
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from contacts import rulebuilding, rulewords
from contacts.rulebuilding import Examined, Unreadable
from contacts.rulewords import Words, words_for
from contacts.vocabulary import EVERYWHERE, Topics
from rules.checking import Checked
from rules.limits import LONGEST_TEXT
from rules.tree import Node


@dataclass(frozen=True)
class Rule:
    """A rule that somebody wrote and that means something."""

    text: str
    tree: Node
    checked: Checked

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Surround:
    """A rule that holds beside the one that is written, and what people call it."""

    label: str
    rule: str


class RuleWidget(forms.Textarea):
    """The textarea, and beside it what the builder needs; templates/components/rule.html."""

    template_name = "components/rule.html"
    field: RuleField

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        """With the engine of our pages, which knows our components and tags."""
        return render_to_string(template_name, context)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """What was built, when that is what was on the screen, else what was written."""
        blocks = data.get(f"{name}-blocks")
        if isinstance(blocks, str) and blocks:
            return Built(blocks, str(data.get(name) or ""))
        return data.get(name)

    def format_value(self, value: Any) -> str | None:
        return str(value) if value is not None else ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        given = {"blocks": value.blocks} if isinstance(value, Built) else {"text": str(value or "")}
        context["rule"] = {
            "settings": self.field.settings(given),
            "is_weight": self.field.is_weight,
            "settings_id": f"{context['widget']['attrs'].get('id', name)}-settings",
        }
        return context


@dataclass(frozen=True)
class Built:
    """Blocks as the builder sent them, and the text that stood in the textarea."""

    json: str
    text: str

    @cached_property
    def blocks(self) -> Any:
        try:
            return json.loads(self.json)
        except (ValueError, RecursionError):
            return None

    def __str__(self) -> str:
        return self.text


class RuleField(forms.Field):
    """A rule over contacts, call data and what else may be named; `for_user` comes first."""

    widget = RuleWidget
    is_weight = False

    def __init__(
        self,
        *,
        vocabulary: Topics = EVERYWHERE,
        surrounds: Sequence[Surround] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.vocabulary = vocabulary
        self.surrounds = surrounds
        self.user: User | None = None
        self.kept = ""
        self.attach()

    def __deepcopy__(self, memo: dict[int, Any]) -> RuleField:
        copied: RuleField = super().__deepcopy__(memo)
        copied.__dict__.pop("words", None)
        copied.attach()
        return copied

    def attach(self) -> None:
        self.widget.field = self

    def for_user(
        self,
        user: User,
        *,
        vocabulary: Topics | None = None,
        surrounds: Sequence[Surround] | None = None,
        kept: str = "",
    ) -> RuleField:
        """Offer what this person may see, and say what the request alone tells.

        `kept` is the rule that stands already.
        """
        self.user = user
        self.kept = kept
        if vocabulary is not None:
            self.vocabulary = vocabulary
        if surrounds is not None:
            self.surrounds = surrounds
        self.__dict__.pop("words", None)
        return self

    @cached_property
    def words(self) -> Words:
        words = words_for(self.user or User(), topics=self.vocabulary)
        return replace(words, kept=self.kept)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"maxlength": LONGEST_TEXT, "rows": 5, "spellcheck": "false", "autocomplete": "off"}

    def examine(self, value: object) -> Examined:
        """Raises Unreadable."""
        given = {"blocks": value.blocks} if isinstance(value, Built) else {"text": str(value or "")}
        return self.examined(given)

    def examined(self, given: Mapping[str, Any]) -> Examined:
        zone = get_current_timezone()
        return rulebuilding.examine(given, self.words, zone, is_weight=self.is_weight)

    def clean(self, value: Any) -> Rule | None:
        nothing = isinstance(value, str | None) and not (value or "").strip()
        built_nothing = isinstance(value, Built) and is_nothing(value.blocks)
        if nothing or built_nothing:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        try:
            found = self.examine(value)
        except Unreadable as error:
            refusal = _("This is not a weight.") if self.is_weight else _("This is not a rule.")
            raise ValidationError(refusal, code="invalid") from error
        if not found.is_rule or found.checked is None or found.tree is None:
            told = rulebuilding.refusals(found, get_language() or "en")
            raise ValidationError([ValidationError(each, code="invalid") for each in told])
        return Rule(found.text, found.tree, found.checked)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Another canonical text is a change; another spelling of it is none."""
        if self.disabled:
            return False
        return self.canonical(initial) != self.canonical(data)

    def canonical(self, value: Any) -> str:
        if not value:
            return ""
        try:
            found = self.examine(value)
        except Unreadable:
            return str(value)
        return found.text if found.is_rule else f"{value}\0"

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the module in the browser starts from."""
        language = get_language() or "en"
        return {
            "words": rulewords.for_browser(self.words, language),
            "start": self.start(given, language),
            "asking": {
                "call": [
                    {
                        "name": datum.name,
                        "kind": str(datum.kind),
                        "label": datum.label,
                        "choices": [[value, shown] for value, shown in datum.choices.items()],
                    }
                    for datum in self.vocabulary.call
                ],
                "offer": self.vocabulary.offer,
                "propositions": self.vocabulary.propositions,
                "people": self.vocabulary.people,
                "kind": self.vocabulary.kind,
                "filters": [
                    {"name": each.name, "label": each.label, "rule": each.rule}
                    for each in self.vocabulary.filters
                ],
                "around": [each.rule for each in self.surrounds if each.rule.strip()],
                "weight": self.is_weight,
            },
            "surrounds": [each.label for each in self.surrounds if each.rule.strip()],
            "zone": get_current_timezone_name(),
            "say": rulewords.sayings(self.vocabulary),
            "urls": {
                "check": str(reverse_lazy("contacts:rule-check")),
                "count": str(reverse_lazy("contacts:rule-count")),
                "sample": str(reverse_lazy("contacts:rule-sample")),
            },
        }

    def start(self, given: Mapping[str, Any], language: str) -> dict[str, Any]:
        """The rule as it is now: an answer of the server, and the blocks that were being built."""
        blocks = given.get("blocks")
        if blocks is None and not str(given.get("text") or "").strip():
            return {"empty": True}
        try:
            found = self.examined(given)
        except Unreadable:
            return {"empty": True}
        answer = rulebuilding.answer(found, language)
        return {**answer, "blocks": blocks} if blocks is not None else answer


class WeightField(RuleField):
    """A number, or a formula that comes to one: it is written, and never built."""

    is_weight = True

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "rows": 2}


def is_nothing(blocks: object) -> bool:
    return isinstance(blocks, dict) and blocks.get("parts") == []
