"""What happened, in one call for every room, inside the transaction that made it happen."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiKey, JournalEntry, User
from accounts.rights import BuiltIn, Right

Actor = User | ApiKey | None
"""Who acts: a person, a program's key, or nobody in particular (a command, the clock)."""

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\Z")
SECRETS = {"password", "secret", "secret_hash", "token", "hash"}

# What the journal says of an entry, after the name of who did it. Every room's verbs stand here.
VERBS: Mapping[str, str | Promise] = {
    "person.invited": gettext_lazy("invited %(subject)s"),
    "person.created": gettext_lazy("added %(subject)s"),
    "person.changed": gettext_lazy("changed %(subject)s"),
    "person.deactivated": gettext_lazy("deactivated %(subject)s"),
    "person.activated": gettext_lazy("reactivated %(subject)s"),
    "person.link_made": gettext_lazy("made a link for %(subject)s to choose a password"),
    "person.password_set": gettext_lazy("chose a new password for %(subject)s"),
    "role.created": gettext_lazy("created the role %(subject)s"),
    "role.changed": gettext_lazy("changed the role %(subject)s"),
    "role.deleted": gettext_lazy("deleted the role %(subject)s"),
    "label.created": gettext_lazy("created the label %(subject)s"),
    "label.changed": gettext_lazy("changed the label %(subject)s"),
    "label.deleted": gettext_lazy("deleted the label %(subject)s"),
    "key.created": gettext_lazy("created the API key %(subject)s"),
    "key.revoked": gettext_lazy("revoked the API key %(subject)s"),
    "key.guessed_codes": gettext_lazy("tried too many unknown coupon codes with %(subject)s"),
    "transfer.imported": gettext_lazy("began the import of %(subject)s"),
    "transfer.exported": gettext_lazy("began the export %(subject)s"),
    "transfer.file_erased": gettext_lazy(
        "deleted the file of %(subject)s, which named somebody erased"
    ),
    "transfer.downloaded": gettext_lazy("downloaded %(subject)s"),
    # a contact is named by what says nothing of the person
    "contact.created": gettext_lazy("added %(subject)s"),
    "contact.changed": gettext_lazy("changed %(subject)s"),
    "contact.opt_outs_changed": gettext_lazy("changed what %(subject)s agrees to"),
    "contact.merged": gettext_lazy("merged another contact into %(subject)s"),
    "contact.merged_away": gettext_lazy("merged %(subject)s into another contact"),
    "contact.linked": gettext_lazy("linked %(subject)s to a contact"),
    "contact.unlinked": gettext_lazy("unlinked %(subject)s from its contact"),
    "contact.exported": gettext_lazy("exported the data of %(subject)s"),
    "contact.erased": gettext_lazy("erased %(subject)s"),
    "attribute.declared": gettext_lazy("declared the attribute %(subject)s"),
    "attribute.changed": gettext_lazy("changed the attribute %(subject)s"),
    "attribute.retired": gettext_lazy("retired the attribute %(subject)s"),
    "attribute.restored": gettext_lazy("restored the attribute %(subject)s"),
    "attribute.purged": gettext_lazy("purged the attribute %(subject)s"),
    "audience.created": gettext_lazy("created the audience %(subject)s"),
    "audience.changed": gettext_lazy("changed the audience %(subject)s"),
    "audience.members_changed": gettext_lazy("changed the people of the audience %(subject)s"),
    "audience.deleted": gettext_lazy("deleted the audience %(subject)s"),
    "coupon.created": gettext_lazy("created the coupon %(subject)s"),
    "coupon.changed": gettext_lazy("changed the coupon %(subject)s"),
    "coupon.status_changed": gettext_lazy("changed the status of the coupon %(subject)s"),
    "coupon.deleted": gettext_lazy("deleted the coupon %(subject)s"),
    "coupon.code_added": gettext_lazy("added a code to %(subject)s"),
    "coupon.codes_seen": gettext_lazy("looked at codes of %(subject)s"),
    "coupon.codes_generated": gettext_lazy("had codes made for %(subject)s"),
    "coupon.codes_changed": gettext_lazy("changed codes of %(subject)s"),
    "coupon.codes_voided": gettext_lazy("voided codes of %(subject)s"),
    "coupon.codes_put_back": gettext_lazy("put codes of %(subject)s back into stock"),
    "coupon.codes_deleted": gettext_lazy("deleted codes of %(subject)s"),
    "coupon.redeemed": gettext_lazy("redeemed a code of %(subject)s"),
    "coupon.rolled_back": gettext_lazy("reversed a redemption of %(subject)s"),
    "coupon.options_changed": gettext_lazy("changed the options of %(subject)s"),
}


