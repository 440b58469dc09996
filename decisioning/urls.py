from django.urls import path

from decisioning.views import links

app_name = "decisioning"
urlpatterns = [
    # /o/<token>/
    path("o/<str:token>/<str:action>", links.link_follow, name="link-follow"),
]
