"""The links that stand in offers: they note what a person did, and lead on."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from decisioning.reacting import ACTIONS, destination_of, follow
from decisioning.recording import TooBusy
from decisioning.statuses import NoSuchProposition

PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")  # as browsers have called it


@csrf_exempt
@login_not_required
@require_safe
def link_follow(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """Lead to the stored destination, and nowhere else; who only looks ahead notes nothing."""
    if action not in ACTIONS:
        raise Http404
    try:
        if request.method == "HEAD" or is_prefetch(request):
            destination = destination_of(token)
        else:
            destination = follow(token, action, at=now())
    except NoSuchProposition:
        raise Http404 from None
    except TooBusy:  # the person is led on all the same
        destination = destination_of(token)
    if not destination:
        return HttpResponse(status=204)
    return HttpResponseRedirect(destination)


def is_prefetch(request: HttpRequest) -> bool:
    """Does a browser fetch it for somebody who has not asked for it, and perhaps never will?"""
    said = " ".join(request.headers.get(name, "") for name in PURPOSES).lower()
    return "prefetch" in said or "preview" in said