def record(
    verb: str,
    subject: models.Model,
    *,
    by: Actor,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    comment: str = "",
) -> JournalEntry:
    """Write down that `by` did `verb` to `subject`; both or neither are committed."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A journal entry belongs in a transaction.")
    if verb not in VERBS:
        raise ValueError(f"{verb} has no sentence in VERBS.")
    if told := SECRETS & {*(before or ()), *(after or ())}:
        raise ValueError(f"The journal keeps no secrets: {', '.join(sorted(told))}.")

    context = structlog.contextvars.get_contextvars()
    return JournalEntry.objects.create(
        at=at,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
        by_name="" if by is None else str(by)[:200],
        via=way_of(by, context),
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_key=key_of(subject),
        subject_label=str(subject)[:200],
        before=dict(before or {}),
        after=dict(after or {}),
        comment=comment,
        request_id=context.get("request_id", ""),
    )


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, as it was and as it is."""
    differing = [name for name in after if before.get(name) != after[name]]
    return (
        {name: before[name] for name in differing if name in before},
        {name: after[name] for name in differing},
    )


def key_of(subject: models.Model) -> str:
    """The public identity: its `public_id`, its `code`, its `name`, or else its primary key."""
    for name in ("public_id", "code", "name"):
        if hasattr(subject, name):
            return str(getattr(subject, name))[:120]
    return str(subject.pk)


def way_of(by: Actor, context: Mapping[str, Any]) -> JournalEntry.Via:
    """Where it was done; requests and tasks have left their ids in the context of the logs."""
    if isinstance(by, ApiKey):
        return JournalEntry.Via.API
    if "request_id" in context:
        return JournalEntry.Via.SCREEN
    return JournalEntry.Via.SYSTEM if "task_id" in context else JournalEntry.Via.COMMAND


# --- How entries are read ---

# What is stored as a code and read in words.
VOCABULARIES: Mapping[tuple[str, str], type[models.TextChoices]] = {
    ("accounts.user", "roles"): BuiltIn,
    ("accounts.role", "rights"): Right,
    ("accounts.apikey", "scopes"): ApiKey.Scope,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what it was and what it became; of a list, what was taken out and what came in."""

    name: str
    before: str
    after: str
    kept: int | None = None  # how many of a changed list stayed


def sentence(entry: JournalEntry) -> str:
    """What happened, to be read after who did it."""
    return sentence_of(entry.verb, entry.subject_label)


def sentence_of(verb: str, subject: str) -> str:
    return str(VERBS.get(verb, verb)) % {"subject": subject}


def differences(entry: JournalEntry) -> list[Difference]:
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    return [difference(entry, name) for name in names]


def difference(entry: JournalEntry, name: str) -> Difference:
    before, after = entry.before.get(name), entry.after.get(name)
    kept = None
    if isinstance(before, list) and isinstance(after, list):
        kept = sum(each in after for each in before)
        before, after = (
            [each for each in before if each not in after],
            [each for each in after if each not in before],
        )
    words = VOCABULARIES.get((entry.subject_type, name))
    return Difference(
        field_name(entry.subject_type, name), wording(before, words), wording(after, words), kept
    )


def kind(subject_type: str) -> str:
    """ "role" for `accounts.role`, in the reader's language."""
    try:
        return str(apps.get_model(subject_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return subject_type


def field_name(subject_type: str, name: str) -> str:
    try:
        field = apps.get_model(subject_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return name.replace("_", " ")
    return str(getattr(field, "verbose_name", name))


def wording(value: object, vocabulary: type[models.TextChoices] | None = None) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case list():
            return ", ".join(wording(each, vocabulary) for each in value)
        case str() if vocabulary and value in vocabulary.values:
            return str(vocabulary(value).label)
        case str() if MOMENT.match(value):
            return moment_in_words(value)
        case _:
            return str(value)


def moment_in_words(text: str) -> str:
    try:
        moment = parse_datetime(text)
        return date_format(localtime(moment), "DATETIME_FORMAT") if moment else text
    except (ValueError, OverflowError):  # no date, or none of the reader's calendar
        return text


# --- How entries leave ---

COLUMNS = (
    "at",
    "by",
    "by_email",
    "via",
    "verb",
    "subject_type",
    "subject_key",
    "subject_label",
    "before",
    "after",
    "comment",
    "request_id",
)


def csv_lines(entries: Iterator[JournalEntry]) -> Iterator[str]:
    """A line for each entry, safe to open in a spreadsheet."""
    yield "\ufeff"  # tells spreadsheets that this is UTF-8
    yield csv_line(COLUMNS)
    for entry in entries:
        yield csv_line(map(harmless, cells(entry)))


def csv_line(texts: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(texts)
    return buffer.getvalue()


def cells(entry: JournalEntry) -> list[str]:
    return [
        entry.at.isoformat(),
        entry.by_name,
        entry.by.email if entry.by else "",
        entry.via,
        entry.verb,
        entry.subject_type,
        entry.subject_key,
        entry.subject_label,
        json.dumps(entry.before, ensure_ascii=False) if entry.before else "",
        json.dumps(entry.after, ensure_ascii=False) if entry.after else "",
        entry.comment,
        entry.request_id,
    ]


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
