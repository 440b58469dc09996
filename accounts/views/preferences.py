"""How people like to see the product."""

from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, resolve_url
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import preferences as actions
from accounts.actions import sessions as session_actions
from accounts.forms.preferences import LanguageForm, ListColumnsForm, PreferencesForm, ThemeForm
from accounts.forms.sessions import PasswordChangeForm
from accounts.models import User
from offers_site.http import StaffRequest, render_form, safe_next

THEME_COOKIE = "overture_theme"
A_YEAR = 365 * 24 * 3600
PREFERENCES = ("first_name", "last_name", "language", "time_zone", "theme")


@require_http_methods(["GET", "POST"])
def preferences(request: StaffRequest) -> HttpResponse:
    initial = {name: getattr(request.user, name) for name in PREFERENCES}
    form = PreferencesForm(request.POST or None, initial=initial)
    if form.is_valid():
        actions.change_preferences(request.user, **form.cleaned_data, at=now())
        with translation.override(form.cleaned_data["language"] or translation.get_language()):
            messages.success(request, _("Your preferences are saved."))
        return redirect("accounts:preferences")

    return render_form(request, "accounts/preferences.html", {"form": form})


@sensitive_post_parameters()
@sensitive_variables("form")
@require_http_methods(["GET", "POST"])
def password_change(request: StaffRequest) -> HttpResponse:
    """The old password is checked as at sign-in, so guessing it is throttled in the same way."""
    form = PasswordChangeForm(request.POST or None, person=request.user)
    if form.is_valid():
        given = {"email": request.user.email, "password": form.cleaned_data["old"]}
        person = authenticate(request, **given)
        if person is None:
            form.add_error("old", _("This is not your current password."))
        else:
            password = form.cleaned_data["password"]
            try:
                session_actions.set_password(person, password=password, at=now())
            except session_actions.PasswordOutdated as refusal:
                form.add_error(None, str(refusal))
            else:
                update_session_auth_hash(request, User.objects.get(pk=person.pk))
                messages.success(
                    request, _("Your password is changed. Other devices have been signed out.")
                )
                return redirect("accounts:preferences")

    return render_form(request, "accounts/password_change.html", {"form": form})


@require_POST
def list_columns_save(request: StaffRequest) -> HttpResponse:
    form = ListColumnsForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    name, columns = form.cleaned_data["list"].name, form.cleaned_data["columns"]
    actions.save_columns(request.user, list_name=name, columns=columns)
    return redirect(safe_next(request, resolve_url(settings.LOGIN_REDIRECT_URL)))


@login_not_required
@require_POST
def language_choose(request: HttpRequest) -> HttpResponse:
    return keep_choice(
        request, LanguageForm(request.POST), actions.choose_language, settings.LANGUAGE_COOKIE_NAME
    )


@login_not_required
@require_POST
def theme_choose(request: HttpRequest) -> HttpResponse:
    return keep_choice(request, ThemeForm(request.POST), actions.choose_theme, THEME_COOKIE)


def keep_choice(
    request: HttpRequest, form: forms.Form, keep: Callable[[User, str], None], cookie: str
) -> HttpResponse:
    """Keep the one value of a form with the person, and in a cookie while they are signed out."""
    if not form.is_valid():
        return HttpResponseBadRequest()
    [chosen] = form.cleaned_data.values()
    if isinstance(request.user, User):
        keep(request.user, chosen)
    response = redirect(safe_next(request, resolve_url("accounts:sign-in")))
    response.set_cookie(
        cookie, chosen, max_age=A_YEAR, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )
    return response
