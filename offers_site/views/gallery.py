"""Every component in every state, for those who write templates; only with DEBUG."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from contacts.forms.rulefield import RuleField, Surround, WeightField
from contacts.vocabulary import Datum, Topics
from offers_site.http import StaffRequest, render_confirmation, render_page
from rules.kinds import DOUBLE, STRING

SURFACES = ("page", "sunken", "raised", "hover", "pressed", "line", "line-strong")
INKS = ("ink", "muted", "faint", "accent-ink", "good", "wait", "bad", "info")


class SampleForm(forms.Form):
    groups = (("Who", ("name", "email", "team")), ("What", ("note", "channels", "speed", "sure")))

    name = forms.CharField(label="Name", help_text="As colleagues know them.")
    email = forms.EmailField(label="Email address")
    team = forms.ChoiceField(
        label="Team", required=False, choices=[("", "None"), ("a", "Acquisition")]
    )
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    channels = forms.MultipleChoiceField(
        label="Channels",
        choices=[("web", "Web"), ("email", "Email"), ("call", "Call centre")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Where it may be shown.",
    )
    speed = forms.ChoiceField(
        label="Speed", choices=[("s", "Steady"), ("f", "Fast")], widget=forms.RadioSelect
    )
    sure = forms.BooleanField(label="I have read what follows from this", required=False)


SAMPLE_TOPICS = Topics(
    call=(
        Datum("basket", DOUBLE, "Value of the basket"),
        Datum("device", STRING, "Device", {"phone": "Phone", "desk": "Computer"}),
    )
)


class SampleRuleForm(forms.Form):
    rule = RuleField(
        label="Who gets it",
        vocabulary=SAMPLE_TOPICS,
        surrounds=(
            Surround("environment Shop", "has(contact.email)"),
            Surround("category Travel", 'contact.country == "FR" && call.device == "phone"'),
        ),
    )
    weight = WeightField(label="How strongly", vocabulary=SAMPLE_TOPICS)


SAMPLE_RULE = {
    "rule": 'years(contact.birth_date) >= 18 && (contact.country in ["FR", "BE"]'
    ' || has(contact.phone)) && !(contact.city == "Paris" || contact.language == "en")',
    "weight": '10 + (contact.country == "FR" ? years(contact.birth_date) / 10 : 0)',
}


@require_http_methods(["GET", "POST"])
def gallery(request: StaffRequest) -> HttpResponse:
    rule_form = SampleRuleForm(
        request.POST if "rule" in request.POST else None, initial=SAMPLE_RULE
    )
    for field in rule_form.fields.values():
        field.for_user(request.user)  # type: ignore[attr-defined] # rule fields
    if "rule" in request.POST and rule_form.is_valid():
        messages.success(request, rule_form.cleaned_data["rule"].text)
    elif request.method == "POST" and "rule" not in request.POST:
        messages.success(request, "Done as you asked.")
        messages.error(request, "And this went wrong: it stays until you dismiss it.")
        return redirect("gallery")
    if "confirm" in request.GET:
        return render_confirmation(
            request,
            title="Send to 12,431 people?",
            consequence="They receive this email within the hour. It cannot be recalled.",
            verb="Send now",
            back=request.path,
            facts=[("Delivery", "Summer, second reminder"), ("Coupons", "12,431 of 20,000")],
        )
    broken = SampleForm({"email": "nobody", "speed": "s"})
    broken.is_valid()
    at = now()
    context = {
        "surfaces": SURFACES,
        "inks": INKS,
        "states": ["active", "draft", "running", "failed", "archived", "paused", "live", "revoked"],
        "form": SampleForm(),
        "rule_form": rule_form,
        "broken": broken,
        "facts": [("Created", "12 November 2026"), ("By", "Ana Martins"), ("Space", "Home banner")],
        "tabs": [
            {"label": "Content", "url": "#content", "is_current": True},
            {"label": "Eligibility", "url": "#eligibility", "has_errors": True},
            {"label": "Propositions", "url": "#propositions", "count": 1284},
        ],
        "difference": [
            ("Name", "Summer", "Summer sale"),
            ("Roles", None, "Offer manager"),
            ("Note", "Old and long", ""),
        ],
        "bars": [("Asked", 12431), ("Proposed", 8210), ("Accepted", 634, "good")],
        "left": timedelta(minutes=4),
        "moments": [at - timedelta(seconds=s) for s in (3, 200, 9000, 200_000, 9_000_000)],
    }
    return render_page(request, "gallery/gallery.html", context, fragment="whole")
