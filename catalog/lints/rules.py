"""Presentation rules that mean nothing, or that no proposition can meet."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from catalog.lints.looking import Finding, Look, Seen
from catalog.models import PresentationRule


def broken(look: Look) -> Iterator[Finding]:
    for rule in look.rules:
        if problems := look.broken.get(rule.pk):
            yield about(rule, problems[0])


def never_firing(look: Look) -> Iterator[Finding]:
    """Rules for a channel without a space, or about no offer that there is."""
    channels = {space.channel for space in look.spaces.values()}
    for rule in look.rules:
        if rule.pk in look.broken:
            continue
        if rule.channel not in {PresentationRule.ALL, *channels}:
            channel = {"channel": rule.get_channel_display()}
            yield about(rule, _("There is no space of its channel: %(channel)s.") % channel)
        elif not look.reach.get(rule.pk):
            yield about(rule, _("It applies to no offer that there is."))


def about(rule: PresentationRule, sentence: str) -> Finding:
    return Finding("presentation_rule", rule.name, rule.label, sentence)


def limiting(look: Look, offer: Seen) -> Iterator[PresentationRule]:
    """The rules that limit an offer."""
    return (rule for rule in look.rules if offer.pk in look.reach.get(rule.pk, ()))
