"""Offers and fallback offers: what they say, to whom, how strongly, how often, and who agreed."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import AccessLabel, LabelledQuerySet, Role, User
from catalog.models.categories import Category, carrying_missing, hidden_categories
from catalog.models.environments import Environment
from catalog.models.names import CODE, NamedWithin, is_code
from catalog.models.spaces import Space
from coupons.models import Coupon
from offers_site.languages import in_this_language


class Approval(models.TextChoices):
    """How far one side of an offer — its content, its eligibility — has come."""

    EDITING = "editing", _("Being edited")
    PENDING = "pending", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", pgettext_lazy("approval", "Rejected")
    LIVE = "live", _("Live")


class Tag(models.Model):
    """A word by which offers are found and gathered."""

    name = models.CharField(_("name"), max_length=50, unique=True)
    created_at = models.DateTimeField(_("created at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.CheckConstraint(name="tag_has_a_name", condition=~Q(name=""))]

    def __str__(self) -> str:
        return self.name


class OfferTemplate(NamedWithin, models.Model):
    """What new offers begin with, and who approves the offers that began with it."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="offer_templates")
    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    # An offer's form as catalog.shapes writes it, without code and label.
    form = models.JSONField(default=dict)
    reviewers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name=_("reviewers"), related_name="+", blank=True
    )
    reviewer_roles = models.ManyToManyField(
        Role, verbose_name=_("roles of reviewers"), related_name="+", blank=True
    )
    days_to_review = models.PositiveSmallIntegerField(_("days to review"), default=3)
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("offer template")
        verbose_name_plural = _("offer templates")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"],
                name="offer_template_name_once",
                violation_error_message=_("There is already a template with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class OfferQuerySet(LabelledQuerySet["Offer"]):
    def visible_to(self, user: User) -> Self:
        """Those of which `user` holds every label, of the categories above and of all around."""
        if user.is_administrator:
            return self.all()
        return (
            self.exclude(pk__in=carrying_missing(Offer, user))
            .exclude(environment__in=carrying_missing(Environment, user))
            .exclude(category__in=hidden_categories(user))
        )

    def offers(self) -> Self:
        return self.filter(kind=Offer.Kind.OFFER)

    def fallback_offers(self) -> Self:
        return self.filter(kind=Offer.Kind.FALLBACK)

    def with_parts(self) -> Self:
        """Everything that a form of an offer is made of, in a constant number of queries."""
        return self.select_related("category", "environment", "coupon").prefetch_related(
            "contexts__space", "representations__space", "caps", "tags", "access_labels"
        )


class Offer(NamedWithin, models.Model):
    """What can be proposed. A fallback offer has content and nothing that limits it."""

    class Kind(models.TextChoices):
        OFFER = "offer", _("Offer")
        FALLBACK = "fallback", _("Fallback offer")

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="offers")
    kind = models.CharField(
        _("kind"), max_length=8, choices=Kind.choices, default=Kind.OFFER, editable=False
    )
    code = models.CharField(_("code"), max_length=64, validators=[is_code])
    label = models.CharField(_("label"), max_length=120)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    # None: it stands at the root of the catalogue.
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        verbose_name=_("category"),
        related_name="offers",
        null=True,
        blank=True,
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    start = models.DateTimeField(_("start"), null=True, blank=True)
    end = models.DateTimeField(_("end"), null=True, blank=True)
    filter = models.TextField(_("filter"), blank=True)
    content = models.JSONField(_("content"), default=dict, blank=True)  # {field: value}
    translations = models.JSONField(default=dict, blank=True)  # {language: {field: value}}
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), related_name="offers", blank=True)
    access_labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="offers", blank=True
    )
    coupon = models.ForeignKey(
        Coupon,
        models.PROTECT,
        verbose_name=_("coupon"),
        related_name="+",
        null=True,
        blank=True,
    )
    template = models.ForeignKey(
        OfferTemplate, models.SET_NULL, related_name="offers", null=True, blank=True
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, editable=False
    )

    # How far both sides have come. Editing a side puts it back to "being edited".
    content_state = models.CharField(
        _("content"), max_length=8, choices=Approval.choices, default=Approval.EDITING
    )
    content_deadline = models.DateTimeField(null=True, editable=False)
    content_edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, editable=False
    )
    eligibility_state = models.CharField(
        _("eligibility"), max_length=8, choices=Approval.choices, default=Approval.EDITING
    )
    eligibility_deadline = models.DateTimeField(null=True, editable=False)
    eligibility_edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", null=True, editable=False
    )
    # Since when it is live without a break, and in which release its form last changed there.
    live_since = models.DateTimeField(_("live since"), null=True, editable=False)
    live_release = models.PositiveIntegerField(_("live release"), null=True, editable=False)
    # Why what was approved did not go live, in every language.
    publishing_errors = models.JSONField[dict[str, str], dict[str, str]](
        default=dict, blank=True, editable=False
    )
    planned = models.ForeignKey(
        "catalog.PlannedRelease",
        models.SET_NULL,
        related_name="offers",
        null=True,
        editable=False,
    )
    created_at = models.DateTimeField(_("created at"), editable=False)
    changed_at = models.DateTimeField(_("changed at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "code"],
                name="offer_code_once",
                violation_error_message=_("There is already an offer with this code."),
            ),
            models.CheckConstraint(name="offer_code_is_a_code", condition=Q(code__regex=CODE)),
            models.CheckConstraint(
                name="offer_ends_after_it_starts",
                condition=Q(start=None) | Q(end=None) | Q(end__gt=F("start")),
                violation_error_message=_("The end must be after the start."),
            ),
            models.CheckConstraint(
                name="fallback_offer_is_unconditional",
                condition=Q(kind="offer")
                | Q(category=None, start=None, end=None, filter="", enabled=True, coupon=None),
            ),
            models.CheckConstraint(
                name="offer_states_are_known",
                condition=Q(content_state__in=Approval.values)
                & Q(eligibility_state__in=Approval.values),
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "kind", "-changed_at"], name="offer_by_change"),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        name = "fallback-offer-detail" if self.is_fallback else "offer-detail"
        return reverse(f"catalog:{name}", args=[self.environment.name, self.code])

    @property
    def is_fallback(self) -> bool:
        return self.kind == self.Kind.FALLBACK

    @property
    def is_live(self) -> bool:
        return self.live_since is not None

    @property
    def publishing_error(self) -> str:
        """Why what was approved did not go live, in the reader's language."""
        return in_this_language(self.publishing_errors)


