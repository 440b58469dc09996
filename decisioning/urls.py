from django.urls import path

from decisioning.views import links, tag

app_name = "decisioning"
urlpatterns = [
    # for pages of other origins
    path("tag.js", tag.tag, name="tag"),
    path("o/<str:token>/<str:action>", links.link_follow, name="link-follow"),
]
