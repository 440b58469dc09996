"""What somebody was offered, as far as a person may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

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
    whose = Q(contact=contact)
    for link in VisitorLink.objects.filter(contact=contact.pk):
        whose |= Q(contact=link.visitor_id, at__gte=link.since, at__lt=link.until)
    return seen_among(Proposition.objects.filter(whose), user)


def seen_among(rows: PropositionQuerySet, user: User) -> PropositionQuerySet:
    """Those of which nothing carries a label that the person lacks."""
    environments = list(Environment.objects.visible_to(user))
    found = rows.filter(environment__in=environments)
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


@dataclass(frozen=True, slots=True)
class Named:
    """What a proposition is about, as it is called now."""

    offer: str
    space: str
    environment: str


def names_of(rows: Iterable[Proposition]) -> dict[UUID, Named]:
    """The labels of some propositions; what is gone has its name. Costs three queries."""
    rows = list(rows)
    places = {row.environment_id for row in rows}
    offers = Offer.objects.filter(environment__in=places, code__in={row.offer for row in rows})
    spaces = Space.objects.filter(environment__in=places, name__in={row.space for row in rows})
    of_offers = {(o.environment_id, o.code): o.label for o in offers}
    of_spaces = {(s.environment_id, s.name): s.label for s in spaces}
    labels = dict(Environment.objects.filter(pk__in=places).values_list("pk", "label"))
    return {
        row.pk: Named(
            of_offers.get((row.environment_id, row.offer), row.offer),
            of_spaces.get((row.environment_id, row.space), row.space),
            labels.get(row.environment_id, ""),
        )
        for row in rows
    }
