"""What happened, in one call for every room, inside the transaction that made it happen."""

import re
from collections.abc import Iterable, Mapping
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
from offers_site.languages import in_every_language, in_this_language

Actor = User | ApiKey | None
"""Who acts: a person, a program's key, or nobody in particular (a command, the clock)."""

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\Z")
BATCH = 2_000  # entries in one statement
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
    "key.changed": gettext_lazy("changed the API key %(subject)s"),
    "key.revoked": gettext_lazy("revoked the API key %(subject)s"),
    "key.guessed_codes": gettext_lazy("tried too many unknown coupon codes with %(subject)s"),
    "transfer.imported": gettext_lazy("began the import of %(subject)s"),
    "transfer.exported": gettext_lazy("began the export %(subject)s"),
    "transfer.written": gettext_lazy("exported %(subject)s by a command"),
    "transfer.file_erased": gettext_lazy(
        "deleted the file of %(subject)s, which named somebody erased"
    ),
    "transfer.downloaded": gettext_lazy("downloaded %(subject)s"),
    "import_template.created": gettext_lazy("saved the import template %(subject)s"),
    "job.cancelled": gettext_lazy("stopped the job %(subject)s"),
    "job.paused": gettext_lazy("paused the job %(subject)s"),
    "job.resumed": gettext_lazy("resumed the job %(subject)s"),
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
    "coupon.changing_started": gettext_lazy("began to change codes of %(subject)s"),
    "coupon.voiding_started": gettext_lazy("began to void codes of %(subject)s"),
    "coupon.putting_back_started": gettext_lazy("began to put codes of %(subject)s back"),
    "coupon.deleting_started": gettext_lazy("began to delete codes of %(subject)s"),
    "coupon.codes_changed": gettext_lazy("changed codes of %(subject)s"),
    "coupon.codes_voided": gettext_lazy("voided codes of %(subject)s"),
    "coupon.codes_put_back": gettext_lazy("put codes of %(subject)s back into stock"),
    "coupon.codes_deleted": gettext_lazy("deleted codes of %(subject)s"),
    "coupon.redeemed": gettext_lazy("redeemed a code of %(subject)s"),
    "coupon.rolled_back": gettext_lazy("reversed a redemption of %(subject)s"),
    "coupon.options_changed": gettext_lazy("changed the options of %(subject)s"),
    "folder.created": gettext_lazy("created the coupon folder %(subject)s"),
    "folder.changed": gettext_lazy("changed the coupon folder %(subject)s"),
    "folder.deleted": gettext_lazy("deleted the coupon folder %(subject)s"),
    "environment.created": gettext_lazy("created the environment %(subject)s"),
    "environment.changed": gettext_lazy("changed the environment %(subject)s"),
    "environment.deleted": gettext_lazy("deleted the environment %(subject)s"),
    "environment.applied": gettext_lazy("applied a package to the environment %(subject)s"),
    "content_field.created": gettext_lazy("declared the content field %(subject)s"),
    "content_field.changed": gettext_lazy("changed the content field %(subject)s"),
    "content_field.deleted": gettext_lazy("deleted the content field %(subject)s"),
    "filter.created": gettext_lazy("created the predefined filter %(subject)s"),
    "filter.changed": gettext_lazy("changed the predefined filter %(subject)s"),
    "filter.deleted": gettext_lazy("deleted the predefined filter %(subject)s"),
    "space.created": gettext_lazy("created the space %(subject)s"),
    "space.changed": gettext_lazy("changed the space %(subject)s"),
    "space.deleted": gettext_lazy("deleted the space %(subject)s"),
    "category.created": gettext_lazy("created the category %(subject)s"),
    "category.changed": gettext_lazy("changed the category %(subject)s"),
    "category.moved": gettext_lazy("moved the category %(subject)s"),
    "category.deleted": gettext_lazy("deleted the category %(subject)s"),
    "offer.created": gettext_lazy("created the offer %(subject)s"),
    "offer.changed": gettext_lazy("changed the offer %(subject)s"),
    "offer.duplicated": gettext_lazy("made %(subject)s as a copy"),
    "offer.deleted": gettext_lazy("deleted the offer %(subject)s"),
    "presentation_rule.created": gettext_lazy("created the presentation rule %(subject)s"),
    "presentation_rule.changed": gettext_lazy("changed the presentation rule %(subject)s"),
    "presentation_rule.deleted": gettext_lazy("deleted the presentation rule %(subject)s"),
    "tag.created": gettext_lazy("created the tag %(subject)s"),
    "tag.changed": gettext_lazy("renamed the tag %(subject)s"),
    "tag.deleted": gettext_lazy("deleted the tag %(subject)s"),
    "tag.merged": gettext_lazy("merged the tag %(subject)s into another"),
    "picture.added": gettext_lazy("added the picture %(subject)s"),
    "template.created": gettext_lazy("created the template %(subject)s"),
    "template.changed": gettext_lazy("changed the template %(subject)s"),
    "template.deleted": gettext_lazy("deleted the template %(subject)s"),
    "offer.submitted": gettext_lazy("submitted the offer %(subject)s for approval"),
    "offer.approved": gettext_lazy("approved the offer %(subject)s"),
    "offer.rejected": gettext_lazy("rejected the offer %(subject)s"),
    "offer.restarted": gettext_lazy("started the approval of the offer %(subject)s again"),
    "offer.disabled": gettext_lazy("disabled the offer %(subject)s"),
    "offer.enabled": gettext_lazy("enabled the offer %(subject)s"),
    "category.disabled": gettext_lazy("disabled the category %(subject)s"),
    "category.enabled": gettext_lazy("enabled the category %(subject)s"),
    "release.published": gettext_lazy("published the release %(subject)s"),
    "release.disabled": gettext_lazy("took something off line with the release %(subject)s"),
    "release.enabled": gettext_lazy("put something back on line with the release %(subject)s"),
    "release.deleted": gettext_lazy("removed something from live with the release %(subject)s"),
    "release.rolled_back": gettext_lazy("went back to a former state with the release %(subject)s"),
    "planned_release.created": gettext_lazy("planned a release of %(subject)s"),
    "planned_release.changed": gettext_lazy("changed the planned release of %(subject)s"),
    "planned_release.cancelled": gettext_lazy("cancelled the planned release of %(subject)s"),
    "run.started": gettext_lazy("began to decide for everybody of an audience in %(subject)s"),
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
    entry = entry_of(verb, subject, by=by, at=at, before=before, after=after, comment=comment)
    record_all([entry])
    return entry


