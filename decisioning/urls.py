from django.urls import path

from decisioning.views import links, shop, tag

app_name = "decisioning"
urlpatterns = [
    # for pages of other origins
    path("tag.js", tag.tag, name="tag"),
    path("o/<str:token>/<str:action>", links.link_follow, name="link-follow"),
    # the demo shop
    path("shop/", shop.shop_home, name="shop-home"),
    path("shop/basket/", shop.shop_basket, name="shop-basket"),
    path("shop/sign-in/", shop.shop_sign_in, name="shop-sign-in"),
    path("shop/away/tag.js", shop.shop_away_tag, name="shop-away-tag"),
    path("shop/away/api/v1/<path:path>", shop.shop_away_api, name="shop-away-api"),
    path("shop/<str:department>/", shop.shop_department, name="shop-department"),
]
