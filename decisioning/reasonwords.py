"""Why an offer is or is not in an answer, and what it would take, as people say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from catalog.models import Cap as CapRow
from decisioning.caps import LAST, period_of
from decisioning.engine.unmet import Kept, Unmet, Used
from decisioning.engine.values import Cap, Context, Explained, Step, Window
from decisioning.seeing import Asked, Eyes

Text = str | Promise
GATES: Mapping[Step, Text] = {
    Step.SCOPE: gettext_lazy("Not asked for"),
    Step.REPRESENTATION: gettext_lazy("No content"),
    Step.DISABLED: gettext_lazy("Off line"),
    Step.DATES: gettext_lazy("Dates"),
    Step.CATEGORY_DATES: gettext_lazy("Dates of a category"),
    Step.ENVIRONMENT_FILTER: gettext_lazy("Filter of the environment"),
    Step.CATEGORY_FILTER: gettext_lazy("Filter of a category"),
    Step.OFFER_FILTER: gettext_lazy("Filter of the offer"),
    Step.CONTEXT: gettext_lazy("No weight"),
    Step.PRESENTATION_RULE: gettext_lazy("Presentation rule"),
    Step.CAP: pgettext_lazy("of an offer", "Cap"),
    Step.DIVERSITY: gettext_lazy("Enough of its category"),
    Step.DUPLICATE: gettext_lazy("In another slot"),
    Step.RANK: gettext_lazy("Others are better"),
    Step.SELECTED: gettext_lazy("Proposed"),
}
TONES: Mapping[Step, str] = {
    Step.SELECTED: "good",
    Step.RANK: "off",
    Step.PRESENTATION_RULE: "wait",
    Step.CAP: "wait",
    Step.DIVERSITY: "off",
    Step.DUPLICATE: "off",
}


# --- why ---


def why(one: Explained, eyes: Eyes) -> str:
    """One sentence for where an offer left."""
    words = {
        "category": eyes.category(one.subject),
        "rule": rule_label(one.subject, eyes),
        "count": number_format(one.count or 0),
        "limit": number_format(one.limit or 0),
    }
    return str(sentence_of(one)) % words


def sentence_of(one: Explained) -> Text:  # noqa: C901 (one sentence for each step)
    match one.step:
        case Step.SCOPE:
            return _("The call asks for other categories or themes.")
        case Step.REPRESENTATION if one.weight is not None:
            return _("It could not be shown: its content fails here, or the call leaves it out.")
        case Step.REPRESENTATION:
            return _("It has no content for this space.")
        case Step.DISABLED if one.subject:
            return _("The category “%(category)s” is off line.")
        case Step.DISABLED:
            return _("It is off line.")
        case Step.DATES:
            return _("Its dates do not include this moment.")
        case Step.CATEGORY_DATES:
            return _("The dates of “%(category)s” do not include this moment.")
        case Step.ENVIRONMENT_FILTER:
            return _("The filter of the environment leaves this person out.")
        case Step.CATEGORY_FILTER:
            return _("The filter of “%(category)s” leaves this person out.")
        case Step.OFFER_FILTER:
            return _("Its filter leaves this person out.")
        case Step.CONTEXT:
            return _("None of its weights is for this person here.")
        case Step.PRESENTATION_RULE:
            return _("“%(rule)s” keeps it back: %(count)s of at most %(limit)s are counted.")
        case Step.CAP:
            return _("A cap is used up: %(count)s of %(limit)s.")
        case Step.DIVERSITY:
            return _("The answer has as many of its category as the space allows: %(limit)s.")
        case Step.DUPLICATE:
            return _("Another slot of the call shows it.")
        case Step.RANK:
            return _("Nothing keeps it back, but others are better.")
    return _("It is proposed.")


def rule_label(name: str, eyes: Eyes) -> str:
    return eyes.label_of("presentation_rule", name)


# --- what it would take ---


def needs(
    one: Explained, unmet: Unmet, eyes: Eyes, *, at: datetime, least: Decimal | None
) -> Iterator[Asked]:
    """All that would have to be otherwise, in the order in which it is asked.

    `least` is the weight of the last offer that was chosen.
    """
    for step, subject in unmet.ways_out:
        yield way_in(step, subject, one.offer, eyes)
    yield from condition_needs(unmet, eyes)
    for kept in unmet.rules:
        yield rule_need(kept, eyes)
    for used in unmet.caps:
        yield cap_need(used, eyes, at)
    yield from order_need(one, least)


def condition_needs(unmet: Unmet, eyes: Eyes) -> Iterator[Asked]:
    """What would have to be so of the person and the call, of the moment and the space."""
    seen = set()
    for change in unmet.changes:
        asked = eyes.change(change)
        if asked not in seen:  # what may not be read is said once
            seen.add(asked)
            yield asked
    if not unmet.is_possible:
        yield Asked(_("Nobody can meet its conditions: they rule each other out"))
    for context in unmet.closed:
        yield Asked(opening(context, eyes))
    for context in unmet.weightless:
        words = {"context": context.label}
        yield Asked(_("A weight above 0 from “%(context)s”") % words)


def way_in(step: Step, subject: str, code: str, eyes: Eyes) -> Asked:
    release = eyes.live.engine.release
    match step:
        case Step.SCOPE:
            return Asked(_("A call that asks for its category, or for one of its themes"))
        case Step.REPRESENTATION:
            return Asked(_("Content for this space"))
        case Step.DISABLED if subject:
            words = {"category": eyes.category(subject)}
            return Asked(_("The category “%(category)s” on line") % words)
        case Step.DISABLED:
            return Asked(_("The offer on line"))
        case Step.CATEGORY_DATES:
            words = {"category": eyes.category(subject)}
            text = _("A moment within the dates of “%(category)s”") % words
            return Asked(text, window_words(release.categories[subject].window))
    text = _("A moment within its dates")
    return Asked(text, window_words(release.by_code[code].offer.window))


def opening(context: Context, eyes: Eyes) -> str:
    """Where and when a line could count at all."""
    words = {"context": context.label, "window": window_words(context.window)}
    if context.space:
        words["space"] = eyes.space(context.space)
        if context.window == Window():
            return _("The space %(space)s, where “%(context)s” counts") % words
        return _("The space %(space)s, where “%(context)s” counts: %(window)s") % words
    return _("A moment at which “%(context)s” counts: %(window)s") % words


def window_words(window: Window) -> str:
    if window.start and window.end:
        words = {"start": moment(window.start), "end": moment(window.end)}
        return _("from %(start)s until %(end)s") % words
    if window.start:
        return _("from %(start)s") % {"start": moment(window.start)}
    return _("until %(end)s") % {"end": moment(window.end)} if window.end else _("always")


def rule_need(kept: Kept, eyes: Eyes) -> Asked:
    text = ngettext(
        "No proposition that “%(rule)s” counts",
        "Fewer than %(limit)s propositions that “%(rule)s” counts",
        kept.rule.max,
    ) % {"limit": number_format(kept.rule.max), "rule": rule_label(kept.rule.name, eyes)}
    count = ngettext("%(count)s is counted", "%(count)s are counted", kept.count) % {
        "count": number_format(kept.count)
    }
    if kept.since is None or kept.until is None:
        return Asked(text, _("%(count)s, and none is ever over") % {"count": count})
    words = {"count": count, "since": moment(kept.since), "until": moment(kept.until)}
    now = _("%(count)s between %(since)s and %(until)s") % words
    if kept.free_at is not None:
        now += _(", at the earliest again after %(moment)s") % {"moment": moment(kept.free_at)}
    return Asked(text, now)


def cap_need(used: Used, eyes: Eyes, at: datetime) -> Asked:
    release = eyes.live.engine.release
    text = _("Room in its cap: %(cap)s") % {"cap": cap_words(used.cap)}
    now = _("%(count)s of %(limit)s are used") % {
        "count": number_format(used.count),
        "limit": number_format(used.cap.limit),
    }
    _since, until = period_of(used.cap, at, release.zone)
    if until < LAST:
        now += _(", it begins anew on %(moment)s") % {"moment": moment(until)}
    return Asked(text, now)


def cap_words(cap: Cap) -> str:
    """“at most 1,000 accepted, in total, every month”."""
    words = {
        "limit": number_format(cap.limit),
        "counts": str(CapRow.Counts(cap.counts).label).lower(),
        "per": str((CapRow.Per.CONTACT if cap.per_contact else CapRow.Per.TOTAL).label).lower(),
        "period": pgettext("cap", "ever"),
    }
    if cap.every:
        words["period"] = EVERY[cap.unit](cap.every) % {"number": cap.every}
    return _("at most %(limit)s %(counts)s, %(per)s, %(period)s") % words


EVERY: Mapping[str, Callable[[int], str]] = {
    "days": lambda number: ngettext("every day", "every %(number)s days", number),
    "weeks": lambda number: ngettext("every week", "every %(number)s weeks", number),
    "months": lambda number: ngettext("every month", "every %(number)s months", number),
}


def order_need(one: Explained, least: Decimal | None) -> Iterator[Asked]:
    """What lies with the other offers of the answer."""
    match one.step:
        case Step.RANK if least is not None:
            text = _("A weight above %(weight)s, or more offers asked for")
            yield Asked(text % {"weight": weight_words(least)})
        case Step.DIVERSITY:
            yield Asked(_("Fewer offers of its category before it"))
        case Step.DUPLICATE:
            yield Asked(_("A call whose other slots do not show it"))
        case Step.REPRESENTATION if one.weight is not None:
            yield Asked(_("Content that can be shown to this person"))


# --- values ---


def moment(value: datetime) -> str:
    return date_format(localtime(value), "SHORT_DATETIME_FORMAT")


def weight_words(weight: Decimal) -> str:
    """Two digits; more where two would say nothing."""
    two = round(weight, 2)
    return number_format(two if two or not weight else weight.normalize(), force_grouping=True)


def factor_words(value: Decimal) -> str:
    plain = value.normalize()
    places = max(0, -int(plain.as_tuple().exponent))
    return number_format(plain, decimal_pos=places, force_grouping=True)
