"""The algorithm as it is written down, without a thought for speed: a second opinion."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from typing import Any

from decisioning.engine.values import Catalogue, Past, Scope, Window, microseconds_at
from rules.checking import Checked
from rules.compiling import compile_rules

WORDS = {0: "generated", 1: "presented", 3: "accepted", 5: "rejected"}


def inside(window: Window, at: datetime) -> bool:
    if window.start is not None and at < window.start:
        return False
    return not (window.end is not None and at >= window.end)


PROGRAMS: dict[int, tuple[Checked, Callable[..., tuple[object, ...]]]] = {}


def answer(rule, facts, at, zone):
    if id(rule) not in PROGRAMS:
        PROGRAMS[id(rule)] = rule, compile_rules([rule]).evaluate
    return PROGRAMS[id(rule)][1](facts, at, zone)[0]


class Naive:
    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.categories = {c.name: c for c in catalogue.categories}

    def chain(self, offer):
        found: list[Any] = []
        name = offer.category
        while name is not None:
            found.insert(0, self.categories[name])
            name = self.categories[name].parent
        return found

    def pool(self, space, slot):
        categories, themes = list(slot.categories), list(slot.themes)
        if not categories and not themes:
            categories = [space.default_category] if space.default_category else []
            themes = list(space.default_themes)
        for offer in self.catalogue.offers:
            chain = self.chain(offer)
            names = [c.name for c in chain]
            spoken = {t.strip().lower() for c in chain for t in c.themes}
            fits = not categories or any(name in names for name in categories)
            fits = fits and (not themes or any(t.strip().lower() in spoken for t in themes))
            if fits or any(c.always_include for c in chain):
                yield offer, chain

    def decide(self, question):
        call: list[Past] = []  # what it has chosen so far
        return [self.fill(question, slot, call) for slot in question.slots]

    def fill(self, question, slot, call):
        space = next(s for s in self.catalogue.spaces if s.name == slot.space)
        weighed = []
        for offer, chain in self.pool(space, slot):
            found = self.weigh(question, slot, space, offer, chain)
            if found:
                weighed.append((*found, offer, chain))
        weighed.sort(
            key=lambda one: (
                -one[0],
                sha256(f"{question.seed}|{question.target}|{one[2].code}".encode()).hexdigest(),
            )
        )
        chosen: list[Any] = []
        groups: dict[str, int] = {}
        taken = {past.offer for past in call} if question.deduplicate else set()
        for weight, label, offer, chain in weighed:
            depth = min(space.category_depth or len(chain), len(chain))
            group = chain[depth - 1].name if chain else ""
            if len(chosen) == slot.count or offer.code in taken:
                continue
            if space.max_per_category and groups.get(group, 0) >= space.max_per_category:
                continue
            if self.is_pressed(question, slot, space, offer, chain, call):
                continue
            if not self.has_room(question, space, offer, call):
                continue
            groups[group] = groups.get(group, 0) + 1
            chosen.append((offer.code, weight, label))
            call.append(
                Past(
                    offer=offer.code,
                    space=space.name,
                    channel=space.channel,
                    status=space.status_on_proposition,
                    microseconds=microseconds_at(question.at),
                    category=offer.category,
                    weight=float(weight),
                    rank=len(chosen),
                )
            )
        return chosen

    def has_room(self, question, space, offer, call):
        for cap in offer.caps:
            used = question.used.get((cap.key, space.name if cap.each_space else ""), 0)
            for past in call:
                counts = cap.counts in ("proposition", WORDS[past.status])
                here = past.space == space.name or not cap.each_space
                used += past.offer == offer.code and counts and here
            if used >= cap.limit:
                return False
        return True

    def facts(self, question, slot, space, offer, chain):
        return {
            "contact": question.contact,
            "call": slot.call,
            "space": {"name": space.name, "channel": space.channel},
            "identification": {"": question.identification},
            "offer": {
                "code": offer.code,
                "category": offer.category,
                "categories": [c.name for c in chain],
                "themes": list(dict.fromkeys(t for c in chain for t in c.themes)),
                "tags": list(offer.tags),
                "start": offer.window.start,
                "end": offer.window.end,
            },
        }

    def weigh(self, question, slot, space, offer, chain):  # noqa: C901 (as the text has it)
        at, zone = question.at, self.catalogue.zone
        facts = self.facts(question, slot, space, offer, chain)
        if space.name not in offer.spaces or not offer.enabled:
            return None
        if not all(c.enabled for c in chain):
            return None
        if not all(inside(one.window, at) for one in [*chain, offer]):
            return None
        filters = [self.catalogue.filter, *(c.filter for c in chain), offer.filter]
        if not all(answer(f, facts, at, zone) for f in filters if f is not None):
            return None
        multiplier = Decimal(1)
        for category in chain:
            if inside(category.multiplier_window, at):
                multiplier *= category.multiplier
        best = None
        for context in offer.contexts:
            if not inside(context.window, at) or context.space not in (None, space.name):
                continue
            if context.filter is not None and not answer(context.filter, facts, at, zone):
                continue
            formula = answer(context.weight, facts, at, zone)
            if formula is None:
                continue
            weight = (Decimal(repr(formula)) * multiplier).quantize(
                Decimal("0.000001"), ROUND_HALF_EVEN
            )
            if weight > 0 and (best is None or weight > best[0]):
                best = (weight, context.label)
        return best

    def is_pressed(self, question, slot, space, offer, chain, call):  # noqa: C901 (as the text has it)
        at, zone = question.at, self.catalogue.zone
        facts = self.facts(question, slot, space, offer, chain)
        for rule in self.catalogue.rules:
            if not rule.active or rule.channel not in ("all", space.channel):
                continue
            if rule.applies_to is not None and not answer(rule.applies_to, facts, at, zone):
                continue
            if rule.recipients is not None and not answer(rule.recipients, facts, at, zone):
                continue
            counted = 0
            for past in [*question.history, *(call if rule.count_this_call else [])]:
                if past.is_fallback:
                    continue
                if rule.period is not None and not (
                    at - rule.period <= past.at <= at + rule.period
                ):
                    continue
                if rule.statuses and past.status not in rule.statuses:
                    continue
                if rule.same_channel and past.channel != space.channel:
                    continue
                if self.is_counted(rule, past, offer, question, slot, space):
                    counted += 1
            if counted >= rule.max:
                return True
        return False

    def is_counted(self, rule, past, offer, question, slot, space):
        at, zone = question.at, self.catalogue.zone
        if rule.propositions is not None:
            facts = self.facts(question, slot, space, offer, self.chain(offer))
            facts["proposition"] = {
                "offer": past.offer,
                "channel": past.channel,
                "space": past.space,
                "rank": past.rank,
                "weight": past.weight,
                "status": WORDS[past.status],
                "date": past.at,
            }
            if not answer(rule.propositions, facts, at, zone):
                return False
        if rule.scope == Scope.ALL:
            return True
        if rule.scope == Scope.OFFER:
            return past.offer == offer.code
        other = next((o for o in self.catalogue.offers if o.code == past.offer), None)
        if rule.scope == Scope.CATEGORY:
            there = other.category if other else past.category or None
            return there == offer.category
        if other is None:
            return False
        facts = self.facts(question, slot, space, other, self.chain(other))
        return rule.applies_to is None or bool(answer(rule.applies_to, facts, at, zone))
