"""What the catalogue tells the rooms below when it is loaded."""

from django.apps import AppConfig


class Catalog(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from catalog import handing  # noqa: F401, PLC0415 (it has models, which are loaded by now)
