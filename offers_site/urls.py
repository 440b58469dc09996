"""The table of contents of the site."""

from django.conf import settings
from django.urls import include, path

from offers_site import health, metrics
from offers_site.api import api_docs, keyed_urls, openapi
from offers_site.subjects import SUBJECTS
from offers_site.views import errors, gallery, home, search, side, system

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error

urlpatterns = [
    path("api/v1/", keyed_urls()),  # first: decisions are asked for more often than all the rest
    path("", home.home, name="home"),
    path("", include("accounts.urls")),
    path("", include("catalog.urls")),
    path("", include("contacts.urls")),
    path("", include("coupons.urls")),
    path("", include("decisioning.urls")),
    path("", include("jobs.urls")),
    path("", include("transfers.urls"), {"subjects": SUBJECTS}),
    # /side/, /search/, /system/
    path("side/", side.side_choose, name="side-choose"),
    path("search/", search.search, name="search"),
    path("system/", system.system_detail, name="system"),
    # programs
    path("api/openapi.json", openapi, name="api-openapi"),
    path("api/docs", api_docs, name="api-docs"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
if settings.DEBUG:
    urlpatterns += [path("gallery/", gallery.gallery, name="gallery")]
