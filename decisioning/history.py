"""What somebody was offered, as far as a person may see it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from accounts.models import User
from catalog.models import Environment, Offer, Revision, Space
from catalog.veiling import veil_of
from contacts.models import Contact
from decisioning.browsing import Veils
from decisioning.models import Proposition, VisitorLink
from decisioning.models.propositions import PropositionQuerySet

LABELLED = (Revision.Kind.OFFER, Revision.Kind.FALLBACK_OFFER, Revision.Kind.CATEGORY)


def history_of(contact: Contact, user: User) -> PropositionQuerySet:
    """Their own propositions, and those of visitors while they were theirs.

    What carries a label that the person lacks is left out. Costs some queries of few rows.
    """
    environments = list(Environment.objects.visible_to(user))
    whose = Q(contact=contact)
    for link in VisitorLink.objects.filter(contact=contact.pk):
        whose |= Q(contact=link.visitor_id, at__gte=link.since, at__lt=link.until)
    found = Proposition.objects.filter(whose, environment__in=environments)
    return found.exclude(hidden_among(found, user, environments))


def hidden_among(rows: PropositionQuerySet, user: User, environments: Iterable[Environment]) -> Q:
    """Which of some propositions are of offers that were hidden in their release, or are now."""
    veiled = [each for each in environments if hides_anything(each, user)]
    found = Q(pk__in=[])
    if not veiled:
        return found
    veils = Veils(user, veiled)
    places = rows.filter(environment__in=veiled).order_by().values_list("environment", "release")
    for environment, release in places.distinct():
        hidden = veils.hidden_offers(environment, release)
        found |= Q(environment=environment, release=release, offer__in=hidden)
    return found


def hides_anything(environment: Environment, user: User) -> bool:
    """Whether any release of it holds something that somebody may not see: most hold nothing."""
    veil = veil_of(environment, user)
    if veil.is_open:
        return False
    labelled = Revision.objects.filter(environment=environment, kind__in=LABELLED)
    held = sorted(veil.held or ())
    return bool(veil.hidden) or labelled.exclude(body__access_labels__contained_by=held).exists()


class Names:
    """What the offers and spaces of some propositions are called now."""

    def __init__(self, rows: Iterable[Proposition]) -> None:
        rows = list(rows)
        environments = {row.environment_id for row in rows}
        offers = Offer.objects.filter(environment__in=environments)
        offers = offers.filter(code__in={row.offer for row in rows})
        self.offers = {
            (environment, code): label
            for environment, code, label in offers.values_list("environment", "code", "label")
        }
        spaces = Space.objects.filter(environment__in=environments)
        self.spaces = {
            (environment, name): label
            for environment, name, label in spaces.values_list("environment", "name", "label")
        }

    def offer(self, row: Proposition) -> str:
        return self.offers.get((row.environment_id, row.offer), row.offer)

    def space(self, row: Proposition) -> str:
        return self.spaces.get((row.environment_id, row.space), row.space)
