"""Every component in every state, for those who write templates; only with DEBUG."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from catalog.contentwords import ContentSettings, FieldOfForm, SpaceOfForm, Word
from catalog.forms.content import ContentForm
from catalog.shapes import OfferShape, RepresentationShape
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


SAMPLE_CONTENT = ContentSettings(
    environment="sample",
    language="en",
    fields=(
        FieldOfForm("title", "Title", "line", "Shown above everything else."),
        FieldOfForm("destination_url", "Destination", "url"),
        FieldOfForm("image_url", "Picture", "image"),
        FieldOfForm("html", "HTML", "html"),
        FieldOfForm("text", "Text", "text"),
    ),
    spaces=(
        SpaceOfForm("hero", "Home page hero", "web", ("title", "image_url"), frozenset({"title"})),
        SpaceOfForm("mail", "Body of mails", "email", ("title", "html")),
    ),
    words=(
        Word("contact.first_name", "first name"),
        Word("contact.city", "city"),
        Word("call.device", "device"),
        Word("links.click", "link that counts a click"),
    ),
)
SAMPLE_OFFER = OfferShape(
    code="SUMMER",
    label="Summer",
    content={
        "title": "Half price, {{ contact.first_name }}",
        "html": "<p>Only <strong>until June</strong>: "
        '<a href="{{ links.click }}">have a look</a>.</p><ul><li><p>Sun</p></li></ul>',
    },
    translations={"fr": {"title": "Moitié prix, {{ contact.first_name }}"}},
    representations=(
        RepresentationShape(
            space="mail",
            content={"html": '<table bgcolor="#eee"><tbody><tr><td>A</td></tr></tbody></table>'},
        ),
    ),
)
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
    content_form = ContentForm(
        request.POST if "content-languages" in request.POST else None,
        settings=SAMPLE_CONTENT,
        shape=SAMPLE_OFFER,
    )
    if content_form.is_bound and not content_form.asks_for_language and content_form.is_valid():
        messages.success(request, content_form.shape().content.get("html", ""))
        for notice in content_form.removed:
            messages.warning(request, notice)
    elif request.method == "POST" and not {"rule", "content-languages"} & set(request.POST):
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
        "content_form": content_form,
        "broken": broken,
        "facts": [("Created", "12 November 2026"), ("By", "Ana Martins"), ("Space", "Home banner")],
        "tabs": [
            {"label": "Content", "url": "#content", "is_current": True},
            {"label": "Eligibility", "url": "#eligibility", "has_errors": True},
            {"label": "Propositions", "url": "#propositions", "count": 1284},
        ],
        "difference": [
            ("Name", "Summer", "Summer sale", ""),
            ("Roles", None, "Offer manager", "2 others stay"),
            ("Note", "Old and long", "", ""),
        ],
        "bars": [("Asked", 12431), ("Proposed", 8210), ("Accepted", 634, "good")],
        "left": timedelta(minutes=4),
        "moments": [at - timedelta(seconds=s) for s in (3, 200, 9000, 200_000, 9_000_000)],
    }
    return render_page(request, "gallery/gallery.html", context, fragment="whole")
