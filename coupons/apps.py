"""What coupons tell the rooms below when they are loaded."""

from django.apps import AppConfig


class Coupons(AppConfig):
    name = "coupons"

    def ready(self) -> None:
        from coupons import secrecy  # noqa: F401, PLC0415 (models are loaded by now)
