"""People, what they may do, the programs that may call us, and what each of them changed."""

from accounts.models.journal import JournalEntry, hide_in_journal
from accounts.models.keys import ApiKey, folder_paths, is_origin, origin_as_sent
from accounts.models.labels import AccessLabel, LabelledQuerySet, is_code, labels_missing
from accounts.models.people import UNUSABLE_PASSWORD, User, held_labels, is_time_zone
from accounts.models.roles import Role

__all__ = [
    "UNUSABLE_PASSWORD",
    "AccessLabel",
    "ApiKey",
    "JournalEntry",
    "LabelledQuerySet",
    "Role",
    "User",
    "folder_paths",
    "held_labels",
    "hide_in_journal",
    "is_code",
    "is_origin",
    "is_time_zone",
    "labels_missing",
    "origin_as_sent",
]
