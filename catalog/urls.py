"""Addresses of the catalogue."""

from django.urls import path

from catalog import routes
from catalog.views import (
    approving,
    bulk,
    choosing,
    drafting,
    editing,
    fallbacks,
    listing,
    offers,
    packages,
    pictures,
    previews,
)

app_name = "catalog"
HERE = "catalogue/<str:environment>"
OFFER = f"{HERE}/offers/<str:code>"
FALLBACK_OFFER = f"{HERE}/fallback-offers/<str:code>"
urlpatterns = [
    # /catalogue/<environment>/offers/<code>/
    path("catalogue/", choosing.choose, name="choose"),
    path(f"{HERE}/offers/", listing.offer_list, name="offer-list"),
    path(f"{HERE}/create-offer/", offers.offer_create, name="offer-create"),
    path(f"{HERE}/many-offers/<slug:verb>/", bulk.offers_bulk, name="offers-bulk"),
    path(f"{OFFER}/", offers.offer_detail, name="offer-detail"),
    path(f"{OFFER}/numbers/", offers.offer_numbers, name="offer-numbers"),
    path(f"{OFFER}/journal/", offers.offer_journal, name="offer-journal"),
    path(f"{OFFER}/content/", editing.offer_edit_content, name="offer-edit-content"),
    path(f"{OFFER}/eligibility/", editing.offer_edit_eligibility, name="offer-edit-eligibility"),
    path(f"{OFFER}/caps/", editing.offer_edit_caps, name="offer-edit-caps"),
    path(f"{OFFER}/details/", editing.offer_edit_details, name="offer-edit-details"),
    path(f"{OFFER}/submit/", approving.offer_submit, name="offer-submit"),
    path(f"{OFFER}/approve/<slug:side>/", approving.offer_approve, name="offer-approve"),
    path(f"{OFFER}/restart/<slug:side>/", approving.offer_restart, name="offer-restart"),
    path(f"{OFFER}/compare/", approving.offer_compare, name="offer-compare"),
    path(f"{OFFER}/publish/", approving.offer_publish, name="offer-publish"),
    path(f"{OFFER}/switch/", offers.offer_switch, name="offer-switch"),
    path(f"{OFFER}/duplicate/", offers.offer_duplicate, name="offer-duplicate"),
    path(f"{OFFER}/delete/", offers.offer_delete, name="offer-delete"),
    # /catalogue/<environment>/fallback-offers/<code>/
    path(f"{HERE}/fallback-offers/", listing.fallback_offer_list, name="fallback-offer-list"),
    path(
        f"{HERE}/create-fallback-offer/",
        fallbacks.fallback_offer_create,
        name="fallback-offer-create",
    ),
    path(f"{FALLBACK_OFFER}/", fallbacks.fallback_offer_detail, name="fallback-offer-detail"),
    path(f"{FALLBACK_OFFER}/edit/", fallbacks.fallback_offer_edit, name="fallback-offer-edit"),
    path(
        f"{HERE}/drafts/<uuid:public_id>/discard/",
        fallbacks.fallback_draft_discard,
        name="fallback-draft-discard",
    ),
    path(
        f"{HERE}/drafts/<uuid:public_id>/frame/",
        fallbacks.fallback_draft_frame,
        name="fallback-draft-frame",
    ),
    path(
        f"{HERE}/drafts/<uuid:public_id>/<slug:step>/",
        fallbacks.fallback_draft,
        name="fallback-draft",
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
    path(f"{OFFER}/preview/draft/", drafting.preview_draft, name="preview-draft"),
    path(
        f"{HERE}/preview/draft/<uuid:token>/",
        drafting.preview_draft_frame,
        name="preview-draft-frame",
    ),
    # /catalogue/<environment>/package/
    path(f"{HERE}/package/", packages.package, name="package"),
    path(f"{HERE}/package/bring/", packages.package_bring, name="package-bring"),
    path(f"{HERE}/package/export/", packages.package_export, name="package-export"),
    path(f"{HERE}/package/<slug:word>/", packages.package_plan, name="package-plan"),
    path(f"{HERE}/package/<slug:word>/apply/", packages.package_apply, name="package-apply"),
    # /pictures/
    path("pictures/", pictures.picture_list, name="picture-list"),
    path("pictures/add/", pictures.picture_add, name="picture-add"),
    *routes.urlpatterns,
    # public
    path("assets/<slug:digest>.<slug:extension>", pictures.asset_file, name="asset-file"),
]
