"""Offers that are weighed the same in a space."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.lints.looking import Finding, Look, Seen

NAMED = 5


def ties(look: Look) -> Iterator[Finding]:
    """The offers that come to one amount now, with the spaces where they meet."""
    standing: defaultdict[tuple[Decimal, int], dict[int, Seen]] = defaultdict(dict)
    for offer in look.mine:
        for weight, amount in look.amounts_now(offer):
            for space in offer.complete_in:
                if weight.space in (None, space):
                    standing[amount, space][offer.pk] = offer
    groups: defaultdict[tuple[Decimal, frozenset[int]], list[int]] = defaultdict(list)
    for (amount, space), offers in standing.items():
        if len(offers) > 1:
            groups[amount, frozenset(offers)].append(space)
    by_key = {offer.pk: offer for offer in look.mine}
    for (amount, keys), spaces in sorted(groups.items(), key=lambda one: -one[0][0]):
        offers_here = sorted((by_key[key] for key in keys), key=lambda one: one.label.casefold())
        where = ", ".join(sorted(look.spaces[space].label for space in spaces))
        said = {"amount": told(amount), "spaces": where}
        sentence = _("All come to %(amount)s now, in: %(spaces)s.") % said
        yield Finding("weights", written(amount), names_of(offers_here), sentence)


def names_of(offers: list[Seen]) -> str:
    names = [offer.label for offer in offers[:NAMED]]
    if more := len(offers) - NAMED if len(offers) > NAMED else 0:
        names.append(ngettext("%(more)s other", "%(more)s others", more) % {"more": more})
    return ", ".join(names)


def written(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def told(amount: Decimal) -> str:
    plain = amount.normalize()
    return number_format(plain, decimal_pos=max(0, -int(plain.as_tuple().exponent)))
