"""Entries of the journal in words."""

from django import template
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Difference
from accounts.models import JournalEntry

register = template.Library()


@register.filter
def who(entry: JournalEntry) -> str:
    return entry.by_name or _("The system")


@register.filter
def sentence(entry: JournalEntry) -> str:
    return journal.sentence(entry)


@register.filter
def differences(entry: JournalEntry) -> list[Difference]:
    return journal.differences(entry)


@register.filter
def difference_rows(entry: JournalEntry) -> list[tuple[str, str, str]]:
    """What components/difference.html shows."""
    return [(each.name, each.before, each.after) for each in journal.differences(entry)]


@register.filter
def subject_kind(entry: JournalEntry) -> str:
    return journal.kind(entry.subject_type)
