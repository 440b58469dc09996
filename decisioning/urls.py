from django.urls import path

from decisioning.views import (
    calls,
    decisions,
    links,
    people,
    persontrials,
    propositions,
    shop,
    tag,
    trying,
)

app_name = "decisioning"
OFFER = "catalogue/<str:environment>/offers/<str:code>"
SPACE = "catalogue/<str:environment>/spaces/<str:name>"
urlpatterns = [
    # for pages of other origins
    path("tag.js", tag.tag, name="tag"),
    path("o/<str:token>/<str:action>", links.link_follow, name="link-follow"),
    # /call-centre/<public id>/
    path("call-centre/", calls.call_find, name="call-find"),
    path("call-centre/<uuid:public_id>/", calls.call_detail, name="call-detail"),
    path("call-centre/<uuid:public_id>/offers/", calls.call_offers, name="call-offers"),
    path("call-centre/<uuid:public_id>/answer/", calls.call_answer, name="call-answer"),
    # /contacts/<public id>/
    path("contacts/<uuid:public_id>/offers/", people.person_offers, name="person-offers"),
    path(
        "contacts/<uuid:public_id>/offers/<uuid:pk>/correct/",
        people.proposition_correct,
        name="proposition-correct",
    ),
    path("contacts/<uuid:public_id>/preview/", persontrials.person_preview, name="person-preview"),
    # /decisions/
    path("decisions/", decisions.decision_list, name="decision-list"),
    path("decisions/<uuid:pk>/", decisions.decision_detail, name="decision-detail"),
    # /catalogue/<environment>/offers/<code>/
    path(f"{OFFER}/propositions/", propositions.offer_propositions, name="offer-propositions"),
    path(f"{OFFER}/propositions/funnel/", propositions.offer_funnel, name="offer-funnel"),
    path(f"{OFFER}/propositions/caps/", propositions.offer_caps, name="offer-caps"),
    # /catalogue/<environment>/spaces/<name>/
    path(f"{SPACE}/propositions/", propositions.space_propositions, name="space-propositions"),
    path(f"{SPACE}/propositions/funnel/", propositions.space_funnel, name="space-funnel"),
    path(f"{SPACE}/preview/", trying.space_preview, name="space-preview"),
    # the demo shop
    path("shop/", shop.shop_home, name="shop-home"),
    path("shop/basket/", shop.shop_basket, name="shop-basket"),
    path("shop/sign-in/", shop.shop_sign_in, name="shop-sign-in"),
    path("shop/away/tag.js", shop.shop_away_tag, name="shop-away-tag"),
    path("shop/away/api/v1/<path:path>", shop.shop_away_api, name="shop-away-api"),
    path("shop/<str:department>/", shop.shop_department, name="shop-department"),
]
