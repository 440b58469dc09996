"""Is somebody left without an offer? Fallback offers, and offers that everybody always gets."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from catalog.lints.looking import Finding, Look, Seen
from catalog.lints.rules import limiting


def spaces_without(look: Look) -> Iterator[Finding]:
    """Spaces where nothing is left for whoever no offer is for."""
    by_key = {each.pk: each for each in look.all}
    sure = [each for each in look.offers if is_for_everybody_always(look, each)]
    for space in sorted(look.spaces.values(), key=lambda one: (one.label.casefold(), one.pk)):
        behind = by_key.get(space.fallback_offer_id or 0)
        sentence = ""
        if behind is not None:
            if space.pk in behind.complete_in:
                continue
            sentence = _("Its fallback offer %(offer)s says nothing complete here.")
            if behind.pk not in look.visible:
                sentence = _("Its fallback offer says nothing complete here.")
            sentence %= {"offer": behind.label}
        elif not any(space.pk in each.complete_in for each in sure):
            sentence = _("It has no fallback offer, and no offer here is for everybody, always.")
        if sentence:
            yield Finding("space", space.name, space.label, sentence)


def is_for_everybody_always(look: Look, offer: Seen) -> bool:
    """Is it in every call, for everybody, without end, and never used up?"""
    chain = look.tree.chain(offer.category)
    return (
        look.is_backup(offer)
        and not (look.environment.filter or offer.filter or any(each.filter for each in chain))
        and began_without_end(look, offer)
        and offer.pk not in look.capped
        and not any(limiting(look, offer))
        and any(is_always(look, weight) for weight in offer.weights)
    )


def began_without_end(look: Look, offer: Seen) -> bool:
    start, end = look.window(offer)
    return end is None and (start is None or start <= look.at)


def is_always(look: Look, weight: object) -> bool:
    number, rule, space, window = (
        getattr(weight, name) for name in ("number", "filter", "space", "window")
    )
    start, end = window
    began = start is None or start <= look.at
    return bool(number and number > 0 and not rule and space is None and end is None and began)


# --- offers of categories that are always included ---


def doubtful(look: Look) -> Iterator[Finding]:
    """Backup offers that come too early, end, or are not for all."""
    regular = [
        weight.number
        for offer in look.offers
        if not look.is_backup(offer)
        for weight in look.counting(offer)
        if weight.number is not None
    ]
    lowest = min(regular, default=None)
    for offer in look.mine:
        if not look.is_backup(offer):
            continue
        page = "offer-edit-eligibility"
        strong = [
            weight
            for weight in look.counting(offer)
            if lowest is not None and weight.number is not None and weight.number >= lowest
        ]
        if strong:
            weight = strong[0].label
            sentence = _("Its weight “%(weight)s” is not below those of the regular offers.")
            yield offer.finding(sentence % {"weight": weight}, page)
        if offer.filter or any(each.filter for each in look.tree.chain(offer.category)):
            yield offer.finding(_("It is not for everybody."), page)
        if look.window(offer)[1] is not None:
            yield offer.finding(_("It ends."), page)
        if rule := next(limiting(look, offer), None):
            sentence = _("The presentation rule “%(rule)s” limits it.") % {"rule": rule.label}
            yield offer.finding(sentence)
