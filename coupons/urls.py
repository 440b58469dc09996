"""Addresses of coupons. What a coupon cannot be called stands in coupons.actions.coupons."""

from django.urls import path

from coupons.views import (
    batches,
    changing,
    codes,
    coupons,
    folders,
    options,
    pools,
    redemptions,
    reports,
    statuses,
)

app_name = "coupons"
urlpatterns = [
    # /coupons/
    path("coupons/", coupons.coupon_list, name="coupon-list"),
    path("coupons/create/", coupons.coupon_create, name="coupon-create"),
    path("coupon-folders/", folders.folder_list, name="folder-list"),
    path("coupon-folders/create/", folders.folder_create, name="folder-create"),
    path("coupon-folders/<int:pk>/edit/", folders.folder_edit, name="folder-edit"),
    path("coupon-folders/<int:pk>/delete/", folders.folder_delete, name="folder-delete"),
    path("coupon-options/", options.options_edit, name="options-edit"),
    path("coupon-options/codes/", options.codes_everywhere, name="options-codes"),
    path("coupons/bulk/suspend/", statuses.coupons_suspend, name="coupons-suspend"),
    path("coupons/bulk/activate/", statuses.coupons_activate, name="coupons-activate"),
    path("coupons/bulk/archive/", statuses.coupons_archive, name="coupons-archive"),
    # /coupons/find/, /coupons/codes/<number>/: a code never stands in an address
    path("coupons/find/", codes.code_find, name="code-find"),
    path("coupons/codes/void/", changing.codes_void, name="codes-void"),
    path("coupons/codes/put-back/", changing.codes_put_back, name="codes-put-back"),
    path("coupons/codes/delete/", changing.codes_delete, name="codes-delete"),
    path("coupons/codes/<int:pk>/", codes.code_detail, name="code-detail"),
    path("coupons/codes/<int:pk>/redeem/", redemptions.code_redeem, name="code-redeem"),
    path(
        "coupons/redemptions/<uuid:pk>/roll-back/",
        redemptions.redemption_roll_back,
        name="redemption-roll-back",
    ),
    # /coupons/<code>/
    path("coupons/<str:code>/", coupons.coupon_detail, name="coupon-detail"),
    path("coupons/<str:code>/others/", coupons.coupon_others, name="coupon-others"),
    path("coupons/<str:code>/journal/", coupons.coupon_journal, name="coupon-journal"),
    path("coupons/<str:code>/edit/", coupons.coupon_edit, name="coupon-edit"),
    path("coupons/<str:code>/duplicate/", coupons.coupon_duplicate, name="coupon-duplicate"),
    path("coupons/<str:code>/suspend/", statuses.coupon_suspend, name="coupon-suspend"),
    path("coupons/<str:code>/activate/", statuses.coupon_activate, name="coupon-activate"),
    path("coupons/<str:code>/archive/", statuses.coupon_archive, name="coupon-archive"),
    path("coupons/<str:code>/delete/", coupons.coupon_delete, name="coupon-delete"),
    path("coupons/<str:code>/redeem/", redemptions.coupon_redeem, name="coupon-redeem"),
    path("coupons/<str:code>/redemptions/", redemptions.redemption_list, name="redemption-list"),
    path("coupons/<str:code>/deliveries/", pools.coupon_deliveries, name="coupon-deliveries"),
    path("coupons/<str:code>/reports/", reports.coupon_reports, name="coupon-reports"),
    path("coupons/<str:code>/reports/recount/", reports.coupon_recount, name="coupon-recount"),
    path("coupons/<str:code>/imports/", pools.coupon_imports, name="coupon-imports"),
    # /coupons/<code>/codes/
    path("coupons/<str:code>/codes/", codes.code_list, name="code-list"),
    path("coupons/<str:code>/codes/add/", codes.code_add, name="code-add"),
    path("coupons/<str:code>/codes/generate/", batches.code_generate, name="code-generate"),
    path("coupons/<str:code>/batches/<int:pk>/", batches.batch_edit, name="batch-edit"),
    path("coupons/<str:code>/codes/find/", codes.code_find_in, name="code-find-in"),
    path("coupons/<str:code>/codes/all/void/", changing.all_codes_void, name="all-codes-void"),
    path(
        "coupons/<str:code>/codes/all/put-back/",
        changing.all_codes_put_back,
        name="all-codes-put-back",
    ),
    path(
        "coupons/<str:code>/codes/all/delete/", changing.all_codes_delete, name="all-codes-delete"
    ),
]
