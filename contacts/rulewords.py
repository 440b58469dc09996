"""What people read in the rule builder, and what a rule may speak of there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from contacts import ruleasks, vocabulary
from contacts.columns import Column, known
from contacts.models import Audience
from contacts.ruleblocks import Gap, Why
from contacts.vocabulary import EVERYWHERE, Datum, Topics
from rules.kinds import Kind
from rules.vocabulary import Vocabulary
from rules.wording import LANGUAGES, Labels

Text = str | Promise


@dataclass(frozen=True)
class Words:
    """What a rule may speak of on one page, and what people call it."""

    vocabulary: Vocabulary
    labels: Labels
    columns: Mapping[str, Column]
    audiences: Mapping[str, str]  # labels, of those that the person may see
    call: Mapping[str, Datum] = field(default_factory=dict)  # by name
    sees_personal: bool = False
    kept: str = ""  # a rule that stands already: whoever leaves it as it is asks for nothing
    kind: str = "contact"  # who is counted


def words_for(user: User, *, topics: Topics = EVERYWHERE) -> Words:
    """Costs four queries."""
    columns = known()
    seen = Audience.objects.visible_to(user).order_by("label")
    seen = seen.only("name", "label", "kind")
    own = {each.name: each.label for each in topics.filters}
    return Words(
        vocabulary.words(columns=columns, topics=topics),
        vocabulary.labels(columns, topics=topics, audiences=seen),
        columns,
        own | {audience.name: audience.label for audience in seen if audience.name not in own},
        {datum.name: datum for datum in topics.call},
        sees_personal=user.has_perm("contacts.view_personal_data"),
        kind=topics.kind,
    )


def capped(label: str) -> str:
    return label[:1].upper() + label[1:]


# --- for the browser ---

SECTIONS: tuple[tuple[str, Text], ...] = (
    ("contact", gettext_lazy("Contact")),
    (ruleasks.AUDIENCE, gettext_lazy("Audiences")),
    ("call", gettext_lazy("Call data")),
    ("space", gettext_lazy("Space")),
    ("offer", gettext_lazy("Offer")),
    ("proposition", gettext_lazy("Proposition")),
    ("moment", gettext_lazy("Moment and identification")),
)


def for_browser(words: Words, language: str) -> dict[str, Any]:
    """Everything that the builder offers, as JSON."""
    names: list[dict[str, Any]] = [
        name_json(words, name, kind, language) for name, kind in words.vocabulary.names.items()
    ]
    names.append(
        {
            "name": ruleasks.AUDIENCE,
            "label": _("Belongs to an audience"),
            "section": ruleasks.AUDIENCE,
            "kind": ruleasks.AUDIENCE,
            "choices": [[name, label] for name, label in words.audiences.items()],
        }
    )
    order = [section for section, _label in SECTIONS]
    names.sort(key=lambda each: (order.index(each["section"]), each["label"].casefold()))
    present = {each["section"] for each in names}
    return {
        "sections": [[key, str(label)] for key, label in SECTIONS if key in present],
        "names": names,
        "asks": {
            kind: [[ask, str(ask_label(kind, ask))] for ask in asks]
            for kind, asks in ruleasks.ASKS.items()
        },
        "noValue": sorted(ruleasks.NO_VALUE),
        "several": sorted(ruleasks.SEVERAL),
        "counts": sorted(ruleasks.COUNTS),
        "units": {ask: str(unit) for ask, unit in UNITS.items()},
        "functions": [[word, str(label)] for word, label in FUNCTIONS],
    }


def name_json(words: Words, name: str, kind: Kind, language: str) -> dict[str, Any]:
    root, _dot, rest = name.partition(".")
    roots: Mapping[str, Mapping[str, Column | Datum]]
    roots = {"contact": words.columns, "call": words.call}
    declared = roots.get(root, {}).get(rest)
    label = str(declared.label) if declared and declared.label else ""
    label = label or LANGUAGES[language].names.get(name, rest or name)
    choices = declared.choices if declared else {}
    return {
        "name": name,
        "label": capped(label),
        "section": root if name not in {"now", "identification"} else "moment",
        "kind": str(kind),
        "choices": [[value, shown] for value, shown in choices.items()],
    }


DATES: Mapping[str, Text] = {
    "at_least": gettext_lazy("is on or after"),
    "at_most": gettext_lazy("is on or before"),
    "over": gettext_lazy("is after"),
    "under": gettext_lazy("is before"),
}
LABELS: Mapping[str, Text] = {
    "is": gettext_lazy("is"),
    "is_not": gettext_lazy("is not"),
    "one_of": gettext_lazy("is one of"),
    "not_one_of": gettext_lazy("is none of, or unknown"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
    "over": gettext_lazy("is over"),
    "under": gettext_lazy("is under"),
    "contains": gettext_lazy("contains"),
    "begins": gettext_lazy("begins with"),
    "ends": gettext_lazy("ends with"),
    "matches": gettext_lazy("has the form"),
    "not_contains": gettext_lazy("does not contain, or is unknown"),
    "not_begins": gettext_lazy("does not begin with, or is unknown"),
    "not_ends": gettext_lazy("does not end with, or is unknown"),
    "not_matches": gettext_lazy("does not have the form, or is unknown"),
    "known": gettext_lazy("is known"),
    "unknown": gettext_lazy("is unknown"),
    "yes": gettext_lazy("is yes"),
    "no": gettext_lazy("is no"),
    "not_yes": gettext_lazy("is no or unknown"),
    "is_true": gettext_lazy("is yes (written as == true)"),
    "has_item": gettext_lazy("contains"),
    "has_any": gettext_lazy("contains any of"),
    "has_every": gettext_lazy("contains all of"),
    "has_no": gettext_lazy("does not contain, or is unknown"),
    "has_none": gettext_lazy("contains none of, or is unknown"),
    "count_at_least": gettext_lazy("has at least"),
    "count_at_most": gettext_lazy("has at most"),
    "count_is": gettext_lazy("has exactly"),
    "age_at_least": gettext_lazy("age is at least"),
    "age_under": gettext_lazy("age is under"),
    "age_over": gettext_lazy("age is over"),
    "age_at_most": gettext_lazy("age is at most"),
    "age_is": gettext_lazy("age is"),
    "last_days": gettext_lazy("is in the last"),
    "next_days": gettext_lazy("is in the next"),
    "days_ago": gettext_lazy("is longer ago than"),
    "since_days": gettext_lazy("is at most so long ago, or to come:"),
    "past": gettext_lazy("is in the past"),
    "future": gettext_lazy("is in the future"),
    "member": gettext_lazy("is a member of"),
    "not_member": gettext_lazy("is not a member of"),
}


# What stands after the field of a question that takes a number.
UNITS: Mapping[str, Text] = {
    **dict.fromkeys(ruleasks.DAYS, gettext_lazy("days")),
    **dict.fromkeys(ruleasks.AGES, gettext_lazy("years")),
    **dict.fromkeys(("count_at_least", "count_at_most", "count_is"), gettext_lazy("values")),
}


def ask_label(kind: str, ask: str) -> Text:
    if kind in {"date", "timestamp"} and ask in DATES:
        return DATES[ask]
    return LABELS[ask]


FUNCTIONS: tuple[tuple[str, Text], ...] = (
    ("has(", gettext_lazy("is it known?")),
    ("filter(", gettext_lazy("belongs to an audience")),
    ("years(", gettext_lazy("completed years since a day")),
    ("days(", gettext_lazy("days from one moment to another")),
    ("date(", gettext_lazy("a day, or the day of a moment")),
    ("timestamp(", gettext_lazy("a moment")),
    ("duration(", gettext_lazy("a length of time, such as 720h")),
    ("size(", gettext_lazy("the length of a text or a list")),
    ("contains(", gettext_lazy("does a text contain another?")),
    ("startsWith(", gettext_lazy("does a text begin with another?")),
    ("endsWith(", gettext_lazy("does a text end with another?")),
    ("matches(", gettext_lazy("does a text have this form (a regular expression)?")),
    ("lowerAscii(", gettext_lazy("a text in small letters")),
    ("true", pgettext_lazy("truth value", "yes")),
    ("false", pgettext_lazy("truth value", "no")),
    ("now", gettext_lazy("the moment of the decision")),
)

# What the module in the browser says; {…} is filled in there.
SAYINGS: Mapping[str, Text] = {
    "all": pgettext_lazy("rule", "All"),
    "any": pgettext_lazy("rule", "Any"),
    "none": pgettext_lazy("rule", "None"),
    "allWords": pgettext_lazy("all", "of these must be true"),
    "anyWords": pgettext_lazy("any", "of these must be true"),
    "noneWords": pgettext_lazy("none", "of these may be true"),
    "and": pgettext_lazy("rule", "and"),
    "or": pgettext_lazy("rule", "or"),
    "nor": pgettext_lazy("rule", "nor"),
    "not": pgettext_lazy("rule", "not"),
    "how": gettext_lazy("How the conditions go together"),
    "wholeRule": gettext_lazy("The whole rule"),
    "conditionAt": gettext_lazy("condition {place}"),
    "groupAt": gettext_lazy("group {place}"),
    "addCondition": gettext_lazy("Add a condition"),
    "addGroup": gettext_lazy("Add a group"),
    "groupAdded": gettext_lazy("A group is added."),
    "empty": gettext_lazy("No condition yet: everybody is meant."),
    "emptySentence": gettext_lazy("Everybody. Add a condition to say who is meant."),
    "noSentence": gettext_lazy("The sentence appears as soon as the rule makes sense."),
    "chooseName": gettext_lazy("Choose what it is about"),
    "nameIs": gettext_lazy("{label}: change what it is about"),
    "noMatch": gettext_lazy("Nothing is called that."),
    "compare": gettext_lazy("How it is compared"),
    "between": gettext_lazy("is between (two conditions)"),
    "value": gettext_lazy("Value"),
    "choose": gettext_lazy("Choose…"),
    "addValue": gettext_lazy("Add a value"),
    "removeValue": gettext_lazy("Remove {value}"),
    "written": gettext_lazy("Written condition"),
    "grip": gettext_lazy("Move {what}: drag, or use the arrow keys"),
    "gripHelp": gettext_lazy("Drag to move, or use the arrow keys"),
    "actions": gettext_lazy("Actions for {what}"),
    "moveUp": gettext_lazy("Move up"),
    "moveDown": gettext_lazy("Move down"),
    "moveIn": gettext_lazy("Move into the group beside it"),
    "moveOut": gettext_lazy("Move out of its group"),
    "cannotMove": gettext_lazy("It cannot move there."),
    "movedTo": gettext_lazy("Moved to place {place}."),
    "wrap": gettext_lazy("Put into a new group"),
    "unwrap": gettext_lazy("Dissolve the group"),
    "duplicate": gettext_lazy("Duplicate"),
    "duplicated": gettext_lazy("Duplicated."),
    "remove": gettext_lazy("Remove"),
    "removeWhat": gettext_lazy("Remove {what}"),
    "removed": gettext_lazy("Removed. Undo brings it back."),
    "undone": gettext_lazy("Undone."),
    "redone": gettext_lazy("Done again."),
    "peopleOne": gettext_lazy("{number} person"),
    "peopleOther": gettext_lazy("{number} people"),
    "about": gettext_lazy("about {what}"),
    "fewer": gettext_lazy("fewer than {what}"),
    "share": gettext_lazy("{share} of {all}"),
    "left": gettext_lazy("{people} left here: see ten of them"),
    "see": gettext_lazy("See ten of them"),
    "ten": gettext_lazy("Ten of those who match"),
    "tenAt": gettext_lazy("Ten of those who are left after {place}"),
    "alone": gettext_lazy("by this rule alone"),
    "around": gettext_lazy("together with {names}"),
    "emptyWeight": gettext_lazy("A number such as 10, or a formula over what is known."),
    "noWeight": gettext_lazy("The figures appear as soon as the weight makes sense."),
    "weightSame": gettext_lazy("the same for everybody"),
    "weightLeast": gettext_lazy("least"),
    "weightMean": gettext_lazy("mean"),
    "weightMost": gettext_lazy("greatest"),
    "weightUnknown": gettext_lazy("Without a weight, because a value is unknown: {people}."),
    "weightLater": gettext_lazy("Only a decision knows it, because it asks for: {names}."),
    "leftOut": gettext_lazy("Not counted, because only a decision knows it: {names}."),
    "unfinishedOne": gettext_lazy("{number} condition is not finished and not counted yet."),
    "unfinishedOther": gettext_lazy("{number} conditions are not finished and not counted yet."),
    "unfinishedText": gettext_lazy(
        "Conditions that are not finished are missing here. They come back with the builder if "
        "you leave this text as it is."
    ),
    "noNumber": gettext_lazy("The number of people appears as soon as the rule makes sense."),
    "counting": gettext_lazy("One moment…"),
    "unreachable": gettext_lazy("The server cannot be reached. Nothing is lost."),
    "again": gettext_lazy("Try again"),
    "showPlace": gettext_lazy("Show the place"),
    "mendFirst": gettext_lazy("The text has a mistake; mend it first. {mistake}"),
    "nowText": gettext_lazy("The rule as a text."),
    "nowBuilder": gettext_lazy("The rule in the builder."),
}

# What it says otherwise where a rule is not about who is meant.
ABOUT_OFFERS: Mapping[str, Text] = {
    "empty": gettext_lazy("No condition yet: every offer is meant."),
    "emptySentence": gettext_lazy("Every offer. Add a condition to say which ones are meant."),
}
ABOUT_PROPOSITIONS: Mapping[str, Text] = {
    "empty": gettext_lazy("No condition yet: every proposition counts."),
    "emptySentence": gettext_lazy("Every proposition. Add a condition to say which ones count."),
}


def sayings(topics: Topics) -> dict[str, str]:
    own: Mapping[str, Text] = {}
    if not topics.people:
        own = ABOUT_OFFERS
    elif topics.propositions:
        own = ABOUT_PROPOSITIONS
    return {key: str(text) for key, text in {**SAYINGS, **own}.items()}


# --- what is missing, and why ---

GAPS: Mapping[Gap, Text] = {
    Gap.NAME: gettext_lazy("Choose what this condition is about."),
    Gap.ASK: gettext_lazy("Choose how to compare it."),
    Gap.VALUE: gettext_lazy("A value is missing."),
    Gap.BAD_VALUE: gettext_lazy("This value does not fit."),
    Gap.BAD_WHOLE: gettext_lazy("A whole number belongs here."),
    Gap.EMPTY_GROUP: gettext_lazy("This group has no condition yet."),
    Gap.BAD_TEXT: gettext_lazy("This is not a rule."),
    Gap.TOO_LARGE: gettext_lazy("The rule is too large."),
}
WHYS: Mapping[Why, Text] = {
    Why.ARITHMETIC: gettext_lazy("It computes with values, which can only be written."),
    Why.CHOICE: gettext_lazy("It chooses between values (… ? … : …), which can only be written."),
    Why.TWO_NAMES: gettext_lazy("It compares two attributes, which can only be written."),
    Why.UNKNOWN: gettext_lazy("It names something that does not exist, or no longer does."),
    Why.OTHER: gettext_lazy("It has a form for which the builder has no field."),
}


def lacks(gap: Gap) -> str:
    return str(GAPS[gap])


def why(code: str) -> str:
    return str(WHYS[Why(code)])


def at_block(place: str, message: str) -> str:
    return _("Condition %(place)s: %(message)s") % {"place": place, "message": message}


def at_text(text: str, start: int, message: str) -> str:
    """Where in a text something is: the line and the character, and what stands there."""
    before = text[:start]
    known = {
        "line": before.count("\n") + 1,
        "character": start - (before.rfind("\n") + 1) + 1,
        "message": message,
    }
    if "\n" in text.strip():
        return _("Line %(line)d, character %(character)d: %(message)s") % known
    return _("Character %(character)d: %(message)s") % known
