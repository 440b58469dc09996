"""What was live, release by release: listed, looked at, compared, gone back to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import labels_missing
from catalog import releasing
from catalog.actions import releases
from catalog.comparing import Change, changes_between, differing
from catalog.forms.releases import MOST_CHOICES, CompareForm, ReleaseFilter, RollBackForm
from catalog.history import summaries
from catalog.models import Environment, Release
from catalog.readiness import NotReady
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.planned import plans_of
from offers_site.http import picked_rows, render_page
from offers_site.lists import Column, List

SHOWN = 200  # changes on a page
RELEASES = List(
    name="releases",
    template="catalog/release_list.html",
    columns=(
        Column("number", gettext_lazy("Release"), sort="number", pinned=True, newest_first=True),
        Column("made_at", gettext_lazy("When"), sort="made_at", newest_first=True),
        Column("by", gettext_lazy("Who")),
        Column("changes", gettext_lazy("What changed")),
        Column("comment", gettext_lazy("Comment")),
    ),
    sort="-number",
    filters=ReleaseFilter,
    row_key="number",
    size=25,
)


@require_safe
@sees("offer")
def release_list(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Every state of live, the newest first; in design what is planned to come too."""
    page = RELEASES.page(request, releasing.releases_of(environment))
    for row in page.rows:
        row.environment = environment
    numbers = [row.number for row in page.rows]
    context = {
        "list": page,
        "environment": environment,
        "summaries": summaries(environment, numbers, request.user),
        "plans": () if request.place.is_live else plans_of(environment, request.user),
    }
    return render_page(request, "catalog/release_list.html", context, fragment="list")


@require_safe
@sees("offer")
def release_detail(
    request: CatalogueRequest, environment: Environment, number: int
) -> HttpResponse:
    """Who made it, when and why, and what it changed."""
    release = find(environment, number)
    context = {
        "environment": environment,
        "release": release,
        **told(request, environment, number - 1, number),
    }
    return render(request, "catalog/release_detail.html", context)


@require_safe
@sees("offer")
def release_compare(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    """Any two, side by side. Two that are ticked in the list are compared in their order."""
    ticked = sorted(int(each) for each in picked_rows(request) if each.isdecimal())
    asked = (
        {"before": ticked[0], "after": ticked[-1]}
        if ticked
        else {name: request.GET.get(name) for name in ("before", "after")}
    )
    known = releasing.releases_of(environment).order_by("-number")
    form = CompareForm(asked, releases=known[:MOST_CHOICES])
    before, after = number_of(environment, asked["before"]), number_of(environment, asked["after"])
    context: dict[str, Any] = {"environment": environment, "form": form}
    if before is not None and after:
        context |= {
            "before": before,
            "after": after,
            **told(request, environment, before, after),
        }
    return render(request, "catalog/release_compare.html", context)


@require_http_methods(["GET", "POST"])
@changes("offer", right="catalog.roll_back")
def release_roll_back(
    request: CatalogueRequest, environment: Environment, number: int
) -> HttpResponse:
    """Go back to a release: first what would change, then why."""
    release = find(environment, number)
    data = request.POST if request.method == "POST" else None
    form = RollBackForm(data, initial={"live": environment.release_number})
    if form.is_valid():
        done = go_back(request, environment, number, form)
        if done is not None:
            return done
        # What is live now has changed since it was shown, or it cannot be gone back to.
        environment.refresh_from_db()
        form.data = {**request.POST.dict(), "live": str(environment.release_number)}
    context = {
        "environment": environment,
        "release": release,
        "form": form,
        "is_partial": labels_missing(request.user).exists() and not request.user.is_administrator,
        **told(request, environment, environment.release_number, number),
    }
    status = 422 if form.is_bound else 200
    return render(request, "catalog/release_roll_back.html", context, status=status)


def go_back(
    request: CatalogueRequest, environment: Environment, number: int, form: RollBackForm
) -> HttpResponse | None:
    """Act, and lead on; None when it was refused and the page is shown again."""
    given = form.cleaned_data
    try:
        made = releases.roll_back(
            environment,
            number,
            seen=given["live"],
            comment=given["comment"],
            by=request.user,
            at=now(),
        )
    except (NotReady, releases.MovedOn) as refusal:
        form.add_error(None, str(refusal))
        return None
    known = {"number": number}
    if made is None:
        messages.info(request, _("What is live is what release %(number)s was.") % known)
        return redirect("catalog:release-list", environment.name)
    said = _("Release %(new)s is live, with the content of release %(number)s.")
    messages.success(request, said % {**known, "new": made.number})
    return redirect(reverse("catalog:release-detail", args=[environment.name, made.number]))


# --- the parts ---


def find(environment: Environment, number: int) -> Release:
    known = releasing.releases_of(environment).filter(number=number) if number < 2**31 else None
    release = known.select_related("environment").first() if known is not None else None
    if release is None:
        raise Http404
    return release


def number_of(environment: Environment, asked: Any) -> int | None:
    """The number of a release there is, or nought for what was before the first."""
    text = str(asked)
    if not text.isdecimal() or len(text) > 9:
        return None
    number = int(text)
    known = releasing.releases_of(environment).filter(number=number)
    return number if not number or known.exists() else None


def told(
    request: CatalogueRequest, environment: Environment, before: int, after: int
) -> dict[str, Any]:
    """What differs between two releases, as far as the person sees it and a page has room."""
    keys = differing(environment, before, after, user=request.user)
    found: list[Change] = changes_between(
        environment, before, after, keys[:SHOWN], user=request.user
    )
    return {"changes": found, "number": len(keys), "more": max(0, len(keys) - SHOWN)}
