"""Imports and exports: the list, and how far one is."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from jobs import actions as jobs
from offers_site.http import StaffRequest, render_page
from offers_site.lists import Column, List
from offers_site.templatetags.overture import exactly
from transfers import reporting, storing
from transfers.forms.imports import UploadForm
from transfers.forms.lists import TransferFilter
from transfers.models import Transfer
from transfers.subjects import Subject
from transfers.views import telling
from transfers.views.exports import can_be_fetched, may_fetch
from transfers.views.finding import Subjects, allows, find_transfer

TRANSFERS = List(
    name="transfers",
    template="transfers/transfer_list.html",
    columns=(
        Column("file", gettext_lazy("File"), sort="file_name", pinned=True),
        Column("direction", gettext_lazy("Direction"), sort="direction"),
        Column("subject", gettext_lazy("Subject"), sort="subject"),
        Column("state", gettext_lazy("State"), sort=F("sort_state")),
        Column("taken", gettext_lazy("Taken"), numeric=True),
        Column("rejected", gettext_lazy("Rejected"), sort="rejected", numeric=True),
        Column("by", gettext_lazy("By")),
        Column("created", gettext_lazy("Date"), sort="created_at", newest_first=True),
    ),
    sort="-created",
    filters=TransferFilter,
)


@require_GET
def transfer_list(request: StaffRequest, subjects: Subjects) -> HttpResponse:
    visible = Transfer.objects.visible_to(request.user).for_transfer_list()
    context = {"list": TRANSFERS.page(request, visible), "subjects": subjects}
    return render_page(request, "transfers/transfer_list.html", context, fragment="list")


@require_GET
def transfer_detail(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_transfer(request, pk)
    if transfer.job is None:
        return redirect("transfers:import-settings", transfer.pk)
    context = {
        "transfer": transfer,
        "job": transfer.job,
        "subject": subjects.get(transfer.subject),
        "facts": facts_of(transfer, subjects.get(transfer.subject)),
        **telling.progress_of(transfer),
    }
    if transfer.is_import:
        context |= of_import(request, transfer, subjects)
    else:
        context |= of_export(request, transfer, subjects)
    return render_page(request, "transfers/transfer_detail.html", context, fragment="progress")


def of_import(request: StaffRequest, transfer: Transfer, subjects: Subjects) -> dict[str, Any]:
    """The report, and what can be done next."""
    subject = subjects.get(transfer.subject)
    may_send = request.user.has_perm("transfers.import_data")
    send = None
    if subject is not None and may_send and allows(request, subject.import_right):
        send = UploadForm([subject], initial={"like": transfer.pk})
        send.fields["file"].label = _("The mended file")
    return {
        "figures": telling.figures_of(transfer),
        "sum": telling.sum_of(transfer),
        "verdict": telling.verdict(transfer),
        "why": reporting.why(transfer),
        "has_file": storing.file_of(transfer.pk).exists(),
        "send": send,
        "may_see_rows": subject is None or reporting.may_see_keys(subject, request.user),
        **telling.rejects_of(transfer, subject, request.user, request.GET.get("code", "")),
    }


def of_export(request: StaffRequest, transfer: Transfer, subjects: Subjects) -> dict[str, Any]:
    """What the page of an export says of its file."""
    subject = subjects.get(transfer.subject)
    filters = transfer.options.get("filters", {})
    ended = transfer.job.ended_at if transfer.job else None
    return {
        "can_be_fetched": can_be_fetched(transfer),
        "may_fetch": subject is not None and may_fetch(request, transfer, subject),
        # a search is forgotten with the file: what was asked for is not known any more
        "may_repeat": filters.get("q", "") is not None
        and request.user.has_perm("transfers.export_data"),
        "until": ended + storing.EXPORT_KEPT if ended else None,
    }


def facts_of_export(transfer: Transfer, subject: Subject | None) -> list[tuple[str, Any]]:
    options = transfer.options
    filters = options.get("filters", {})
    facts: list[tuple[str, Any]] = subject.filters_in_words(filters) if subject else []
    if since := filters.get("changed_since"):
        facts.append((_("Changed since"), exactly(datetime.fromisoformat(since))))
    if options.get("limit"):
        facts.append((_("At most"), number_format(options["limit"])))
    facts.append(
        (_("Columns"), ", ".join(options.get("columns", ())) or pgettext("columns", "all"))
    )
    forms = {"spreadsheet": _("for a spreadsheet"), "machine": _("for a program")}
    profile = forms.get(options.get("profile", ""), "")
    facts.append((_("Form"), f"{transfer.format.upper()}, {profile}"))
    return facts


def facts_of(transfer: Transfer, subject: Subject | None) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (_("Started by"), str(transfer.by or transfer.key or _("a command"))),
        (
            pgettext("job", "Asked for"),
            date_format(localtime(transfer.created_at), "DATETIME_FORMAT"),
        ),
    ]
    if transfer.job and transfer.job.ended_at:
        ended = date_format(localtime(transfer.job.ended_at), "DATETIME_FORMAT")
        facts.append((_("Ended"), ended))
    if not transfer.is_import:
        facts += facts_of_export(transfer, subject)
    if transfer.sha256:
        facts.append((_("SHA-256"), transfer.sha256[:16] + "…"))
    if transfer.blank:
        facts.append((_("Blank lines"), str(transfer.blank)))
    if transfer.unknown_columns:
        facts.append((_("Columns passed over"), ", ".join(transfer.unknown_columns)))
    return facts


@require_POST
def transfer_pause(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_transfer(request, pk)
    try:
        if transfer.job:
            jobs.pause_job(transfer.job, by=request.user, at=now())
    except jobs.NotPausable as refusal:
        messages.error(request, str(refusal))
    return redirect(transfer)


@require_POST
def transfer_resume(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_transfer(request, pk)
    try:
        if transfer.job:
            jobs.resume_job(transfer.job, by=request.user, at=now())
    except jobs.NotPausable as refusal:
        messages.error(request, str(refusal))
    return redirect(transfer)
