"""The wizard: a file, how it is understood, a try-out, the import."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from offers_site.http import StaffRequest, render_page
from transfers import actions, storing
from transfers.forms.imports import LIST, SettingsForm, UploadForm
from transfers.models import Template, Transfer
from transfers.options import BadOption, Options
from transfers.previewing import Seen, look
from transfers.reading.faults import FileFault
from transfers.subjects import Subject
from transfers.views import telling
from transfers.views.finding import Subjects, allows, find_import, importable, subject_of

may_import = permission_required("transfers.import_data", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_import
def import_create(request: StaffRequest, subjects: Subjects) -> HttpResponse:
    choices = importable(request, subjects)
    initial = {name: request.GET[name] for name in ("subject", "like") if name in request.GET}
    form = UploadForm(choices, request.POST or None, request.FILES or None, initial=initial)
    if form.is_valid():
        file = form.cleaned_data["file"]
        subject = subjects[form.cleaned_data["subject"]]
        transfer = actions.draft_import(
            subject,
            actions.receive(file.name, file.chunks()),
            first_options(request, subject, form.cleaned_data["like"]),
            by=request.user,
            at=now(),
        )
        return redirect("transfers:import-settings", transfer.pk)
    status = 422 if form.errors else 200
    return render(request, "transfers/import_create.html", {"form": form}, status=status)


def first_options(request: StaffRequest, subject: Subject, pk: uuid.UUID | None) -> Options:
    """The settings of an import that was done before, for what was mended of it.

    Otherwise those that the address names, such as the coupon whose page somebody came from.
    """
    visible = Transfer.objects.visible_to(request.user).imports()
    earlier = visible.filter(pk=pk, subject=subject.name).first() if pk else None
    if earlier:
        return replace(Options(**earlier.options), dry_run=False)
    named = {o.name: request.GET[o.name] for o in subject.options if o.name in request.GET}
    try:
        return subject.options_from(named)
    except BadOption:
        return Options()


@require_http_methods(["GET", "POST"])
def import_settings(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_import(request, pk)
    subject = subject_of(transfer, subjects)
    if not allows(request, subject.import_right):
        raise PermissionDenied
    if transfer.job_id:
        return redirect(transfer)
    options = chosen_template(request, subject) or Options(**transfer.options)
    seen = look(transfer, subject, options)
    form = settings_form(request, subject, options, seen)
    if request.method == "POST" and form.is_valid():
        answer = act(request, transfer, subject, form)
        if answer is not None:
            return answer
        if not form.errors:  # the file may be another one now: its words, and what they are
            kept = {name: form.cleaned_data[name] for name in ("keep_as",)}
            options = form.options(dry_run=False)
            seen = look(transfer, subject, options)
            form = settings_form(request, subject, options, seen, kept=kept)
    columns = telling.mapped(form, seen, subject.columns(options.extra))
    context = {
        "transfer": transfer,
        "subject": subject,
        "form": form,
        "seen": seen,
        "mapped": columns,
        "unmapped": sum(each.is_passed_over for each in columns),
        "promise": telling.promise(options, seen),
        "has_file": storing.file_of(transfer.pk).exists(),
        "same": Transfer.objects.of_same_file(transfer).select_related("job").first(),
        "templates": Template.objects.filter(subject=subject.name).order_by("name"),
    }
    status = 422 if form.errors and not request.htmx else 200
    template = "transfers/import_settings.html"
    return render_page(request, template, context, fragment="settings", status=status)


def chosen_template(request: StaffRequest, subject: Subject) -> Options | None:
    """The settings that the address names."""
    number = request.GET.get("template", "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    template = Template.objects.filter(pk=number, subject=subject.name).first()
    return Options(**template.options) if template else None


def settings_form(
    request: StaffRequest,
    subject: Subject,
    options: Options,
    seen: Seen,
    *,
    kept: Mapping[str, Any] | None = None,
) -> SettingsForm:
    """With what was sent, or with what is `kept` of it once it has been understood."""
    initial = {
        name: getattr(options, name) for name in SettingsForm.base_fields if hasattr(options, name)
    }
    initial |= {**options.extra, LIST: options.list}
    initial["delimiter"] = "tab" if options.delimiter == "\t" else options.delimiter
    given = request.POST if request.method == "POST" and kept is None else None
    return SettingsForm(
        subject,
        subject.columns(options.extra),
        seen.header,
        seen.places,
        given,
        initial={**initial, **(kept or {})},
    )


def act(
    request: StaffRequest, transfer: Transfer, subject: Subject, form: SettingsForm
) -> HttpResponse | None:
    """Do what the pressed button says; None shows the page again."""
    verb = request.POST.get("verb", "")
    try:
        options = form.options(dry_run=verb == "try")
        subject.begin(options.extra, request.user)
        if form.cleaned_data["keep_as"] and verb in {"try", "start"}:
            keep_template(request, subject, options, form)
        if verb in {"try", "start"} and not form.errors:
            started = actions.start_draft(transfer, subject, options, by=request.user, at=now())
            return redirect(started)
        if not form.errors:
            actions.set_options(transfer, options)
    except BadOption as refusal:
        form.refuse(refusal)
    except FileFault as fault:
        form.refuse_file(fault)
    except actions.AlreadyStarted as refusal:
        messages.error(request, str(refusal))
        return redirect(transfer)
    return None


def keep_template(
    request: StaffRequest, subject: Subject, options: Options, form: SettingsForm
) -> None:
    name = form.cleaned_data["keep_as"]
    try:
        actions.save_template(name, subject, options, by=request.user, at=now())
    except actions.NameTaken as refusal:
        form.add_error("keep_as", str(refusal))
    else:
        messages.success(request, _("The template %(name)s is saved.") % {"name": name})


@require_POST
def import_again(request: StaffRequest, subjects: Subjects, pk: uuid.UUID) -> HttpResponse:
    transfer = find_import(request, pk)
    if not storing.file_of(transfer.pk).exists():
        messages.error(request, _("The file is no longer there."))
        return redirect(transfer)
    subject = subject_of(transfer, subjects)
    if not allows(request, subject.import_right):
        raise PermissionDenied
    draft = actions.repeat_as_draft(transfer, by=request.user, at=now())
    if request.POST.get("verb") == "start":
        options = Options(**draft.options)
        return redirect(actions.start_draft(draft, subject, options, by=request.user, at=now()))
    return redirect("transfers:import-settings", draft.pk)
