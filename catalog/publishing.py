"""What was approved goes live, and offers remember that it did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.journal import Actor, entry_of, record_all
from catalog import releasing
from catalog.approving import (
    AGREED,
    BATCH,
    SIDES,
    Act,
    MayNotApprove,
    Side,
    last_approvals,
    meant,
    side_of,
    state_field,
    state_of,
    step,
    why_not,
)
from catalog.enabling import enable_what_is_complete
from catalog.gathering import Bodies, Gathered, Key, Kind, gather, key_of, shape_to_publish
from catalog.models import Approval, ApprovalStep, Category, Environment, Offer, Release, Revision
from catalog.problems import Problem
from catalog.readiness import NotReady, Obstacle, check_ready, refuse_if_any
from catalog.shapes import body_of, digest_of
from catalog.surroundings import surroundings_of

OFFERS = (Kind.OFFER, Kind.FALLBACK_OFFER)


def locked(offer_pks: Collection[int]) -> list[Offer]:
    """These offers with all their parts, held until the transaction ends, by key."""
    held = Offer.objects.filter(pk__in=offer_pks).order_by("pk")
    list(held.select_for_update(no_key=True).values_list("pk", flat=True))
    # Only what is read after the locks are held is certain.
    return list(held.with_parts().select_related("category", "environment", "template", "planned"))


def go_live(
    environment: Environment,
    offers: Sequence[Offer],
    *,
    categories: Iterable[int] = (),
    spaces: Iterable[str] = (),
    everything: bool = False,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> Release | None:
    """The release with these approved offers and all that they stand on; raises NotReady.

    The environment is held, the offers are `locked`. Nothing other than what is live: no release.
    """
    gathered = gather(
        environment, offers=offers, categories=categories, spaces=spaces, everything=everything
    )
    check_agreed(offers, gathered)
    check_ready(environment, gathered)
    made = releasing.publish(environment, gathered.bodies, by=by, at=at, comment=comment)
    note_live(environment, offers, gathered.bodies, made, by=by, at=at)
    return made


def approve_and_publish(
    environment: Environment,
    offers: Iterable[Offer],
    *,
    by: Actor,
    at: datetime,
    comment: str = "",
) -> Release | None:
    """Say yes to both sides of these offers and publish all that the environment's design says.

    The caller holds the environment. Each representation that is complete is enabled; what is
    live as it stands is left alone. Raises MayNotApprove, NotReady: then nothing may be kept.
    """
    these = Offer.objects.filter(pk__in=[offer.pk for offer in offers])
    these = these.exclude(content_state=Approval.LIVE, eligibility_state=Approval.LIVE)
    held = locked(list(these.values_list("pk", flat=True)))
    enable_what_is_complete(
        [offer for offer in held if state_of(offer, Side.CONTENT) not in AGREED],
        surroundings_of(environment),
    )
    bodies = {offer.pk: body_of(shape_to_publish(offer)) for offer in held}
    for side in SIDES:
        waiting = [offer for offer in held if state_of(offer, side) not in AGREED]
        approve_side(waiting, side, bodies, by=by, at=at)
    return go_live(environment, held, everything=True, by=by, at=at, comment=comment)


def approve_side(
    offers: Sequence[Offer],
    side: Side,
    bodies: Mapping[int, dict[str, Any]],
    *,
    by: Actor,
    at: datetime,
) -> None:
    for offer in offers:
        if reason := why_not(offer, side, by):
            raise MayNotApprove(f"{offer.code}: {reason}")
    ApprovalStep.objects.bulk_create(
        [
            step(o.pk, side, Act.APPROVED, digest=meant(bodies[o.pk], side), by=by, at=at)
            for o in offers
        ],
        batch_size=BATCH,
    )
    state = state_field(side)
    Offer.objects.filter(pk__in=[o.pk for o in offers]).update(**{state: Approval.APPROVED})
    after = {"sides": [side.value]}
    record_all([entry_of("offer.approved", o, by=by, at=at, after=after) for o in offers])
    for offer in offers:
        setattr(offer, state, Approval.APPROVED)


# --- what goes live is what was approved ---


def check_agreed(offers: Sequence[Offer], gathered: Gathered) -> None:
    """Raise NotReady unless both sides of each offer are approved as they stand now."""
    approvals = last_approvals(offer.pk for offer in offers)
    refuse_if_any(
        lambda: [
            Obstacle(*key_of(offer), offer.label, problem)
            for offer in offers
            for side in SIDES
            if (problem := disagreement(offer, side, approvals, gathered.bodies[key_of(offer)]))
        ]
    )


def disagreement(
    offer: Offer,
    side: Side,
    approvals: Mapping[tuple[int, str], ApprovalStep],
    body: dict[str, object],
) -> Problem | None:
    state = state_of(offer, side)
    if state not in AGREED:
        message = _("%(side)s is not approved.") % {"side": side.label}
        return Problem("", "not_approved", message)
    if state == Approval.LIVE:
        return None
    approval = approvals.get((offer.pk, side.value))
    if approval is None or approval.digest != meant(body, side):
        message = _("%(side)s was changed after its approval.") % {"side": side.label}
        return Problem("", "changed_since", message)
    return None


# --- what offers remember ---


def hold_up(offers: Sequence[Offer], refusal: NotReady) -> None:
    """Remember with each of these why it did not go live."""
    for offer in offers:
        said = {code: reasons(offer, told) for code, told in refusal.by_language.items()}
        offer.publishing_errors = said if any(said.values()) else {}
        Offer.objects.filter(pk=offer.pk).update(publishing_errors=offer.publishing_errors)


def reasons(offer: Offer, refusal: NotReady) -> str:
    """What of a refusal concerns an offer, a line for each: of its own, and what it stands on."""
    mine = [one for one in refusal.obstacles if (one.kind, one.name) == key_of(offer)]
    others = [one for one in refusal.obstacles if one.kind not in OFFERS]
    return "\n".join(map(str, mine + others))


def note_live(
    environment: Environment,
    offers: Sequence[Offer],
    bodies: Bodies,
    made: Release | None,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Both sides of these offers are live now."""
    Offer.objects.filter(pk__in=[offer.pk for offer in offers]).update(
        content_state=Approval.LIVE,
        eligibility_state=Approval.LIVE,
        content_deadline=None,
        eligibility_deadline=None,
        publishing_errors={},
        planned=None,
        live_since=Coalesce(F("live_since"), Value(at)),
    )
    if made is None:
        return
    written = written_by(environment, made)
    changed = [offer for offer in offers if key_of(offer) in written]
    Offer.objects.filter(pk__in=[offer.pk for offer in changed]).update(live_release=made.number)
    ApprovalStep.objects.bulk_create(
        [
            step(
                offer.pk,
                side,
                Act.WENT_LIVE,
                digest=meant(bodies[key_of(offer)], side),
                by=by,
                at=at,
            )
            for offer in changed
            for side in SIDES
        ],
        batch_size=BATCH,
    )


