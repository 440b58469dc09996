"""How people like to see the product."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render, resolve_url
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
from offers_site.http import StaffRequest, safe_next

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

    context = {"form": form}
    return render(request, "accounts/preferences.html", context, status=422 if form.errors else 200)


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

    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "accounts/password_change.html", context, status=status)


@require_POST
def list_columns_save(request: StaffRequest) -> HttpResponse:
    form = ListColumnsForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    name, columns = form.cleaned_data["list"], form.cleaned_data["columns"]
    actions.save_columns(request.user, list_name=name, columns=columns)
    return redirect(safe_next(request, resolve_url(settings.LOGIN_REDIRECT_URL)))


@login_not_required
@require_POST
def language_choose(request: HttpRequest) -> HttpResponse:
    """Kept with the person, and in a cookie for when they are signed out."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    language = form.cleaned_data["language"]
    if isinstance(request.user, User):
        actions.choose_language(request.user, language=language)
    response = redirect(safe_next(request, resolve_url("accounts:sign-in")))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=A_YEAR,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


@login_not_required
@require_POST
def theme_choose(request: HttpRequest) -> HttpResponse:
    """Kept with the person, and in a cookie for when they are signed out."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest()
    theme = form.cleaned_data["theme"]
    if isinstance(request.user, User):
        actions.choose_theme(request.user, theme=theme)
    response = redirect(safe_next(request, resolve_url("accounts:sign-in")))
    response.set_cookie(
        THEME_COOKIE,
        theme,
        max_age=A_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response
