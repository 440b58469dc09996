"""Offers, their weights, and the categories that they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from catalog.lints.looking import Finding, Look, Seen, Weight
from catalog.models import Approval
from catalog.timeline import common, said
from catalog.tree import is_empty

SOON = timedelta(days=14)


# --- nobody gets them ---


def never(look: Look) -> Iterator[Finding]:
    """Offers that no moment, no weight or no space lets anybody get."""
    for offer in look.mine:
        if is_over(look, offer):
            continue
        sentence, page = why_never(look, offer)
        if sentence:
            yield offer.finding(sentence, page)


def why_never(look: Look, offer: Seen) -> tuple[str, str]:
    """(why nobody can ever get it, or nothing; the part of it that is mended)"""
    rules, words = "offer-edit-eligibility", "offer-edit-content"
    if not offer.weights:
        return _("It has no weight."), rules
    if is_empty(look.window(offer)):
        return _("Its dates and those of its categories do not meet."), rules
    if not offer.places:
        return _("It appears in no space."), words
    if not offer.complete_in:
        return _("It is complete in none of its spaces."), words
    if not look.counting(offer):
        first = why_idle(look, offer, offer.weights[0])
        return _("None of its weights ever counts: %(why)s") % {"why": first}, rules
    return "", ""


def is_over(look: Look, offer: Seen) -> bool:
    window = look.window(offer)
    return not is_empty(window) and window[1] is not None and window[1] <= look.at


def idle_weights(look: Look) -> Iterator[Finding]:
    """Weights that never count, beside others that do."""
    for offer in look.mine:
        counting = look.counting(offer)
        if not counting or is_over(look, offer):
            continue
        for weight in offer.weights:
            if weight not in counting:
                said = {"weight": weight.label, "why": why_idle(look, offer, weight)}
                sentence = _("The weight “%(weight)s”: %(why)s") % said
                yield offer.finding(sentence, "offer-edit-eligibility")


def why_idle(look: Look, offer: Seen, weight: Weight) -> str:
    if weight.number is not None and weight.number <= 0:
        return _("with 0 nothing is ever proposed.")
    if is_empty(common(look.window(offer), weight.window)):
        return _("its dates do not meet those of the offer and its categories.")
    space = look.spaces[weight.space].label if weight.space else ""
    return _("it is for the space “%(space)s”, where the offer is not.") % {"space": space}


def incomplete(look: Look) -> Iterator[Finding]:
    """Offers and fallback offers that lack something in some of their spaces."""
    for offer in look.all:
        if offer.pk not in look.visible or not offer.enabled:
            continue
        lacking = [one.space for one in offer.places if not one.is_complete]
        if lacking and offer.complete_in:
            names = ", ".join(sorted(look.spaces[key].label for key in lacking))
            sentence = _("It lacks what these spaces require: %(spaces)s.") % {"spaces": names}
            page = "fallback-offer-edit" if offer.is_fallback else "offer-edit-content"
            yield offer.finding(sentence, page)


# --- time ---


def expiring(look: Look) -> Iterator[Finding]:
    for offer in look.mine:
        start, end = look.window(offer)
        if is_empty((start, end)) or end is None or not look.at < end <= look.at + SOON:
            continue
        own = offer.window[1] == end
        sentence = _("It ends on %(day)s.") if own else _("Its category ends on %(day)s.")
        yield offer.finding(sentence % {"day": said(end)}, "offer-edit-eligibility")


def ended(look: Look) -> Iterator[Finding]:
    for offer in look.mine:
        end = look.window(offer)[1]
        if end is not None and is_over(look, offer):
            sentence = _("It has been over since %(day)s.") % {"day": said(end)}
            yield offer.finding(sentence, "offer-edit-eligibility")


def overdue(look: Look) -> Iterator[Finding]:
    for offer in look.all:
        if offer.pk not in look.visible:
            continue
        for state, deadline in offer.states:
            if state == Approval.PENDING and deadline is not None and deadline < look.at:
                sentence = _("An answer was due on %(day)s.") % {"day": said(deadline)}
                yield offer.finding(sentence)
                break


# --- categories ---


def idle_boosts(look: Look) -> Iterator[Finding]:
    for key, category in look.tree.by_key.items():
        if key not in look.visible_categories or category.multiplier == 1:
            continue
        boosted = (category.multiplier_start, category.multiplier_end)
        window = look.tree.window(key)
        if not is_empty(window) and is_empty(common(window, boosted)):
            sentence = _("Its multiplier holds when nothing of it is proposed.")
            yield Finding("category", category.name, category.label, sentence)


def empty_categories(look: Look) -> Iterator[Finding]:
    filled: set[int] = set()
    for offer in look.all:
        filled.update(each.pk for each in look.tree.chain(offer.category))
    for category, _depth in look.tree.walk():
        if category.pk in look.visible_categories and category.pk not in filled:
            sentence = _("No offer stands in it.")
            yield Finding("category", category.name, category.label, sentence)
