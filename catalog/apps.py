"""What the catalogue tells the rooms below when it is loaded."""

from django.apps import AppConfig


class Catalog(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from catalog import asking, handing, keyed, secrecy  # noqa: F401, PLC0415 (models are loaded by now)
