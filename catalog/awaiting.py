"""Which offers wait for a person: for their answer, or for them to mend what kept one from live."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Least

from accounts.models import Role, User
from accounts.rights import Right
from catalog.approving import SIDES, Side, state_field
from catalog.models import Approval, Offer, OfferQuerySet, OfferTemplate


def awaiting(user: User) -> OfferQuerySet:
    """The offers of which a side waits for this person, those with the nearest deadline first.

    As `approving.why_not` says of one offer, said of all of them at once.
    """
    pending = Q()
    for side in SIDES:
        pending |= Q(**{state_field(side): Approval.PENDING}) & ~written_by(user, side)
    offers = Offer.objects.visible_to(user).filter(pending)
    if not user.is_administrator:
        offers = offers.filter(asked(user))
    return offers.order_by(
        Least("content_deadline", "eligibility_deadline").asc(nulls_last=True), "pk"
    )


def sides_awaiting(offer: Offer, user: User) -> list[Side]:
    """Of an offer of `awaiting`, read with its environment: the sides that wait."""
    own = {side: getattr(offer, f"{side.value}_edited_by_id") for side in SIDES}
    return [
        side
        for side in SIDES
        if getattr(offer, state_field(side)) == Approval.PENDING
        and not (offer.environment.four_eyes and user.pk in {offer.author_id, own[side]})
    ]


def held_up(user: User) -> OfferQuerySet:
    """Their offers that are approved and could not go live."""
    mine = Q(author=user) | Q(content_edited_by=user) | Q(eligibility_edited_by=user)
    return Offer.objects.visible_to(user).filter(mine).exclude(publishing_errors={}).order_by("pk")


def asked(user: User) -> Q:
    """The reviewers that a template names; where it names nobody, whoever may approve."""
    template = OuterRef("template")
    people = OfferTemplate.reviewers.through.objects.filter(offertemplate=template)
    roles = OfferTemplate.reviewer_roles.through.objects.filter(offertemplate=template)
    held = Role.objects.filter(users=user).values("pk")
    found = Q(Exists(people.filter(user=user))) | Q(Exists(roles.filter(role__in=held)))
    if Right.APPROVE_OFFER in user.rights:
        found |= ~Q(Exists(people)) & ~Q(Exists(roles))
    return found


def written_by(user: User, side: Side) -> Q:
    """Theirs, where authors do not approve what they wrote."""
    wrote = Q(author=user) | Q(**{f"{side.value}_edited_by": user})
    return Q(environment__four_eyes=True) & wrote
