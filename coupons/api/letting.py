"""Who is let in: keys that carry a scope, while coupons are in use."""

from django.http import HttpRequest

from accounts.api import HeldAuth, KeyAuth
from accounts.models import ApiKey
from coupons.models import Options
from offers_site.problems import Problem


class CouponAuth(KeyAuth):
    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = super().authenticate(request, token)
        if not key.stamp and is_off():
            raise Problem(404, "coupons_off", "Coupons are switched off in this installation.")
        return key


class TillAuth(HeldAuth, CouponAuth):
    """The same by memory: `coupons.finding` asks about both with the code."""

    def is_as_remembered(self, key: ApiKey) -> bool:
        return super().is_as_remembered(key) and not is_off()


def is_off() -> bool:
    return Options.objects.filter(is_on=False).exists()
