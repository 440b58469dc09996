"""Who is let in: keys that carry a scope, while coupons are in use."""

from django.http import HttpRequest

from accounts.api import KeyAuth
from accounts.models import ApiKey
from coupons.models import Options
from offers_site.problems import Problem


class CouponAuth(KeyAuth):
    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = super().authenticate(request, token)
        if Options.objects.filter(is_on=False).exists():
            raise Problem(404, "coupons_off", "Coupons are switched off in this installation.")
        return key
