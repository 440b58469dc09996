"""What contacts tell the rooms below when they are loaded."""

from django.apps import AppConfig


class Contacts(AppConfig):
    name = "contacts"

    def ready(self) -> None:
        from contacts import secrecy  # noqa: F401, PLC0415 (models are loaded by now)
