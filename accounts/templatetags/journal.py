"""Entries of the journal in words."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import journal
from accounts.journal import Difference
from accounts.models import JournalEntry

register = template.Library()
FEW = 3


@register.filter
def who(entry: JournalEntry) -> str:
    if entry.by_name:
        return entry.by_name
    if entry.via == JournalEntry.Via.COMMAND:
        return _("Somebody at the command line")
    return _("The system")


@register.filter
def sentence(entry: JournalEntry) -> str:
    return journal.sentence(entry)


@register.filter
def shown_differences(entry: JournalEntry) -> list[Difference]:
    """The first few, for a list."""
    return told(entry)[:FEW]


@register.filter
def has_more_differences(entry: JournalEntry) -> bool:
    return len(told(entry)) > FEW


def told(entry: JournalEntry) -> list[Difference]:
    return [each for each in journal.differences(entry) if each.before or each.after]


@register.filter
def difference_rows(entry: JournalEntry) -> list[tuple[str, str, str, str]]:
    """What components/difference.html shows."""
    return [(each.name, each.before, each.after, rest(each)) for each in told(entry)]


def rest(each: Difference) -> str:
    """What a changed list held before and holds still."""
    if not each.kept:
        return ""
    words = ngettext("%(number)d other stays", "%(number)d others stay", each.kept)
    return words % {"number": each.kept}


@register.filter
def subject_kind(entry: JournalEntry) -> str:
    return journal.kind(entry.subject_type)
