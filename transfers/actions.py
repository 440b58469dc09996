"""Taking in files, starting their work, and keeping settings for the next one."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.journal import Actor, record
from accounts.models import ApiKey, User
from jobs.actions import start_job
from offers_site.idempotency import OtherBody
from offers_site.identifiers import uuid7
from transfers import storing
from transfers.exporting import Wanted
from transfers.models import Template, Transfer
from transfers.options import Options
from transfers.subjects import Subject

IMPORT_TASK = "offers_site.tasks.import_file"
EXPORT_TASK = "offers_site.tasks.export_file"
LINKS = "transfers.export"
# The filters that leave something out.
TELLING = {"q", "audience", "changed_since", "coupon", "status", "segment", "batch", "type"}


class AlreadyStarted(Exception):
    """The import has begun."""


class LinkUsed(Exception):
    """The link was made for another file or another person, or it has led to the file before."""


class NameTaken(Exception):
    """There is a template with this name."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has arrived, before anything is known of it."""

    pk: UUID
    name: str
    stored: storing.Stored


def receive(name: str, blocks: Iterable[bytes]) -> Received:
    """Keep a file on disk. Without a row that names it, it is swept away within a day."""
    pk = uuid7()
    clean = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")[-200:]
    return Received(pk, clean or "file", storing.store(pk, blocks))


def form_of(name: str, declared: str) -> str:
    """csv or xml, by what was declared or by the name of the file."""
    bare = name.lower().removesuffix(".gz").removesuffix(".zip")
    return declared or ("xml" if bare.endswith(".xml") else "csv")


@transaction.atomic(durable=True)
def draft_import(
    subject: Subject, received: Received, options: Options, *, by: User, at: datetime
) -> Transfer:
    """An import that waits for its settings."""
    return store_import(subject, received, options, by=by, at=at)


@transaction.atomic(durable=True)
def start_import(
    subject: Subject,
    received: Received,
    options: Options,
    *,
    by: Actor,
    at: datetime,
    here: bool = False,
    idempotency_key: str = "",
) -> Transfer:
    """Store an import with its job; `here` leaves the work to this process."""
    transfer = store_import(
        subject, received, options, by=by, at=at, idempotency_key=idempotency_key
    )
    begin(transfer, subject, by=by, at=at, here=here)
    return transfer


def start_once(
    subject: Subject,
    received: Received,
    options: Options,
    *,
    by: ApiKey,
    at: datetime,
    idempotency_key: str,
) -> tuple[Transfer, bool]:
    """The import of a call, and whether it is new; raises OtherBody."""
    try:
        transfer = start_import(
            subject, received, options, by=by, at=at, idempotency_key=idempotency_key
        )
    except IntegrityError:
        storing.forget(storing.file_of(received.pk))
        first = Transfer.objects.select_related("job").get(key=by, idempotency_key=idempotency_key)
        if first.request_hash != hash_of(subject, received, options):
            raise OtherBody from None
        return first, False
    return transfer, True


def store_import(
    subject: Subject,
    received: Received,
    options: Options,
    *,
    by: Actor,
    at: datetime,
    idempotency_key: str = "",
) -> Transfer:
    subject.check(options)
    return Transfer.objects.create(
        id=received.pk,
        direction=Transfer.Direction.IMPORT,
        subject=subject.name,
        file_name=received.name,
        sha256=received.stored.sha256,
        size=received.stored.size,
        format=form_of(received.name, options.format),
        options=options.stored,
        is_dry_run=options.dry_run,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
        idempotency_key=idempotency_key[:200],
        request_hash=hash_of(subject, received, options) if idempotency_key else "",
        created_at=at,
    )


def hash_of(subject: Subject, received: Received, options: Options) -> str:
    body = [subject.name, received.name, received.stored.sha256, options.stored]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def begin(
    transfer: Transfer, subject: Subject, *, by: Actor, at: datetime, here: bool = False
) -> None:
    """Give an import its job, inside the transaction that decides so."""

    def title() -> str:
        sentence = _("Try-out of %(file)s") if transfer.is_dry_run else _("Import of %(file)s")
        return sentence % {"file": transfer.file_name}

    transfer.job = start_job(
        title,
        task=IMPORT_TASK,
        by=by,
        at=at,
        unit=gettext_noop("bytes"),
        here=here,
    )
    transfer.save(update_fields=["job"])
    facts = {
        "subject": transfer.subject,
        "file": transfer.file_name,
        "sha256": transfer.sha256,
        "options": json.dumps(transfer.options, ensure_ascii=False, sort_keys=True),
    }
    record("transfer.imported", transfer, by=by, at=at, after=facts)


@transaction.atomic(durable=True)
def set_options(transfer: Transfer, options: Options) -> None:
    """Change how a drafted import is to be done, or raise AlreadyStarted."""
    drafted = Transfer.objects.filter(pk=transfer.pk, job=None)
    changed = drafted.update(
        options=options.stored,
        is_dry_run=options.dry_run,
        format=form_of(transfer.file_name, options.format),
    )
    if not changed:
        raise AlreadyStarted(_("This import has begun already."))


