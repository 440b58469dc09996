from django.urls import path

from decisioning.views import calls, links, tag

app_name = "decisioning"
urlpatterns = [
    # for pages of other origins
    path("tag.js", tag.tag, name="tag"),
    path("o/<str:token>/<str:action>", links.link_follow, name="link-follow"),
    # /call-centre/<public id>/
    path("call-centre/", calls.call_find, name="call-find"),
    path("call-centre/<uuid:public_id>/", calls.call_detail, name="call-detail"),
    path("call-centre/<uuid:public_id>/offers/", calls.call_offers, name="call-offers"),
    path("call-centre/<uuid:public_id>/answer/", calls.call_answer, name="call-answer"),
]
