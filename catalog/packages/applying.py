"""Making the design what a package says, inside the caller's transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.journal import Actor, record
from accounts.models import User
from accounts.rights import Right
from catalog.approving import MayNotApprove
from catalog.gathering import Kind
from catalog.models import Environment, Offer, Release, Revision
from catalog.packages.attributes import declare_attributes
from catalog.packages.planning import FIELDS, Plan, make_plan, name_of
from catalog.packages.reading import Read
from catalog.placing import put_in_order
from catalog.problems import NotAcceptable, Problem
from catalog.publishing import approve_and_publish
from catalog.readiness import NotReady, Obstacle
from catalog.rows import KINDS
from catalog.saving import hold_coupons, link_fallback_offers, save_all
from catalog.shapes import EnvironmentShape, Shape
from contacts import declaring


class MayNot(Exception):
    """Whoever applies lacks a right that the package asks for."""


@dataclass(frozen=True)
class Applied:
    """What a package has changed, and the release that it made."""

    plan: Plan
    environment: Environment
    release: Release | None


def apply(
    read: Read, *, publish: bool = False, prune: bool = False, by: Actor, at: datetime
) -> Applied:
    """Raises NotAcceptable or MayNot; then nothing may be kept."""
    if read.package is not None:
        name = read.package.environment.name
        # Nobody else edits or publishes until the commit.
        list(Environment.objects.select_for_update(no_key=True).filter(name=name))
        hold_coupons(read.package.offers)
    plan = make_plan(read, prune=prune, by=by)
    check_rights(plan, publish=publish, by=by)
    declared = declare_attributes(plan.attributes, plan.declared, by=by, at=at)
    environment = write(plan, by=by, at=at)
    made = go_live(plan, environment, by=by, at=at) if publish else None
    for attribute in declared:  # last: it keeps everybody else from contacts until the commit
        declaring.add_column(attribute)
    return Applied(plan, environment, made)


def write(plan: Plan, *, by: Actor, at: datetime) -> Environment:
    write_forms(None, plan, "environment", EnvironmentShape, by=by, at=at)
    environment = Environment.objects.get(name=plan.package.environment.name)
    for field, (kind, _kind) in FIELDS.items():
        write_forms(environment, plan, field, kind, by=by, at=at)
    if "spaces" in plan.forms:
        link_fallback_offers(environment, [shape for _pk, shape in plan.forms["spaces"]])
    put_in_order(environment, plan.order or [c.name for c in plan.package.categories])
    if not plan.is_empty:
        counts: dict[str, int] = {}
        for change in plan.changes:
            counts[change.act] = counts.get(change.act, 0) + 1
        record("environment.applied", environment, by=by, at=at, after=counts)
    return environment


def write_forms(
    environment: Environment | None,
    plan: Plan,
    field: str,
    kind: type[Shape],
    *,
    by: Actor,
    at: datetime,
) -> None:
    forms = plan.forms.get(field, [])
    rows = {row.pk: row for row in KINDS[kind].read(pk__in=[pk for pk, _shape in forms if pk])}
    pairs = [(rows[pk] if pk else None, shape) for pk, shape in forms]
    save_all(environment, pairs, by=by, at=at, are_tidy=True)


# --- going live ---


def go_live(plan: Plan, environment: Environment, *, by: Actor, at: datetime) -> Release | None:
    """Both approvals for every offer of the package, and one release with all of the design."""
    codes = [name_of(shape) for shape in (*plan.package.offers, *plan.package.fallback_offers)]
    offers = list(Offer.objects.filter(environment=environment, code__in=codes))
    on = Revision.objects.current().filter(environment=environment, body__enabled=True)
    on = on.filter(kind=Kind.OFFER, name__in=plan.pruned)
    offers += Offer.objects.filter(environment=environment, code__in=on.values("name"))
    try:
        return approve_and_publish(environment, offers, by=by, at=at)
    except MayNotApprove as refusal:
        raise MayNot(str(refusal)) from refusal
    except NotReady as refusal:
        raise NotAcceptable(placed(plan, refusal.obstacles)) from refusal


def placed(plan: Plan, obstacles: Iterable[Obstacle]) -> list[Problem]:
    """What stands in the way, with the paths of the package where it names the object."""
    paths: dict[tuple[str, str], str] = {
        (str(Kind.ENVIRONMENT), plan.package.environment.name): "environment"
    }
    for field, (_shape, kind) in FIELDS.items():
        for number, shape in enumerate(getattr(plan.package, field)):
            paths[str(kind), name_of(shape)] = f"{field}[{number}]"
    found = []
    for one in obstacles:
        path = paths.get((one.kind, one.name), f"{one.kind} {one.name}")
        rest = one.problem.path
        whole = f"{path}.{rest}" if rest else path
        found.append(Problem(whole, one.problem.code, one.problem.message))
    return found


# --- who may ---

CHANGING: Mapping[str, Right] = {
    Kind.ENVIRONMENT: Right.CHANGE_ENVIRONMENT,
    Kind.ATTRIBUTE: Right.CHANGE_ATTRIBUTE,
    Kind.CONTENT_FIELD: Right.CHANGE_ADMINISTRATION_BRANCH,
    Kind.FILTER: Right.CHANGE_FILTER,
    Kind.CATEGORY: Right.CHANGE_CATEGORY,
    Kind.SPACE: Right.CHANGE_SPACE,
    Kind.OFFER: Right.CHANGE_OFFER,
    Kind.FALLBACK_OFFER: Right.CHANGE_OFFER,
    Kind.PRESENTATION_RULE: Right.CHANGE_PRESENTATION_RULE,
}
ADDING: Mapping[str, Right] = {
    **CHANGING,
    Kind.ENVIRONMENT: Right.ADD_ENVIRONMENT,
    Kind.SPACE: Right.ADD_SPACE,
}


def check_rights(plan: Plan, *, publish: bool, by: Actor) -> None:
    """Raise MayNot unless a person has the rights that each change would ask for by itself."""
    if not isinstance(by, User):
        return
    wanted = {
        (ADDING if change.act == "added" else CHANGING)[change.kind] for change in plan.changes
    }
    if plan.order:
        wanted.add(Right.CHANGE_CATEGORY)
    if publish:
        wanted |= {Right.APPROVE_OFFER, Right.PUBLISH}
    lacking = [right for right in Right if right in wanted - set(by.rights)]
    if lacking:
        raise MayNot(
            _("This asks for rights that %(person)s does not have: %(rights)s.")
            % {"person": by, "rights": ", ".join(str(right.label) for right in lacking)}
        )
