"""Addresses of the catalogue."""

from django.urls import path

from catalog.views import (
    choosing,
    listing,
    pictures,
    previews,
)

app_name = "catalog"
urlpatterns = [
    # /catalogue/<environment>/offers/<code>/
    path("catalogue/", choosing.choose, name="choose"),
    path("catalogue/<str:environment>/offers/", listing.offer_list, name="offer-list"),
    path(
        "catalogue/<str:environment>/fallback-offers/",
        listing.fallback_offer_list,
        name="fallback-offer-list",
    ),
    # /catalogue/<environment>/offers/<code>/preview/
    path(
        "catalogue/<str:environment>/offers/<str:code>/preview/", previews.preview, name="preview"
    ),
    path(
        "catalogue/<str:environment>/offers/<str:code>/preview/frame/",
        previews.preview_frame,
        name="preview-frame",
    ),
    path(
        "catalogue/<str:environment>/preview/people/",
        previews.preview_people,
        name="preview-people",
    ),
    # /pictures/
    path("pictures/", pictures.picture_list, name="picture-list"),
    path("pictures/add/", pictures.picture_add, name="picture-add"),
    # public
    path("assets/<slug:digest>.<slug:extension>", pictures.asset_file, name="asset-file"),
]
