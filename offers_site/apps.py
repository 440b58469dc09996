from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig

from offers_site import (
    celery,  # noqa: F401 (makes `shared_task` find our application)
    resembling,  # noqa: F401 (makes `__resembles` known)
)


class OffersSite(AppConfig):
    name = "offers_site"
    default = True


class Assets(StaticFilesConfig):
    """What browsers fetch: of the packages' files only those that a page names."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "fontawesome",
        "*.rtl.*",
        "bootstrap-grid*",
        "bootstrap-reboot*",
        "bootstrap-utilities*",
        "bootstrap.css*",
        "bootstrap.js*",
        "bootstrap.esm*",
        "bootstrap.bundle.js*",
        "bootstrap.min.js*",
        "jquery*",
        "redoc*",
        "debug.html",
        "django-htmx*",
    ]
