"""Decisions that were stored, their propositions, and how these went on.

The tables are partitioned by month of the identifiers, whose time is that of the event: see
`decisioning.partitions`. Rows name offers, spaces and categories by their words, so that they still
say what happened when those are gone.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Environment
from catalog.models.spaces import Channel, Status
from contacts.models import Contact
from decisioning.models.runs import Run


class Interaction(models.Model):
    """One call of the engine, with all that is needed to decide it again."""

    id = models.UUIDField(primary_key=True)
    environment = models.ForeignKey(
        Environment, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    # NULL: nobody in particular, or somebody who was erased; the database sees to that
    contact = models.ForeignKey(
        Contact,
        models.DO_NOTHING,
        null=True,
        related_name="interactions",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField(_("date"))
    release = models.PositiveIntegerField(_("release"))
    seed = models.CharField(_("seed"), max_length=200)
    identification = models.CharField(_("identification"), max_length=9)
    deduplicate = models.BooleanField()
    ticks = models.BigIntegerField(null=True)  # of the person's clock: which of theirs this was
    slots = models.JSONField()  # as they were asked for
    # JSON that nobody searches: see `decisioning.inputs`. NULL once somebody is erased
    inputs = models.TextField(null=True)  # noqa: DJ001 (missing is not empty)
    # for one person among many; NULL: asked for by itself
    run = models.ForeignKey(
        Run, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [models.Index(fields=["contact", "id"], name="interactions_of_contact")]

    def __str__(self) -> str:
        return str(self.id)


class PropositionQuerySet(models.QuerySet["Proposition"]):
    def newest_first(self) -> Self:
        return self.order_by("-id")


class Proposition(models.Model):
    """An offer that was decided for somebody, and what became of it."""

    id = models.UUIDField(primary_key=True)
    interaction = models.UUIDField(null=True)  # NULL: made elsewhere, and imported
    environment = models.ForeignKey(
        Environment, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        Contact,
        models.DO_NOTHING,
        null=True,
        related_name="propositions",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField(_("date"))
    changed_at = models.DateTimeField(_("last modified"))
    status = models.PositiveSmallIntegerField(_("status"), choices=Status.choices)
    rank = models.PositiveSmallIntegerField(_("rank"))
    weight = models.DecimalField(_("weight"), max_digits=22, decimal_places=6)
    release = models.PositiveIntegerField(_("release"), null=True)
    is_fallback = models.BooleanField(_("fallback offer"))
    offer = models.CharField(_("offer"), max_length=64)
    space = models.CharField(_("space"), max_length=50)
    channel = models.CharField(_("channel"), max_length=12, choices=Channel.choices)
    slot = models.CharField(_("slot"), max_length=100)
    category = models.CharField(_("category"), max_length=50)
    category_path = models.TextField()  # from the root: `travel/travel_canada`
    context = models.CharField(_("context"), max_length=200)
    identification = models.CharField(_("identification"), max_length=9)
    destination_url = models.TextField()
    data = models.JSONField(default=dict)  # what the space keeps with it

    objects = PropositionQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposition")
        verbose_name_plural = _("propositions")
        # No index holds what a change of status changes: such updates stay on their page.
        indexes = [
            # the history of somebody, which every decision reads
            models.Index(fields=["contact", "environment", "id"], name="propositions_of_contact"),
            # what an offer, or a space, came to in a period
            models.Index(fields=["environment", "offer", "id"], name="propositions_of_offer"),
            models.Index(fields=["environment", "space", "id"], name="propositions_of_space"),
        ]

    def __str__(self) -> str:
        return f"{self.offer} {self.space}"

    @property
    def status_word(self) -> str:
        return Status(self.status).word


class Transition(models.Model):
    """A change of a proposition's status."""

    pk = models.CompositePrimaryKey("proposition", "number")
    proposition = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(_("date"))
    ticks = models.BigIntegerField(null=True)  # of the person's clock, as for a decision
    before = models.PositiveSmallIntegerField(choices=Status.choices)
    after = models.PositiveSmallIntegerField(choices=Status.choices)
    source = models.CharField(max_length=20)
    by_name = models.CharField(max_length=200)
    comment = models.TextField()

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
