"""Imports and exports: the list, and how far one is."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from jobs import actions as jobs
from offers_site.http import StaffRequest, render_page
from offers_site.lists import Column, List
from transfers import reporting, storing
from transfers.forms import TransferFilter
from transfers.models import Transfer
from transfers.views.finding import Subjects, find_transfer

REJECTS_SHOWN = 1000

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
        "facts": facts_of(transfer),
        "figures": figures_of(transfer),
        "codes": sorted(transfer.codes.items(), key=lambda item: -item[1]),
        "rejects": [
            (reject, reporting.message(reject))
            for reject in transfer.rejects.order_by("line", "id")[:REJECTS_SHOWN]
        ],
        "why": reporting.why(transfer),
        "has_file": storing.file_of(transfer.pk).exists(),
    }
    return render_page(request, "transfers/transfer_detail.html", context, fragment="progress")


def figures_of(transfer: Transfer) -> list[tuple[str, int]]:
    """The counters in words; the first is the sum of the next five."""
    words = {
        "read": _("Read"),
        "inserted": _("Added"),
        "updated": _("Changed"),
        "unchanged": _("Unchanged"),
        "ignored": _("Passed over"),
        "rejected": _("Rejected"),
    }
    return [(word, getattr(transfer, name)) for name, word in words.items()]


def facts_of(transfer: Transfer) -> list[tuple[str, Any]]:
    facts = [
        (_("Started by"), str(transfer.by or transfer.key or _("a command"))),
        (_("Asked for"), date_format(localtime(transfer.created_at), "DATETIME_FORMAT")),
    ]
    if transfer.job and transfer.job.ended_at:
        ended = date_format(localtime(transfer.job.ended_at), "DATETIME_FORMAT")
        facts.append((_("Ended"), ended))
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
            jobs.pause_job(transfer.job)
    except jobs.NotPausable as refusal:
        messages.error(request, str(refusal))
    return redirect(transfer)


@require_POST
def transfer_resume(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_transfer(request, pk)
    try:
        if transfer.job:
            jobs.resume_job(transfer.job, at=now())
    except jobs.NotPausable as refusal:
        messages.error(request, str(refusal))
    return redirect(transfer)
