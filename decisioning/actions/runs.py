"""Deciding for an audience."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import journal
from accounts.models import User
from catalog.models import Environment
from decisioning.inputs import kept_slot
from decisioning.models import Run
from decisioning.populations import Population
from decisioning.runs import check_audience
from jobs.actions import start_job

SIZE = 1_000  # people who are decided together: more hold others up longer, fewer cost more
HELPERS = 3


@transaction.atomic(durable=True)
def start_run(
    population: Population,
    audience: str,
    *,
    by: User | None,
    at: datetime,
    decided_at: datetime | None = None,
    helpers: int = HELPERS,
    size: int = SIZE,
    here: bool = False,
) -> Run:
    """Decide for everybody whom a rule describes and store it, as a job; raises BadRule.

    `decided_at` is the moment of all decisions, else each has its own. `helpers` are workers that
    are asked to help. With `here` this process does the job itself.
    """
    environment = Environment.objects.get(pk=population.environment)
    check_audience(audience, environment)
    space = population.slots[0].space
    job = start_job(
        lambda: _("Decide for an audience in %(space)s") % {"space": space},
        task="decisioning.tasks.decide_run",
        by=by,
        at=at,
        unit=gettext_noop("contacts"),
        here=here,
    )
    run = Run.objects.create(
        job=job,
        environment=environment,
        audience=audience,
        slots=[kept_slot(slot) for slot in population.slots],
        at=decided_at,
        size=size,
        helpers=helpers,
        created_at=at,
    )
    journal.record("run.started", run, by=by, at=at, after={"audience": audience})
    return run
