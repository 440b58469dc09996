"""A presentation rule in a sentence, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from catalog.models import Category, Environment, PresentationRule, Status
from catalog.models.spaces import Channel
from catalog.problems import language
from catalog.shapes import PresentationRuleShape
from catalog.wordbook import topics_of
from contacts.vocabulary import labels
from rules.parsing import parse
from rules.refusals import BadRule
from rules.tree import Name, walk
from rules.wording import Labels, sentence


def in_words(shape: PresentationRuleShape, environment: Environment) -> list[str]:
    """What a rule says, its sentences from the most to the least important."""
    told = labels(topics=topics_of(environment, propositions=True))
    found = [main(shape)]
    if shape.applies_to:
        found.append(
            _("It is about these offers: %(rule)s.") % {"rule": spoken(shape.applies_to, told)}
        )
    else:
        found.append(_("It is about every offer."))
    if shape.recipients:
        found.append(
            _("It concerns these people: %(rule)s.") % {"rule": spoken(shape.recipients, told)}
        )
    counted = what_counts(shape, told)
    if counted:
        found.append(counted)
    if shape.count_this_call:
        found.append(_("Offers chosen earlier in the same call count as well."))
    if not shape.active:
        found.append(_("It is not active: nobody asks it."))
    return found


def main(shape: PresentationRuleShape) -> str:
    """“At most 2 propositions of the offer by email in 7 days.”"""
    words = {
        "number": shape.max,
        "whose": whose(shape.scope),
        "channel": on(shape),
        "period": within(shape.period),
    }
    text = ngettext(
        "At most %(number)s proposition %(whose)s%(channel)s%(period)s.",
        "At most %(number)s propositions %(whose)s%(channel)s%(period)s.",
        shape.max,
    )
    return text % words


def whose(scope: str) -> str:
    match scope:
        case "offer":
            return pgettext("propositions", "of the offer")
        case "category":
            return pgettext("propositions", "of offers in its category")
        case "rule":
            return pgettext("propositions", "of the offers of the rule, together")
    return pgettext("propositions", "of any offer")


def on(shape: PresentationRuleShape) -> str:
    if shape.channel != PresentationRule.ALL:
        return BY_CHANNEL[shape.channel]()
    return pgettext("propositions", " on the channel of the call") if shape.same_channel else ""


BY_CHANNEL = {
    Channel.WEB.value: lambda: pgettext("propositions", " on the web"),
    Channel.CALL_CENTER.value: lambda: pgettext("propositions", " in the call centre"),
    Channel.EMAIL.value: lambda: pgettext("propositions", " by email"),
    Channel.SMS.value: lambda: pgettext("propositions", " by SMS"),
    Channel.DIRECT_MAIL.value: lambda: pgettext("propositions", " by direct mail"),
    Channel.PUSH.value: lambda: pgettext("propositions", " by push"),
    Channel.OTHER.value: lambda: pgettext("propositions", " on other channels"),
}


def within(period: timedelta | None) -> str:
    if period is None:
        return pgettext("propositions", ", ever")
    days, hours = period.days, period.seconds // 3600
    parts = []
    if days:
        parts.append(ngettext("%(number)s day", "%(number)s days", days) % {"number": days})
    if hours:
        parts.append(ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours})
    length = pgettext("a length of time", " and ").join(parts)
    return pgettext("propositions", " in %(length)s") % {"length": length}


def what_counts(shape: PresentationRuleShape, told: Labels) -> str:
    """Which propositions count, when not all do."""
    parts = []
    if shape.statuses:
        words = {each.word: str(each.label).lower() for each in Status}
        said = pgettext("statuses", " or ").join(words[each] for each in shape.statuses)
        parts.append(_("that are %(statuses)s") % {"statuses": said})
    if shape.same_channel and shape.channel != PresentationRule.ALL:
        parts.append(_("made on this channel"))
    if shape.propositions:
        parts.append(_("where %(rule)s") % {"rule": spoken(shape.propositions, told)})
    if not parts:
        return ""
    return _("Only propositions %(which)s count.") % {
        "which": pgettext("conditions", ", and ").join(parts)
    }


def spoken(rule: str, told: Labels) -> str:
    try:
        return sentence(parse(rule), language(), told)
    except BadRule:
        return rule


# --- doubts ---


def doubts_of(shape: PresentationRuleShape, categories: Iterable[Category]) -> list[str]:
    """Offers that fill up should not be left out: a rule that may reach them says so."""
    always = [category for category in categories if category.always_include]
    if not shape.active or not always or speaks_of_categories(shape.applies_to):
        return []
    names = ", ".join(category.label for category in always)
    return [
        _(
            "It also reaches the offers of %(names)s, which are always included so that nobody "
            "gets nothing. Say which offers it is about."
        )
        % {"names": names}
    ]


def speaks_of_categories(rule: str | None) -> bool:
    """Whoever asks for categories, codes or tags has thought of which offers are meant."""
    try:
        named = {str(node) for node in walk(parse(rule)) if isinstance(node, Name)} if rule else ()
    except BadRule:
        return True
    return any(name.startswith("offer.") for name in named)
