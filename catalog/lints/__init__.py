"""What is worth a look in a catalogue: offers nobody can get, ties, spaces without a backup, …

    groups = lints_of(environment, user, at=at)

Everything is read once, in a number of queries that does not grow, and looked at in memory. Whether
something is so is decided over all offers; only what the person may see is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalog.lints import backups, offers, rules, ties
from catalog.lints.looking import Finding, Look, look_at
from catalog.models import Environment


@dataclass(frozen=True)
class Group:
    """The findings of one sort."""

    code: str
    title: str | Promise
    why: str | Promise
    tone: str  # bad: it does not work; wait: it will not do what was meant; info: good to know
    findings: list[Finding]


Check = Callable[[Look], Iterable[Finding]]
# (code, check, tone, title, why it matters), in the order of the page
CHECKS: tuple[tuple[str, Check, str, Promise, Promise], ...] = (
    (
        "never",
        offers.never,
        "bad",
        gettext_lazy("Offers that nobody can ever get"),
        gettext_lazy("They are enabled, and something makes them impossible."),
    ),
    (
        "broken-rule",
        rules.broken,
        "bad",
        gettext_lazy("Presentation rules that mean nothing"),
        gettext_lazy("They limit nothing until they are mended."),
    ),
    (
        "no-backup",
        backups.spaces_without,
        "wait",
        gettext_lazy("Spaces that may stay empty"),
        gettext_lazy("Give them a fallback offer, or an offer that everybody always gets."),
    ),
    (
        "missing",
        offers.incomplete,
        "wait",
        gettext_lazy("Content that is missing"),
        gettext_lazy("An offer is not proposed where it lacks what the space requires."),
    ),
    (
        "partly-never",
        offers.idle_weights,
        "wait",
        gettext_lazy("Weights that never count"),
        gettext_lazy("The offer is proposed, but never as strongly as they say."),
    ),
    (
        "backup",
        backups.doubtful,
        "wait",
        gettext_lazy("Backup offers that are not always there"),
        gettext_lazy("Offers of categories that are always included should come last, for all."),
    ),
    (
        "rule-never",
        rules.never_firing,
        "wait",
        gettext_lazy("Presentation rules that never limit anything"),
        gettext_lazy("They are active, and no proposition can ever meet them."),
    ),
    (
        "boost-never",
        offers.idle_boosts,
        "wait",
        gettext_lazy("Boosts that never hold"),
        gettext_lazy("The dates of a multiplier do not meet those of its category."),
    ),
    (
        "overdue",
        offers.overdue,
        "wait",
        gettext_lazy("Approvals that are overdue"),
        gettext_lazy("A reviewer was to answer by now."),
    ),
    (
        "expiring",
        offers.expiring,
        "info",
        gettext_lazy("Offers that end soon"),
        gettext_lazy("Within two weeks, by their own dates or those of a category."),
    ),
    (
        "ended",
        offers.ended,
        "info",
        gettext_lazy("Offers that are over"),
        gettext_lazy("They are enabled, and nobody gets them any more."),
    ),
    (
        "tie",
        ties.ties,
        "info",
        gettext_lazy("Offers that are weighed the same"),
        gettext_lazy("Who gets which is drawn, or decided as the space says. Is that meant?"),
    ),
    (
        "empty-category",
        offers.empty_categories,
        "info",
        gettext_lazy("Categories without offers"),
        gettext_lazy("Nothing stands in them, nor in those below."),
    ),
)


def lints_of(environment: Environment, user: User, *, at: datetime) -> list[Group]:
    """The groups in which something was found. The number of queries is constant."""
    look = look_at(environment, user, at=at)
    groups = (
        Group(code, title, why, tone, list(check(look))) for code, check, tone, title, why in CHECKS
    )
    return [group for group in groups if group.findings]


def counted(groups: Iterable[Group]) -> Mapping[str, int]:
    """How many findings of each tone."""
    found = {"bad": 0, "wait": 0, "info": 0}
    for group in groups:
        found[group.tone] += len(group.findings)
    return found


def urgent(groups: Iterable[Group]) -> Iterator[Group]:
    """Those where something does not do what was meant."""
    return (group for group in groups if group.tone != "info")
