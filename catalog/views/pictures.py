"""Pictures: serving them to everybody, choosing one, adding one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.actions.pictures import add_picture
from catalog.models.content import Asset
from catalog.pictures import EXTENSIONS, LARGEST_FILE, BadPicture, address_of, recent
from offers_site.http import StaffRequest, render_page

SHOWN = 24
may_choose = permission_required("catalog.change_offer", raise_exception=True)
# A picture is for everybody and never changes. Should a browser ever take it for a page, that page
# could do nothing.
HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
@login_not_required
def asset_file(request: HttpRequest, digest: str, extension: str) -> HttpResponse:
    tag = f'"{digest}"'
    asset = get_object_or_404(Asset.objects.only("media_type"), hash=digest)
    if EXTENSIONS[asset.media_type] != extension:
        raise Http404
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={**HEADERS, "ETag": tag})
    return HttpResponse(
        bytes(asset.data), content_type=asset.media_type, headers={**HEADERS, "ETag": tag}
    )


@require_http_methods(["GET", "POST"])
@may_choose
def picture_list(request: StaffRequest) -> HttpResponse:
    """The newest pictures, or those with a name; in a dialog, one of them is chosen."""
    error = ""
    if request.method == "POST":
        try:
            add_uploaded(request)
            return redirect("catalog:picture-list")
        except BadPicture as refusal:
            error = str(refusal)
    text = request.GET.get("q", "").replace("\0", "")[:100]
    found = list(recent(text)[: SHOWN + 1])
    context = {
        "pictures": [{"asset": asset, "url": address_of(asset)} for asset in found[:SHOWN]],
        "has_more": len(found) > SHOWN,
        "text": text,
        "error": error,
    }
    fragment = "results" if request.headers.get("HX-Target") == "pictures" else "dialog"
    status = 422 if error else 200
    return render_page(
        request, "catalog/picture_list.html", context, fragment=fragment, status=status
    )


@require_POST
@may_choose
def picture_add(request: StaffRequest) -> HttpResponse:
    """One picture, for the field that asked for it."""
    try:
        asset = add_uploaded(request)
    except BadPicture as refusal:
        return JsonResponse({"message": str(refusal)}, status=422)
    return JsonResponse({"url": address_of(asset), "name": asset.name}, status=201)


def add_uploaded(request: StaffRequest) -> Asset:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise BadPicture(_("Choose a file."))
    # One byte more than may be: the rest is not read.
    data = file.read(LARGEST_FILE + 1)
    return add_picture(name=file.name or "", data=data, by=request.user, at=now())
