"""What jobs tell the rooms below when they are loaded."""

from django.apps import AppConfig


class Jobs(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from jobs import secrecy  # noqa: F401, PLC0415 (models are loaded by now)