def record_all(entries: Iterable[JournalEntry]) -> None:
    """Write down many entries at once, each made by `entry_of`."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("A journal entry belongs in a transaction.")
    JournalEntry.objects.bulk_create(entries, batch_size=BATCH)


def entry_of(
    verb: str,
    subject: models.Model,
    *,
    by: Actor,
    at: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    comment: str = "",
) -> JournalEntry:
    """What `record` writes down."""
    if verb not in VERBS:
        raise ValueError(f"{verb} has no sentence in VERBS.")
    if told := SECRETS & {*(before or ()), *(after or ())}:
        raise ValueError(f"The journal keeps no secrets: {', '.join(sorted(told))}.")

    context = structlog.contextvars.get_contextvars()
    labels = in_every_language(lambda: str(subject)[:200])
    return JournalEntry(
        at=at,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
        by_name="" if by is None else str(by)[:200],
        via=way_of(by, context),
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_key=key_of(subject),
        subject_label=in_this_language(labels),
        subject_labels=labels if len(set(labels.values())) > 1 else None,
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
    """The public identity: what it says itself, or its `public_id`, `code`, `name`, or its key.

    Whoever is named only within something else says so with a `journal_key`.
    """
    for name in ("journal_key", "public_id", "code", "name"):
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


class SideOfOffer(models.TextChoices):
    CONTENT = "content", gettext_lazy("Content")
    ELIGIBILITY = "eligibility", gettext_lazy("Eligibility")


# What entries tell that is no field of their object.
FACTS: Mapping[str, str | Promise] = {
    "added": gettext_lazy("objects added"),
    "batch": gettext_lazy("batch"),
    "changed": gettext_lazy("objects changed"),
    "codes": gettext_lazy("codes"),
    "fields": gettext_lazy("fields"),
    "file": gettext_lazy("file"),
    "from": gettext_lazy("copy of"),
    "gone": gettext_lazy("objects gone"),
    "into": gettext_lazy("merged into"),
    "offers": gettext_lazy("offers"),
    "people": gettext_lazy("people"),
    "reason": gettext_lazy("reason"),
    "sides": gettext_lazy("sides"),
}
# What is stored as a code and read in words.
VOCABULARIES: Mapping[tuple[str, str], type[models.TextChoices]] = {
    ("accounts.user", "roles"): BuiltIn,
    ("accounts.role", "rights"): Right,
    ("accounts.apikey", "scopes"): ApiKey.Scope,
    ("catalog.offer", "sides"): SideOfOffer,
}


NO_WORDS: Mapping[Any, Any] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what it was and what it became; of a list, what was taken out and what came in."""

    name: str
    before: str
    after: str
    kept: int | None = None  # how many of a changed list stayed


def sentence(entry: JournalEntry) -> str:
    """What happened, to be read after who did it."""
    return sentence_of(entry.verb, entry.subject_name)


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
    words = vocabulary_of(entry.subject_type, name)
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
        return str(FACTS.get(name, name.replace("_", " ")))
    return str(getattr(field, "verbose_name", name))


def vocabulary_of(subject_type: str, name: str) -> Mapping[Any, Any]:
    """What the codes of a field are called: those that it may hold say so themselves."""
    if words := VOCABULARIES.get((subject_type, name)):
        return dict(words.choices)
    try:
        field: Any = apps.get_model(subject_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return {}
    return dict(getattr(field, "flatchoices", None) or ())


def wording(value: object, vocabulary: Mapping[Any, Any] = NO_WORDS) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case list():
            between = "; " if any(isinstance(each, dict) for each in value) else ", "
            return between.join(wording(each, vocabulary) for each in value)
        case dict():
            told = {str(name).replace("_", " "): wording(each) for name, each in value.items()}
            return ", ".join(f"{name}: {each}" for name, each in told.items() if each)
        case str() | int() if value in vocabulary:
            return str(vocabulary[value])
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
