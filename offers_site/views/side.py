"""Design or live: which side of the catalogue the pages show."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from offers_site.http import SIDE_KEY, StaffRequest, safe_next


@require_POST
def side_choose(request: StaffRequest) -> HttpResponse:
    """Keep the side in the session; anything but `live` is the design side."""
    request.session[SIDE_KEY] = "live" if request.POST.get("side") == "live" else "design"
    return redirect(safe_next(request, reverse("home")))
