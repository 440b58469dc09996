"""Files that leave."""

import uuid
from datetime import timedelta

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_GET, require_http_methods

from jobs.models import Job
from offers_site.http import StaffRequest
from transfers import actions, storing
from transfers.exporting import Wanted
from transfers.forms import ExportForm
from transfers.models import Transfer
from transfers.views.finding import Subjects, allows, exportable, find_transfer, subject_of

may_export = permission_required("transfers.export_data", raise_exception=True)
KEPT = timedelta(hours=24)  # how long a finished export can be fetched


@require_http_methods(["GET", "POST"])
@may_export
def export_create(request: StaffRequest, subjects: Subjects) -> HttpResponse:
    form = ExportForm(exportable(request, subjects), request.POST or None)
    if form.is_valid():
        subject = subjects[form.cleaned_data["subject"]]
        wanted = Wanted(
            profile=form.cleaned_data["profile"],
            format=form.cleaned_data["format"],
            delimiter=form.cleaned_data["delimiter"],
            shows_personal=allows(request, subject.personal_right),
        )
        transfer = actions.start_export(subject, wanted, by=request.user, at=now())
        return redirect(transfer)
    status = 422 if form.errors else 200
    return render(request, "transfers/export_create.html", {"form": form}, status=status)


@require_GET
def export_file(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> FileResponse:
    transfer = find_transfer(request, pk, direction=Transfer.Direction.EXPORT)
    right = subject_of(transfer, subjects).export_right
    if not (allows(request, "transfers.export_data") and allows(request, right)):
        raise PermissionDenied
    job, path = transfer.job, storing.file_of(transfer.pk)
    is_there = job and job.state == Job.State.FINISHED and path.exists()
    if not is_there or not job or not job.ended_at or job.ended_at < now() - KEPT:
        raise Http404
    actions.note_download(transfer, by=request.user, at=now())
    return FileResponse(path.open("rb"), as_attachment=True, filename=transfer.file_name)
