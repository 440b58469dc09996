"""Files that leave."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import get_current_timezone_name, now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs.models import Job
from offers_site.http import StaffRequest, render_page
from transfers import actions, storing
from transfers.exporting import Preview, Wanted, look
from transfers.forms.exports import ExportForm, SubjectForm, initial_of
from transfers.models import Transfer
from transfers.reading.columns import Column
from transfers.subjects import BadFilter, Subject
from transfers.views.finding import Subjects, allows, exportable, find_transfer, subject_of

may_export = permission_required("transfers.export_data", raise_exception=True)
NARROWING = ("q", "audience", "sort", "columns")  # what addresses of lists say


@require_http_methods(["GET", "POST"])
@may_export
def export_create(request: StaffRequest, subjects: Subjects) -> HttpResponse:
    """Which rows, which columns, which form; the address says which list somebody came from."""
    choices = exportable(request, subjects)
    earlier = earlier_export(request)
    name = earlier.subject if earlier else request.GET.get("subject", "")
    subject = next((s for s in choices if s.name == name or len(choices) == 1), None)
    if subject is None:
        return render(request, "transfers/export_subject.html", {"form": SubjectForm(choices)})
    asked = asked_of(request, subject, earlier)
    try:
        filters = filters_of(request, subject, asked)
    except BadFilter as refusal:
        messages.error(request, str(refusal))
        return redirect("transfers:export-create")
    form = export_form(request, subject, asked, filters, earlier)
    looks = request.POST.get("verb") == "look"
    preview = None
    if form.is_valid():
        wanted = form.wanted(filters)
        if not looks:
            started = actions.start_export(subject, wanted, by=request.user, at=now())
            return redirect(started)
        preview = preview_of(subject, wanted, form)

    context = {
        "form": form,
        "subject": subject,
        "narrowed": subject.filters_in_words(filters),
        "hidden": [name for name in subject.columns() if name not in form.available],
        "preview": preview,
        "everything": f"{request.path}?subject={subject.name}",
    }
    status = 422 if form.errors and not looks else 200
    template = "transfers/export_create.html"
    return render_page(request, template, context, fragment="preview", status=status)


def preview_of(subject: Subject, wanted: Wanted, form: ExportForm) -> Preview | None:
    try:
        return look(subject, wanted)
    except BadFilter as refusal:
        form.add_error(None, str(refusal))
    return None


def earlier_export(request: StaffRequest) -> Transfer | None:
    """The export that the address asks for once more."""
    try:
        pk = uuid.UUID(request.GET.get("again", ""))
    except ValueError:
        return None
    exports = Transfer.objects.visible_to(request.user).exports()
    return exports.filter(pk=pk).first()


def asked_of(request: StaffRequest, subject: Subject, earlier: Transfer | None) -> dict[str, str]:
    if earlier is None:
        names = {*NARROWING, *(option.name for option in subject.narrowing)}
        return {name: request.GET[name] for name in names if name in request.GET}
    given = earlier.options.get("filters", {})
    return {name: str(value) for name, value in given.items() if value is not None}


def filters_of(request: StaffRequest, subject: Subject, asked: Mapping[str, str]) -> dict[str, Any]:
    """How the list was narrowed and put in order; raises BadFilter."""
    filters = subject.filters_from(
        asked, by=request.user, at=now(), zone=get_current_timezone_name()
    )
    sort = asked.get("sort", "")
    return {**filters, "sort": sort} if sort in subject.sorts else filters


def export_form(
    request: StaffRequest,
    subject: Subject,
    asked: Mapping[str, str],
    filters: Mapping[str, Any],
    earlier: Transfer | None,
) -> ExportForm:
    columns = columns_for(request, subject)
    shown = subject.columns_shown(asked.get("columns", "").split(","))
    return ExportForm(
        request.POST if request.method == "POST" else None,
        columns=columns,
        shown=[name for name in shown if name in columns],
        last=last_complete(request, subject, filters),
        initial=initial_of(earlier.options) if earlier else {},
    )


def columns_for(request: StaffRequest, subject: Subject) -> dict[str, Column]:
    """Those that may leave with this person."""
    sees_personal = bool(subject.personal_right) and allows(request, subject.personal_right)
    return {
        name: column
        for name, column in subject.columns().items()
        if sees_personal or not column.personal
    }


def last_complete(
    request: StaffRequest, subject: Subject, filters: Mapping[str, Any]
) -> datetime | None:
    """Up to when the person's last export of just these rows has every change."""
    same = Transfer.objects.exports().filter(by=request.user, subject=subject.name)
    finished = same.filter(job__state=Job.State.FINISHED, options__limit=None)
    for transfer in finished.select_related("job").order_by("-created_at")[:50]:
        if rows_of(transfer.options.get("filters", {})) == rows_of(filters):
            return transfer.complete_until
    return None


def rows_of(filters: Mapping[str, Any]) -> dict[str, Any]:
    """What filters say of which rows there are, but not of when and in which order."""
    passing = {"sort", "changed_since", "at", "zone", "visible_to", "masked"}
    return {name: value for name, value in filters.items() if name not in passing}


# --- fetching the file ---


@require_POST
def export_fetch(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    """Make a link that works once, and lead there."""
    transfer = find_export(request, subjects, pk)
    return redirect(
        "transfers:export-file", transfer.pk, actions.link_to(transfer, by=request.user)
    )


@require_GET
@never_cache
def export_file(
    request: StaffRequest, subjects: Subjects, pk: uuid.UUID, link: str
) -> FileResponse | HttpResponse:
    transfer = find_export(request, subjects, pk)
    try:
        file = storing.file_of(transfer.pk).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    try:
        actions.take_file(transfer, link, by=request.user, at=now())
    except actions.LinkUsed:
        file.close()
        messages.error(request, _("This link has been used, or is not yours. Here is the file."))
        return redirect(transfer)
    return FileResponse(file, as_attachment=True, filename=transfer.file_name)


def find_export(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> Transfer:
    """An export whose file is there, and which this person may have."""
    transfer = find_transfer(request, pk, direction=Transfer.Direction.EXPORT)
    if not may_fetch(request, transfer, subject_of(transfer, subjects)):
        raise PermissionDenied
    if not can_be_fetched(transfer):
        raise Http404
    return transfer


def may_fetch(request: StaffRequest, transfer: Transfer, subject: Subject) -> bool:
    """Rights are those of now, not those of when it was asked for."""
    personal = transfer.options.get("shows_personal", True)
    return all(
        allows(request, right)
        for right in (
            "transfers.export_data",
            subject.export_right,
            subject.personal_right if personal else "",
        )
    )


def can_be_fetched(transfer: Transfer) -> bool:
    job = transfer.job
    if job is None or job.state != Job.State.FINISHED or job.ended_at is None:
        return False
    is_fresh = job.ended_at >= now() - storing.EXPORT_KEPT
    return is_fresh and storing.file_of(transfer.pk).exists()
