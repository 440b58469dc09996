"""What reviewers and authors say when something is submitted, approved or rejected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.formats import date_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.forms.offers import LARGEST_VERSION
from catalog.forms.shaping import MomentField
from catalog.models import Environment, PlannedRelease


class CommentField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Comment"))
        options.setdefault("required", False)
        widget = forms.Textarea(attrs={"rows": 2})
        super().__init__(max_length=2000, widget=widget, **options)


class SubmitForm(forms.Form):
    """Until when the answer is wanted."""

    deadline = MomentField(
        label=gettext_lazy("Answer wanted until"),
        help_text=gettext_lazy("Empty: the days that its template gives."),
    )
    comment = CommentField(label=gettext_lazy("What reviewers should know"))

    def __init__(self, *args: Any, environment: Environment, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["deadline"]
        field.zone = ZoneInfo(environment.timezone)

    def clean_deadline(self) -> Any:
        deadline = self.cleaned_data["deadline"]
        if deadline is not None and deadline <= now():
            raise forms.ValidationError(_("Choose a moment to come."))
        return deadline


NOW, LATER = "now", "later"


class ApproveForm(forms.Form):
    """Yes or no to one side; of content, in which spaces; and when it goes live."""

    comment = CommentField(help_text=gettext_lazy("Goes to the author. Needed when you reject."))
    when = forms.ChoiceField(
        label=gettext_lazy("When both sides are approved"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when it goes live.")},
    )
    moment = MomentField(label=gettext_lazy("At"))
    version = forms.IntegerField(min_value=1, max_value=LARGEST_VERSION, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        environment: Environment,
        spaces: Iterable[tuple[str, str]] = (),
        may_publish: bool,
        **options: Any,
    ) -> None:
        options["initial"] = {"when": NOW, **options.get("initial", {})}
        super().__init__(*args, **options)
        names = list(spaces)
        if names:
            self.fields["enable"] = forms.MultipleChoiceField(
                label=_("Enabled in"),
                choices=names,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        plans = PlannedRelease.objects.filter(
            environment=environment, state=PlannedRelease.State.WAITING
        ).order_by("at")
        self.plans = {str(plan.public_id): plan for plan in plans}
        when: Any = self.fields["when"]
        when.choices = [
            (NOW, _("Goes live at once")),
            (LATER, _("Goes live at a moment that I choose")),
            *(
                (key, _("Goes live with what is planned for %(moment)s") % {"moment": said(plan)})
                for key, plan in self.plans.items()
            ),
        ]
        moment: Any = self.fields["moment"]
        moment.zone = ZoneInfo(environment.timezone)
        if not may_publish:
            del self.fields["when"], self.fields["moment"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("when") == LATER and "moment" not in self.errors:
            moment = given.get("moment")
            if moment is None:
                self.add_error("moment", _("Say when."))
            elif moment <= now() + timedelta(minutes=1):
                self.add_error("moment", _("Choose a moment to come."))
        chosen = given.get("when")
        if chosen == NOW:
            given["goes_live"] = "now"
        elif chosen == LATER:
            given["goes_live"] = given.get("moment")
        elif chosen:
            given["goes_live"] = self.plans[chosen]
        return given


def said(plan: PlannedRelease) -> str:
    moment = date_format(localtime(plan.at), "SHORT_DATETIME_FORMAT")
    return f"{moment} ({plan.comment[:60]})" if plan.comment else moment
