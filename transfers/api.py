"""Files from programs: `POST /api/v1/imports`, how far one is, and what was refused of it."""

import uuid
from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.timezone import now
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile
from pydantic import BaseModel, ConfigDict, StringConstraints

from accounts.api import KeyAuth, key_of
from offers_site.idempotency import OtherBody, name_of, name_reused
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import Problem
from transfers import actions, reporting
from transfers.models import Reject, Transfer, TransferQuerySet
from transfers.options import BadOption, Options
from transfers.subjects import Subject

Word = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")]


class ImportCall(BaseModel):
    """The fields beside the file; those of the command, with `_`."""

    model_config = ConfigDict(extra="ignore")

    subject: Word
    format: Word = ""
    operation: Word = ""
    on_duplicate: Word = ""
    delimiter: Word = ""
    encoding: Word = ""
    date_format: Word = ""
    timezone: Word = ""
    max_rejects: Word = ""
    list: Word = ""
    from_spreadsheet: Word = ""
    dry_run: Word = ""
    all_or_nothing: Word = ""


def imports_router(subjects: Mapping[str, Subject]) -> Router:
    """The calls, for the subjects that the site has."""
    router = Router(tags=["imports"], auth=KeyAuth("imports"))

    @router.post("", summary="Import a file", response={202: dict[str, Any]})
    def create_import(
        request: HttpRequest, call: Form[ImportCall], file: File[UploadedFile]
    ) -> Status[dict[str, Any]]:
        return Status(202, started(request, subjects, call, file))

    @router.get("", summary="List imports, newest first")
    def list_imports(
        request: HttpRequest, limit: int = DEFAULT_LIMIT, cursor: str | None = None
    ) -> dict[str, Any]:
        imports = imports_seen(request).select_related("job")
        return page_of(imports, described, limit=limit, cursor=cursor)

    @router.get("/{uuid:pk}", summary="One import and its counters")
    def read_import(request: HttpRequest, pk: uuid.UUID) -> dict[str, Any]:
        return described(find_import(request, pk))

    @router.get("/{uuid:pk}/errors", summary="What was refused, as a list or as CSV")
    def list_import_errors(
        request: HttpRequest,
        pk: uuid.UUID,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Any:
        return errors_of(request, find_import(request, pk), limit, cursor)

    return router


def started(
    request: HttpRequest, subjects: Mapping[str, Subject], call: ImportCall, file: UploadedFile
) -> dict[str, Any]:
    key = key_of(request)
    subject = subjects.get(call.subject)
    if subject is None:
        raise refused("subject", f"Choose one of: {', '.join(subjects)}.")
    idempotency_key = name_of(request)
    options = read_options(subject, call, request)
    received = actions.receive(file.name or "", file.chunks())
    try:
        if idempotency_key:
            transfer, _new = actions.start_once(
                subject, received, options, by=key, at=now(), idempotency_key=idempotency_key
            )
        else:
            transfer = actions.start_import(subject, received, options, by=key, at=now())
    except OtherBody:
        raise name_reused() from None
    # The first answer to this name, however far the import has come since.
    return {
        "job": str(transfer.pk),
        "state": str(Transfer.State.QUEUED),
        "warnings": warnings_of(transfer),
    }


def read_options(subject: Subject, call: ImportCall, request: HttpRequest) -> Options:
    """The fields beside the file; one that is no option of this subject is refused."""
    given = {**dict(request.POST.items()), **call.model_dump()}
    del given["subject"]
    try:
        return subject.options_from(given)
    except BadOption as refusal:
        raise refused(refusal.name, refusal.sentence) from refusal


def refused(name: str, sentence: str) -> Problem:
    return Problem(
        422,
        "invalid",
        "The request does not have the expected form.",
        errors=[{"pointer": f"/{name}", "code": "invalid", "detail": sentence}],
    )


def warnings_of(transfer: Transfer) -> list[str]:
    earlier = Transfer.objects.of_same_file(transfer).filter(created_at__lt=transfer.created_at)
    return ["same_file"] if earlier.exists() else []


def imports_seen(request: HttpRequest) -> TransferQuerySet:
    """All imports; a key that is kept to some folders of coupons knows of its own only."""
    key, imports = key_of(request), Transfer.objects.imports()
    return imports.filter(key=key) if key.coupon_folders else imports


def find_import(request: HttpRequest, pk: uuid.UUID) -> Transfer:
    transfer = imports_seen(request).select_related("job").filter(pk=pk).first()
    if transfer is None:
        raise Problem(404, "import_unknown", "There is no import with this id.")
    return transfer


def described(transfer: Transfer) -> dict[str, Any]:
    job = transfer.job
    seconds = (
        (job.ended_at - job.started_at).total_seconds()
        if job and job.ended_at and job.started_at
        else None
    )
    return {
        "job": str(transfer.pk),
        "subject": transfer.subject,
        "file": transfer.file_name,
        "state": str(transfer.state),
        **transfer.counters,
        "codes": transfer.codes,
        "failure": transfer.fatal_code or (job.failure_sentence if job else "") or None,
        "percent": job.percent if job else None,
        "sha256": transfer.sha256,
        "created_at": transfer.created_at,
        "seconds": seconds,
    }


def errors_of(
    request: HttpRequest, transfer: Transfer, limit: int, cursor: str | None
) -> HttpResponse | StreamingHttpResponse | dict[str, Any]:
    language = translation.get_language_from_request(request)
    accepts = request.headers.get("Accept", "")
    with translation.override(language):
        if "text/csv" in accepts:
            lines = spoken(language, transfer)
            return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        rejects: Any = Reject.objects.filter(transfer=transfer)
        return page_of(rejects, reporting.described, limit=limit, cursor=cursor, newest_first=False)


def spoken(language: str, transfer: Transfer) -> Any:
    """The report in one language, however late its lines are asked for."""
    lines = reporting.csv_lines(reporting.of(transfer))
    while True:
        with translation.override(language):
            some = list(chain.from_iterable([line] for _n, line in zip(range(500), lines)))  # noqa: B905 (the shorter decides)
        if not some:
            return
        yield "".join(some)