@transaction.atomic(durable=True)
def start_draft(
    transfer: Transfer, subject: Subject, options: Options, *, by: User, at: datetime
) -> Transfer:
    """Begin a drafted import, or try it out; a try-out leaves the draft as it is."""
    draft = Transfer.objects.select_for_update().get(pk=transfer.pk)
    if draft.job_id:
        raise AlreadyStarted(_("This import has begun already."))
    subject.check(options)
    draft.options, draft.is_dry_run = options.stored, options.dry_run
    draft.format = form_of(draft.file_name, options.format)
    draft.save(update_fields=["options", "is_dry_run", "format"])
    begin(draft, subject, by=by, at=at)
    return draft


@transaction.atomic(durable=True)
def repeat_as_draft(transfer: Transfer, *, by: User, at: datetime) -> Transfer:
    """The same file once more, as a draft: after a try-out, or with other settings."""
    options = replace(Options(**transfer.options), dry_run=False)
    received = Received(uuid7(), transfer.file_name, storing.Stored(transfer.sha256, transfer.size))
    storing.copy(transfer.pk, received.pk)
    draft = Transfer(
        id=received.pk,
        direction=Transfer.Direction.IMPORT,
        subject=transfer.subject,
        file_name=transfer.file_name,
        sha256=transfer.sha256,
        size=transfer.size,
        format=transfer.format,
        options=options.stored,
        by=by,
        created_at=at,
    )
    draft.save(force_insert=True)
    return draft


@transaction.atomic(durable=True)
def start_export(subject: Subject, wanted: Wanted, *, by: User, at: datetime) -> Transfer:
    """Store an export with its job.

    The journal forgets nothing: it is told what narrows the export, but not how.
    """
    name = f"{subject.name}-{at:%Y%m%d-%H%M}.{wanted.format}"
    job = start_job(
        lambda: _("Export of %(file)s") % {"file": name},
        task=EXPORT_TASK,
        by=by,
        at=at,
        unit=gettext_noop("rows"),
    )
    transfer = Transfer.objects.create(
        direction=Transfer.Direction.EXPORT,
        subject=subject.name,
        job=job,
        file_name=name,
        format=wanted.format,
        options=as_options(wanted),
        by=by,
        created_at=at,
    )
    facts = facts_of(subject, wanted)
    record("transfer.exported", transfer, by=by, at=at, after=facts)
    return transfer


@transaction.atomic(durable=True)
def note_written(subject: Subject, wanted: Wanted, *, name: str, rows: int, at: datetime) -> None:
    """Keep what a command wrote out; nothing of it is stored here."""
    transfer = Transfer(
        direction=Transfer.Direction.EXPORT, subject=subject.name, file_name=name, created_at=at
    )
    after = {**facts_of(subject, wanted), "rows": rows}
    record("transfer.written", transfer, by=None, at=at, after=after)


def facts_of(subject: Subject, wanted: Wanted) -> dict[str, Any]:
    return {
        "subject": subject.name,
        "profile": wanted.profile,
        "columns": list(wanted.columns),
        "personal_data": wanted.shows_personal,
        "narrowed_by": sorted(set(wanted.filters) & TELLING) + (["limit"] if wanted.limit else []),
    }


def as_options(wanted: Wanted) -> dict[str, Any]:
    return {**asdict(wanted), "columns": list(wanted.columns), "filters": dict(wanted.filters)}


def link_to(transfer: Transfer, *, by: User) -> str:
    """What lets this person fetch the file of an export, once; it says nothing to anybody else."""
    number = transfer.codes.get("downloads", 0)
    return signing.dumps([str(transfer.pk), by.pk, number], salt=LINKS)


@transaction.atomic(durable=True)
def take_file(transfer: Transfer, link: str, *, by: User, at: datetime) -> None:
    """Use up a link and write down who has fetched the file; or raise LinkUsed."""
    try:
        pk, person, number = signing.loads(link, salt=LINKS, max_age=storing.EXPORT_KEPT)
    except signing.BadSignature:
        raise LinkUsed from None
    unused = Transfer.objects.filter(pk=transfer.pk, codes__downloads=number)
    is_theirs = (pk, person) == (str(transfer.pk), by.pk)
    codes = {**transfer.codes, "downloads": number + 1}
    if not is_theirs or not unused.update(codes=codes):
        raise LinkUsed
    record("transfer.downloaded", transfer, by=by, at=at, after={"file": transfer.file_name})


@transaction.atomic(durable=True)
def save_template(
    name: str, subject: Subject, options: Options, *, by: User, at: datetime
) -> Template:
    """Keep settings under a name, or raise NameTaken."""
    try:
        with transaction.atomic():
            template = Template.objects.create(
                name=name, subject=subject.name, options=options.stored, by=by, created_at=at
            )
    except IntegrityError as error:
        raise NameTaken(_("There is already a template with this name.")) from error
    record("import_template.created", template, by=by, at=at, after={"subject": subject.name})
    return template
