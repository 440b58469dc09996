"""The journal: who changed what, when."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.forms.journal import JournalFilter
from accounts.leaving import csv_lines
from accounts.models import JournalEntry
from offers_site.filters import valid_part
from offers_site.http import StaffRequest, render_page
from offers_site.lists import Column, List

may_view_journal = permission_required("accounts.view_journal", raise_exception=True)

JOURNAL = List(
    name="journal",
    template="accounts/journal_list.html",
    columns=(
        Column("at", gettext_lazy("When"), sort="at", pinned=True, newest_first=True),
        Column("what", gettext_lazy("What happened"), pinned=True),
        Column("differences", gettext_lazy("Changes")),
        Column("kind", gettext_lazy("Kind of object"), sort="subject_type", shown=False),
        Column("via", gettext_lazy("Where"), sort="via"),
        Column("comment", gettext_lazy("Comment"), shown=False),
    ),
    sort="-at",
    filters=JournalFilter,
)


@require_GET
@may_view_journal
def journal_list(request: StaffRequest) -> HttpResponse:
    entries = JournalEntry.objects.visible_to(request.user).select_related("by", "key")
    page = JOURNAL.page(request, entries)
    return render_page(request, "accounts/journal_list.html", {"list": page}, fragment="list")


@require_GET
@may_view_journal
def journal_entry(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    entries = JournalEntry.objects.visible_to(request.user).select_related("by", "key")
    entry = get_object_or_404(entries, pk=pk)
    return render(request, "accounts/journal_entry.html", {"entry": entry})


@require_GET
@may_view_journal
def journal_export(request: StaffRequest) -> StreamingHttpResponse:
    """The entries that the list's filters leave, newest first, as CSV for a spreadsheet."""
    form = valid_part(JournalFilter, request.GET)
    entries = form.narrow(JournalEntry.objects.visible_to(request.user).for_journal_list())
    return StreamingHttpResponse(
        csv_lines(entries.iterator(chunk_size=2_000)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="journal-{localdate():%Y-%m-%d}.csv"',
            "X-Content-Type-Options": "nosniff",
        },
    )