class Context(models.Model):
    """A line of the weights: how strongly, for whom, when and where."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="contexts")
    position = models.PositiveSmallIntegerField(default=0)  # of equal weights the first wins
    label = models.CharField(_("label"), max_length=80)
    weight = models.TextField(_("weight"), default="1")
    filter = models.TextField(_("filter"), blank=True)
    space = models.ForeignKey(
        Space,
        models.PROTECT,
        verbose_name=_("space"),
        related_name="contexts",
        null=True,
        blank=True,
    )
    start = models.DateTimeField(_("start"), null=True, blank=True)
    end = models.DateTimeField(_("end"), null=True, blank=True)

    class Meta:
        verbose_name = _("weight")
        verbose_name_plural = _("weights")
        constraints = [
            models.CheckConstraint(
                name="context_ends_after_it_starts",
                condition=Q(start=None) | Q(end=None) | Q(end__gt=F("start")),
                violation_error_message=_("The end must be after the start."),
            ),
            models.CheckConstraint(name="context_has_a_weight", condition=~Q(weight="")),
        ]

    def __str__(self) -> str:
        return self.label


class Representation(models.Model):
    """An offer in one space: what it says there differently, and whether it may go live there."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="representations")
    space = models.ForeignKey(
        Space, models.PROTECT, verbose_name=_("space"), related_name="representations"
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_enabled = models.BooleanField(_("enabled"), default=False)
    content = models.JSONField(_("content"), default=dict, blank=True)
    translations = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("representation")
        verbose_name_plural = _("representations")
        constraints = [
            models.UniqueConstraint(fields=["offer", "space"], name="one_representation_in_a_space")
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} · {self.space_id}"


class Cap(models.Model):
    """How often an offer may be proposed, in all or to one person, ever or in a period."""

    class Counts(models.TextChoices):
        PROPOSITION = "proposition", _("Propositions")
        PRESENTED = "presented", _("Presented")
        INTERESTED = "interested", _("Interested")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", pgettext_lazy("proposition", "Rejected")

    class Per(models.TextChoices):
        CONTACT = "contact", _("For each person")
        TOTAL = "total", _("In total")

    class Unit(models.TextChoices):
        DAYS = "days", _("Days")
        WEEKS = "weeks", _("Weeks")
        MONTHS = "months", _("Months")

    class Spaces(models.TextChoices):
        TOGETHER = "together", _("All spaces together")
        EACH = "each", _("Each space for itself")

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="caps")
    position = models.PositiveSmallIntegerField(default=0)
    limit = models.PositiveIntegerField(_("limit"))
    counts = models.CharField(
        _("counts"), max_length=11, choices=Counts.choices, default=Counts.PROPOSITION
    )
    per = models.CharField(_("per"), max_length=7, choices=Per.choices, default=Per.TOTAL)
    every = models.PositiveSmallIntegerField(_("every"), null=True, blank=True)
    unit = models.CharField(_("period"), max_length=6, choices=Unit.choices, blank=True)
    spaces = models.CharField(
        _("spaces"), max_length=8, choices=Spaces.choices, default=Spaces.TOGETHER
    )

    class Meta:
        verbose_name = _("cap")
        verbose_name_plural = _("caps")
        constraints = [
            models.CheckConstraint(name="cap_allows_at_least_one", condition=Q(limit__gte=1)),
            models.CheckConstraint(
                name="cap_has_a_period_or_none",
                condition=Q(every=None, unit="") | (Q(every__gte=1) & ~Q(unit="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit} {self.counts} {self.per}"
