"""Making, changing and deleting presentation rules and predefined filters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.journal import Actor
from catalog.accepting import accept
from catalog.deleting import check_filter_unused, forget, out_of_live
from catalog.describing import presentation_rule_shape
from catalog.gathering import Kind
from catalog.models import Environment, Filter, PresentationRule
from catalog.rows import KINDS
from catalog.saving import hold, save_all
from catalog.shapes import FilterShape, PresentationRuleShape


@transaction.atomic(durable=True)
def create_presentation_rule(
    environment: Environment, shape: PresentationRuleShape, *, by: Actor, at: datetime
) -> PresentationRule:
    """Add a rule; raises NotAcceptable or NameTaken. It goes live with the next release."""
    made: PresentationRule = accept(None, shape, environment=environment, by=by, at=at)
    return made


@transaction.atomic(durable=True)
def edit_presentation_rule(
    rule: PresentationRule,
    shape: PresentationRuleShape,
    *,
    version: int,
    by: Actor,
    at: datetime,
) -> PresentationRule:
    """Change a rule as read at `version`; raises Stale too."""
    edited: PresentationRule = accept(
        rule, shape, environment=rule.environment, version=version, by=by, at=at
    )
    return edited


@transaction.atomic(durable=True)
def order_presentation_rules(
    environment: Environment, names: Sequence[str], *, by: Actor, at: datetime
) -> None:
    """Ask the rules in this order; those that are not named keep theirs, after the others."""
    environment = hold(environment)
    kind = KINDS[PresentationRuleShape]
    rows = {row.name: row for row in kind.read(environment=environment)}
    rest = sorted(rows.values(), key=lambda row: (row.order, row.name))
    wanted = list(dict.fromkeys(name for name in names if name in rows))
    wanted += [row.name for row in rest if row.name not in wanted]
    pairs = [
        (rows[name], presentation_rule_shape(rows[name]).model_copy(update={"order": number}))
        for number, name in enumerate(wanted, start=1)
    ]
    save_all(environment, pairs, by=by, at=at)


@transaction.atomic(durable=True)
def delete_presentation_rule(rule: PresentationRule, *, by: Actor, at: datetime) -> None:
    """Delete a rule; it stops counting with the next release."""
    hold(rule.environment)
    forget(rule, "presentation_rule.deleted", by=by, at=at)


# --- predefined filters ---


@transaction.atomic(durable=True)
def create_filter(
    environment: Environment, shape: FilterShape, *, by: Actor, at: datetime
) -> Filter:
    """Add a predefined filter; raises NotAcceptable or NameTaken."""
    made: Filter = accept(None, shape, environment=environment, by=by, at=at)
    return made


@transaction.atomic(durable=True)
def edit_filter(
    row: Filter, shape: FilterShape, *, version: int, by: Actor, at: datetime
) -> Filter:
    """Change a filter as read at `version`; raises Stale too.

    Whatever asks it loses the approval of its eligibility.
    """
    edited: Filter = accept(row, shape, environment=row.environment, version=version, by=by, at=at)
    return edited


@transaction.atomic(durable=True)
def delete_filter(row: Filter, *, by: Actor, at: datetime) -> None:
    """Delete a filter that nothing asks, in design or in live, or raise StillUsed."""
    environment = hold(row.environment)
    check_filter_unused(row, by)
    out_of_live(environment, Kind.FILTER, [row.name], by=by, at=at)
    forget(row, "filter.deleted", by=by, at=at)
