"""Signing in and out, and choosing a password by a link."""

import math
import time
import uuid
from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import sessions as actions
from accounts.forms.sessions import PasswordForgottenForm, PasswordSetForm, SignInForm
from accounts.mailing import tokens
from accounts.models import User
from offers_site.http import render_form, safe_next

BACKEND = "accounts.backends.RoleBackend"
AS_LONG_FOR_ALL = 0.2  # seconds: to queue a mail takes a few hundredths


@login_not_required
@sensitive_post_parameters("password")
@sensitive_variables("form", "password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "GET" and request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = SignInForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    if form.is_valid():
        email, password = form.cleaned_data["email"], form.cleaned_data["password"]
        user = authenticate(request, email=email, password=password)
        if user:
            login(request, user)
            return redirect(safe_next(request, resolve_url(settings.LOGIN_REDIRECT_URL)))
        form.add_error(None, _("The address or the password is wrong."))

    return render_form(request, "accounts/sign_in.html", {"form": form})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign-in")


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """The answer after too many wrong passwords; the right one does not help before its time."""
    wait = get_cool_off(request)
    seconds = math.ceil(wait.total_seconds()) if wait else 0
    context = {"minutes": math.ceil(seconds / 60)}
    refusal = render(request, "accounts/locked_out.html", context, status=429)
    refusal.headers["Retry-After"] = str(seconds)
    return refusal


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """The answer is the same for every address, and takes as long: nobody learns who is here."""
    form = PasswordForgottenForm(request.POST or None)
    asked = form.is_valid()
    if asked:
        answered_at = time.monotonic() + AS_LONG_FOR_ALL
        actions.ask_for_link(email=form.cleaned_data["email"], at=now())
        time.sleep(max(0, answered_at - time.monotonic()))

    return render_form(request, "accounts/password_forgotten.html", {"form": form, "asked": asked})


@login_not_required
@sensitive_post_parameters()
@sensitive_variables("form", "token")
@never_cache
@require_http_methods(["GET", "POST"])
def password_set(request: HttpRequest, public_id: uuid.UUID, token: str) -> HttpResponse:
    """Where the links of invitations and of forgotten passwords lead."""
    person = User.objects.active().filter(public_id=public_id).first()
    if person is None or not tokens.check_token(person, token):
        return render(request, "accounts/password_link_over.html", status=410)

    form = PasswordSetForm(request.POST or None, person=person)
    if form.is_valid():
        try:
            actions.set_password(person, password=form.cleaned_data["password"], at=now())
        except actions.PasswordOutdated:
            return render(request, "accounts/password_link_over.html", status=410)
        login(request, User.objects.get(pk=person.pk), backend=BACKEND)
        messages.success(request, _("Your password is set. You are signed in."))
        return redirect(settings.LOGIN_REDIRECT_URL)

    return render_form(
        request,
        "accounts/password_set.html",
        {"form": form, "person": person, "invited": not person.has_usable_password()},
    )
