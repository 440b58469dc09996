"""Progress of long work, for the person who started it and for those who run the system."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from jobs import actions, running
from jobs.forms import JobFilter
from jobs.models import Job
from offers_site.http import StaffRequest, ask_and_act, render_page
from offers_site.lists import Column, List
from offers_site.templatetags.overture import when

JOBS = List(
    name="jobs",
    template="jobs/job_list.html",
    columns=(
        Column("title", gettext_lazy("Job"), sort="title_read", pinned=True),
        Column("state", gettext_lazy("State"), sort="state"),
        Column("progress", gettext_lazy("Progress")),
        Column("by", gettext_lazy("Started by")),
        Column("created", gettext_lazy("Requested"), sort="created_at"),
        Column("ended", gettext_lazy("Ended"), sort="ended_at"),
    ),
    sort="-created",
    filters=JobFilter,
)


@require_GET
def job_list(request: StaffRequest) -> HttpResponse:
    jobs = JOBS.page(request, Job.objects.visible_to(request.user).for_job_list())
    return render_page(request, "jobs/job_list.html", {"list": jobs}, fragment="list")


@require_GET
def job_detail(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    job = find_job(request, pk)
    context = {"job": job, "facts": facts_of(job)}
    return render_page(request, "jobs/job_detail.html", context, fragment="progress")


def facts_of(job: Job) -> list[tuple[str, object]]:
    """What is known of a job besides its progress, in words."""
    moments = [
        (_("Requested"), job.created_at),
        (_("Started"), job.started_at),
        (_("Ended"), job.ended_at),
    ]
    facts: list[tuple[str, object]] = [
        (_("Started by"), str(job.by) if job.by else _("the system"))
    ]
    return facts + [(word, when(at)) for word, at in moments if at]


@require_GET
def job_running(request: StaffRequest) -> HttpResponse:
    """What the top bar shows of a person's own unfinished jobs, and asks for again and again."""
    jobs = list(Job.objects.unfinished().filter(by=request.user).order_by("-created_at")[:10])
    for job in running.take_news(request.user, at=now()):
        say = messages.error if job.state == Job.State.FAILED else messages.success
        say(request, job.outcome)
    return render(request, "jobs/job_running.html", {"jobs": jobs})


@require_http_methods(["GET", "POST"])
def job_cancel(request: StaffRequest, pk: uuid.UUID) -> HttpResponse:
    job = find_job(request, pk)
    return ask_and_act(
        request,
        lambda: actions.cancel_job(job, by=request.user, at=now()),
        refusals=actions.NotCancellable,
        title=_("Stop this job?"),
        consequence=_("What “%(job)s” has done so far stays; the rest is not done.")
        % {"job": job.title},
        verb=_("Stop the job"),
        back=job.get_absolute_url(),
        done=_("“%(job)s” is being stopped.") % {"job": job.title},
    )


@require_POST
@permission_required("site.view_system", raise_exception=True)
def job_practise(request: StaffRequest) -> HttpResponse:
    job = actions.start_practice(by=request.user, at=now())
    return redirect(job)


def find_job(request: StaffRequest, pk: uuid.UUID) -> Job:
    return get_object_or_404(Job.objects.visible_to(request.user).select_related("by"), pk=pk)
