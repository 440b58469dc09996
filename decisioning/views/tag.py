"""The script that web pages of other origins include."""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

HEADERS = {
    "Cache-Control": "public, max-age=600",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@login_not_required
@require_safe
def tag(request: HttpRequest) -> HttpResponse:
    script, packed, etag = tag_script()
    headers = {**HEADERS, "ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        packed if takes_gzip else script, content_type="text/javascript", headers=headers
    )
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


@cache
def tag_script() -> tuple[bytes, bytes, str]:
    script = (settings.BASE_DIR / "static" / "js" / "tag.js").read_bytes()
    return script, gzip.compress(script, mtime=0), f'"{sha256(script).hexdigest()[:16]}"'
