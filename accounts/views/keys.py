"""The keys of programs."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from accounts.actions import keys as actions
from accounts.actions.granting import MayNotGrant
from accounts.forms.keys import KeyCreateForm, KeyFilter
from accounts.models import ApiKey
from accounts.spacesknown import unknown_spaces
from offers_site.http import StaffRequest, ask_and_act, render_form, render_page
from offers_site.lists import Column, List

may_manage_keys = permission_required("accounts.manage_keys", raise_exception=True)

KEYS = List(
    name="keys",
    template="accounts/key_list.html",
    columns=(
        Column("name", gettext_lazy("Name"), sort="name", pinned=True),
        Column("prefix", gettext_lazy("Begins with")),
        Column("scopes", gettext_lazy("Scopes")),
        Column("spaces", gettext_lazy("Spaces")),
        Column("coupon_folders", gettext_lazy("Coupon folders"), shown=False),
        Column("origins", gettext_lazy("Origins"), shown=False),
        Column("last_used_at", gettext_lazy("Last used"), sort="last_used_at", newest_first=True),
        Column("state", gettext_lazy("State")),
        Column(
            "created_at",
            gettext_lazy("Created"),
            sort="created_at",
            newest_first=True,
            shown=False,
        ),
    ),
    sort="name",
    filters=KeyFilter,
    row_key="public_id",
)


@require_GET
@may_manage_keys
def key_list(request: StaffRequest) -> HttpResponse:
    page = KEYS.page(request, ApiKey.objects.for_key_list(now()))
    return render_page(request, "accounts/key_list.html", {"list": page}, fragment="list")


@sensitive_variables("secret")
@never_cache
@require_http_methods(["GET", "POST"])
@may_manage_keys
def key_create(request: StaffRequest) -> HttpResponse:
    """The answer shows the key, once."""
    form = KeyCreateForm(request.POST or None)
    if form.is_valid():
        try:
            key, secret = actions.create_key(
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                spaces=form.cleaned_data["spaces"],
                coupon_folders=form.cleaned_data["coupon_folders"],
                origins=form.cleaned_data["origins"],
                expires_at=form.cleaned_data["expires"],
                by=request.user,
                at=now(),
            )
        except (actions.KeyRefused, MayNotGrant) as refusal:
            form.add_error(None, str(refusal))
        else:
            context = {"key": key, "secret": secret, "unknown": unknown_spaces(key.spaces)}
            return render(request, "accounts/key_created.html", context)

    return render_form(request, "accounts/key_create.html", {"form": form})


@require_http_methods(["GET", "POST"])
@may_manage_keys
def key_revoke(request: StaffRequest, public_id: uuid.UUID) -> HttpResponse:
    key = get_object_or_404(ApiKey, public_id=public_id)
    return ask_and_act(
        request,
        lambda: actions.revoke_key(key, by=request.user, at=now()),
        refusals=actions.AlreadyRevoked,
        title=_("Revoke the key %(key)s?") % {"key": key},
        consequence=_(
            "Whatever uses it is refused from the next call on. A revoked key never works again."
        ),
        verb=_("Revoke the key"),
        back=reverse("accounts:key-list"),
        facts=lambda: what_stops(key),
        done=_("The key %(key)s is revoked.") % {"key": key},
    )


def what_stops(key: ApiKey) -> list[tuple[str, str]]:
    used = key.last_used_at
    return [
        (_("What it does"), ", ".join(key.scope_labels)),
        (_("Spaces"), ", ".join(key.spaces) or _("All")),
        (_("Coupon folders"), ", ".join(key.coupon_folders) or _("All")),
        (_("Origins"), ", ".join(key.origins) or _("Any server")),
        (_("Last used"), date_format(localtime(used), "DATETIME_FORMAT") if used else _("Never")),
    ]
