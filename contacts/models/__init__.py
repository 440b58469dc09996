"""Contacts, visitors, what is declared about them, and the audiences that they form."""

from contacts.models.attributes import Attribute, is_name
from contacts.models.audiences import Audience, AudienceMember, AudienceQuerySet
from contacts.models.contacts import (
    Contact,
    ContactAlias,
    ContactQuerySet,
    ErasureProof,
    OptOutChange,
)
from contacts.models.folding import Folded, folded, folded_sql

__all__ = [
    "Attribute",
    "Audience",
    "AudienceMember",
    "AudienceQuerySet",
    "Contact",
    "ContactAlias",
    "ContactQuerySet",
    "ErasureProof",
    "Folded",
    "OptOutChange",
    "folded",
    "folded_sql",
    "is_name",
]
