"""An environment as a file: out of the browser, and back in after a look at what it changes."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localdate, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.rights import Right
from catalog.actions.packages import apply_package
from catalog.forms.packages import PackageForm
from catalog.models import Environment
from catalog.packages import waiting
from catalog.packages.applying import MayNot, check_rights
from catalog.packages.exporting import design_package, live_package
from catalog.packages.planning import Plan, make_plan
from catalog.packages.reading import Read, read
from catalog.packages.telling import summary
from catalog.packages.writing import write
from catalog.problems import NameTaken, NotAcceptable, Problem
from catalog.releasing import NoSuchRelease
from catalog.shapes import Package
from catalog.views.doors import CatalogueRequest, changes, sees
from contacts.declaring import NotAttributable

SHOWN = 200  # changes and errors on the page
PUBLISHING = (f"{Right.APPROVE_OFFER}", f"{Right.PUBLISH}")


@require_safe
@sees("environment")
def package(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Export, and where a file is brought."""
    may_bring = not request.place.is_live and request.user.has_perm("catalog.change_offer")
    context = {"environment": environment, "form": PackageForm() if may_bring else None}
    return render(request, "catalog/package.html", context)


@require_POST
@changes("offer")
def package_bring(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Keep a file for an hour, and show what it would change."""
    form = PackageForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {"environment": environment, "form": form}
        return render(request, "catalog/package.html", context, status=422)
    word = waiting.keep(form.cleaned_data["file"].read(), user=request.user)
    query = "?prune=1" if form.cleaned_data["prune"] else ""
    return redirect(reverse("catalog:package-plan", args=[environment.name, word]) + query)


@require_safe
@sees("environment")
def package_export(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """The chosen side as a file, or a release as it was."""
    asked = request.GET.get("release", "")
    if asked:
        side, found = f"release-{asked}", earlier(request, environment, asked)
    elif request.place.is_live:
        side, found = "live", earlier(request, environment, str(environment.release_number))
    else:
        side, found = "design", design_package(environment, user=request.user)
    answer = HttpResponse(write(found), content_type="application/json; charset=utf-8")
    name = f"{environment.name}-{side}-{localdate():%Y-%m-%d}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def earlier(request: CatalogueRequest, environment: Environment, asked: str) -> Package:
    """A release, for whoever may see what is live; raises Http404."""
    if not request.user.has_perm("catalog.view_live_environment"):
        raise PermissionDenied
    if not asked.isdecimal() or len(asked) > 9:
        raise Http404
    try:
        return live_package(environment, int(asked), user=request.user)
    except NoSuchRelease as refusal:
        raise Http404 from refusal


@require_safe
@changes("offer")
def package_plan(request: CatalogueRequest, environment: Environment, word: str) -> HttpResponse:
    """What the file would change, or all that is wrong with it."""
    brought = find(request, word)
    if brought is None:
        return gone(request, environment)
    prune = "prune" in request.GET
    context = {
        "environment": environment,
        "word": word,
        "prune": prune,
        "may_publish": request.user.has_perms(PUBLISHING),
    }
    try:
        check_here(brought, environment)
        plan = make_plan(brought, prune=prune, by=request.user)
        check_rights(plan, publish=False, by=request.user)
    except NotAcceptable as refusal:
        number = len(refusal.problems)
        context |= {"errors": refusal.problems[:SHOWN], "number": number}
        return render(request, "catalog/package_plan.html", context, status=422)
    except MayNot as refusal:
        context |= {"refusal": str(refusal)}
        return render(request, "catalog/package_plan.html", context, status=403)
    context |= {
        "plan": plan,
        "counts": summary(plan),
        "changes": plan.changes[:SHOWN],
        "more": max(0, len(plan.changes) - SHOWN),
        "doubts": plan.problems[:SHOWN],
    }
    return render(request, "catalog/package_plan.html", context)


@require_POST
@changes("offer")
def package_apply(request: CatalogueRequest, environment: Environment, word: str) -> HttpResponse:
    brought = find(request, word)
    if brought is None:
        return gone(request, environment)
    publish = request.POST.get("verb") == "publish"
    try:
        check_here(brought, environment)
        applied = apply_package(
            brought, publish=publish, prune="prune" in request.POST, by=request.user, at=now()
        )
    except NotAcceptable as refusal:
        number = len(refusal.problems)
        context = {
            "environment": environment,
            "word": word,
            "errors": refusal.problems[:SHOWN],
            "number": number,
        }
        return render(request, "catalog/package_plan.html", context, status=422)
    except (MayNot, NameTaken, NotAttributable) as refusal:
        messages.error(request, str(refusal))
        return redirect("catalog:package-plan", environment.name, word)
    waiting.forget(word, user=request.user)
    messages.success(request, told(applied.plan))
    if applied.release is not None:
        number = applied.release.number
        messages.success(request, _("Release %(number)s is live.") % {"number": number})
    return redirect("catalog:package", environment.name)


def told(plan: Plan) -> str:
    if plan.is_empty:
        return _("The package changes nothing in design.")
    number = len(plan.changes)
    return ngettext(
        "The package is applied: %(number)s object is new or changed.",
        "The package is applied: %(number)s objects are new or changed.",
        number,
    ) % {"number": number}


def find(request: CatalogueRequest, word: str) -> Read | None:
    data = waiting.kept(word, user=request.user)
    return None if data is None else read(data)


def gone(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    messages.error(request, _("The file was brought too long ago: bring it again."))
    return redirect("catalog:package", environment.name)


def check_here(brought: Read, environment: Environment) -> None:
    """Raise NotAcceptable for a package that is about another environment than the page."""
    found = brought.package.environment.name if brought.package else environment.name
    if found != environment.name and "environment.name" not in brought.touched:
        message = _("This package is about the environment “%(name)s”, not about this one.")
        problem = Problem("environment.name", "other_environment", message % {"name": found})
        raise NotAcceptable([problem])
