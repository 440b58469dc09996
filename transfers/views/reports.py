"""What was refused, to take away."""

import uuid
from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.views.decorators.http import require_GET

from offers_site.http import StaffRequest
from transfers import reporting, storing
from transfers.models import Transfer
from transfers.views.finding import Subjects, find_import, subject_of


@require_GET
def errors_csv(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_import(request, pk)
    rejects = reporting.seen_by(
        reporting.of(transfer), subjects.get(transfer.subject), request.user
    )
    lines = reporting.csv_lines(rejects)
    return taken_away(lines, f"{transfer.file_name}-errors.csv", "text/csv", mark="\ufeff")


@require_GET
def errors_xml(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_import(request, pk)
    rejects = reporting.seen_by(
        reporting.of(transfer), subjects.get(transfer.subject), request.user
    )
    lines = reporting.xml_lines(rejects)
    return taken_away(lines, f"{transfer.file_name}-errors.xml", "application/xml")


def taken_away(lines: Iterator[str], name: str, kind: str, mark: str = "") -> HttpResponse:
    answer = StreamingHttpResponse(
        spoken(lines, mark, translation.get_language()), content_type=f"{kind}; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{ascii_name(name)}"'
    return answer  # type: ignore[return-value] # both are responses


def spoken(lines: Iterator[str], mark: str, language: str | None) -> Iterator[str]:
    """The lines in one language, although they are made after the request's own is over."""
    yield mark
    with translation.override(language):
        yield from lines


def ascii_name(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-_ ") else "_" for c in name)


@require_GET
def rejected_rows(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    """The refused records as they were sent: mend them, and send them again."""
    transfer: Transfer = find_import(request, pk)
    if not transfer.rejected or not storing.file_of(transfer.pk).exists():
        raise Http404
    subject = subject_of(transfer, subjects)
    if not reporting.may_see_keys(subject, request.user):
        raise PermissionDenied
    rows = reporting.rejected_rows(transfer, subject)
    answer = StreamingHttpResponse(rows, content_type="application/octet-stream")
    name = transfer.file_name.removesuffix(".gz").removesuffix(".zip")
    answer["Content-Disposition"] = f'attachment; filename="rejected-{ascii_name(name)}"'
    return answer  # type: ignore[return-value] # both are responses
