"""Who may sign in: active people, by address and password."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.holding import active_person
from accounts.models import User


class RoleBackend(BaseBackend):
    """Signs people in; what they may do they know themselves (`User.rights`)."""

    def authenticate(
        self,
        request: HttpRequest | None,
        email: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        if email is None or password is None:
            return None
        user = User.objects.with_email(email).first()
        if user is None or not user.has_usable_password():
            make_password(password)  # takes as long as a wrong password does
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return active_person(user_id)
