"""The preview beside a form: what was typed, not what is kept. Nothing of it is written.

What was rendered waits in the cache for the frame that asks for it, and for nobody else.
"""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import permission_required
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from catalog import previewing
from catalog.contentwords import content_settings
from catalog.describing import fallback_offer_shape, offer_shape
from catalog.forms.content import ContentForm
from catalog.models import Environment, Offer, Space
from catalog.previewing import Previewed
from catalog.views.previews import WIDTH_OF_CHANNEL, boxed
from offers_site.http import StaffRequest

KEPT = 600  # seconds
may_write = permission_required(
    ("catalog.view_design_offer", "catalog.change_offer"), raise_exception=True
)


@require_POST
@may_write
def preview_draft(request: StaffRequest, environment: str, code: str) -> HttpResponse:
    """One space as it would look with what stands in the form."""
    visible = Offer.objects.visible_to(request.user).with_parts()
    offer = get_object_or_404(visible, environment__name=environment, code=code)
    form = form_of(request, offer)
    if not form.is_valid():
        return render(request, "catalog/_draft_preview.html", {"form": form})
    shape = form.shape()
    spaces = previewing.spaces_of(offer.environment, shape)
    wanted = request.POST.get("preview-space", "")
    name = wanted if wanted in spaces else next(iter(spaces), "")
    subject = previewing.subject_with(shape, form.settings, spaces)
    shown = previewing.preview(subject, [name], person=None, call={}, language=None)
    context = {
        "form": form,
        "preview": shown[0] if shown else None,
        "frame": frame_of(request, offer.environment, shown[0]) if shown else "",
        "width": WIDTH_OF_CHANNEL.get(spaces[name].channel, "web") if shown else "",
    }
    return render(request, "catalog/_draft_preview.html", context)


def form_of(request: StaffRequest, offer: Offer) -> ContentForm:
    shape = fallback_offer_shape(offer) if offer.is_fallback else offer_shape(offer)
    names = request.POST.getlist("content-spaces") or [one.space for one in shape.representations]
    rows = {
        row.name: row
        for row in Space.objects.filter(environment=offer.environment, name__in=names[:100])
    }
    spaces = [rows[name] for name in names if name in rows]
    settings = content_settings(offer.environment).with_spaces(spaces)
    return ContentForm(request.POST, settings=settings, shape=shape)


def frame_of(request: StaffRequest, environment: Environment, one: Previewed) -> str:
    token = uuid.uuid4()
    cache.set(key_of(request, token), one, KEPT)
    return reverse("catalog:preview-draft-frame", args=[environment.name, token])


def key_of(request: StaffRequest, token: uuid.UUID) -> str:
    return f"preview:{request.user.pk}:{token}"


@require_safe
@may_write
@xframe_options_sameorigin
def preview_draft_frame(request: StaffRequest, environment: str, token: uuid.UUID) -> HttpResponse:
    one = cache.get(key_of(request, token))
    if not isinstance(one, Previewed):
        raise Http404
    return boxed(request, one)
