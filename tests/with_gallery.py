"""The addresses of the site and the gallery, which shows what rooms to come will need."""

from django.urls import path

from offers_site.urls import handler400, handler403, handler404, handler500
from offers_site.urls import urlpatterns as site_patterns
from offers_site.views.gallery import gallery

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*site_patterns, path("gallery/", gallery, name="gallery")]