def written_by(environment: Environment, made: Release) -> set[Key]:
    """The offers whose form a release changed."""
    new = Revision.objects.filter(environment=environment, since=made.number, kind__in=OFFERS)
    return {(kind, name) for kind, name in new.values_list("kind", "name")}


def remember(
    environment: Environment, keys: Iterable[Key], *, made: Release | None, at: datetime
) -> None:
    """Compare these offers with what is live and put their states right.

    A side is live when it is what is live; one that was and is not any more is being edited.
    """
    codes = [name for kind, name in keys if kind in OFFERS]
    if not codes:
        return
    pks = Offer.objects.filter(environment=environment, code__in=codes).values_list("pk", flat=True)
    offers = locked(list(pks))
    live = releasing.live_bodies(environment, keys=[key_of(offer) for offer in offers])
    for side in SIDES:
        same = {offer.pk for offer in offers if is_live(offer, side, live)}
        state, deadline = state_field(side), f"{side.value}_deadline"
        Offer.objects.filter(pk__in=same).update(**{state: Approval.LIVE, deadline: None})
        other = [offer.pk for offer in offers if offer.pk not in same]
        was = Offer.objects.filter(pk__in=other, **{state: Approval.LIVE})
        was.update(**{state: Approval.EDITING})
    these = Offer.objects.filter(pk__in=[offer.pk for offer in offers])
    on_line = [offer.pk for offer in offers if key_of(offer) in live]
    these.exclude(pk__in=on_line).update(live_since=None, live_release=None)
    these.filter(pk__in=on_line, live_since=None).update(live_since=at)
    if made is not None:
        written = written_by(environment, made)
        changed = [offer.pk for offer in offers if key_of(offer) in written]
        Offer.objects.filter(pk__in=changed).update(live_release=made.number)


def follow_switches(environment: Environment, before: Bodies, after: Bodies, at: datetime) -> None:
    """Where going back turns something on or off that design had as live had it, design follows.

    Otherwise the next offer to be published would turn it back.
    """
    for enabled in (True, False):
        turned = [
            key
            for key, body in after.items()
            if key in before
            and body.get("enabled") is enabled
            and before[key].get("enabled") is not enabled
        ]
        changed = {"enabled": enabled, "changed_at": at, "version": F("version") + 1}
        codes = [name for kind, name in turned if kind == Kind.OFFER]
        names = [name for kind, name in turned if kind == Kind.CATEGORY]
        other = {"environment": environment, "enabled": not enabled}
        Offer.objects.filter(code__in=codes, **other).update(**changed)
        Category.objects.filter(name__in=names, **other).update(**changed)


def is_live(offer: Offer, side: Side, live: Bodies) -> bool:
    body = live.get(key_of(offer))
    if body is None:
        return False
    designed = body_of(shape_to_publish(offer))
    return digest_of(side_of(designed, side)) == digest_of(side_of(body, side))
