"""What can be offered, where and when: the design side as rows, the live side as releases."""

from catalog.models.approvals import ApprovalStep, PlannedRelease
from catalog.models.categories import Category, CategoryQuerySet
from catalog.models.content import BUILT_IN_FIELDS, Asset, ContentField
from catalog.models.drafts import Draft
from catalog.models.environments import Environment, EnvironmentQuerySet, Filter
from catalog.models.offers import (
    Approval,
    Cap,
    Context,
    Offer,
    OfferQuerySet,
    OfferTemplate,
    Representation,
    Tag,
)
from catalog.models.releases import Release, Revision, RevisionQuerySet
from catalog.models.rules import PresentationRule
from catalog.models.spaces import Channel, Space, SpaceQuerySet, Status, TiePolicy

__all__ = [
    "BUILT_IN_FIELDS",
    "Approval",
    "ApprovalStep",
    "Asset",
    "Cap",
    "Category",
    "CategoryQuerySet",
    "Channel",
    "ContentField",
    "Context",
    "Draft",
    "Environment",
    "EnvironmentQuerySet",
    "Filter",
    "Offer",
    "OfferQuerySet",
    "OfferTemplate",
    "PlannedRelease",
    "PresentationRule",
    "Release",
    "Representation",
    "Revision",
    "RevisionQuerySet",
    "Space",
    "SpaceQuerySet",
    "Status",
    "Tag",
    "TiePolicy",
]
