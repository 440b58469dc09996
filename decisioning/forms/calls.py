"""What is told of an offer while somebody is on the telephone, or corrected afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models.spaces import Status as Words
from decisioning.callcentre import KEYS
from decisioning.engine.values import Status
from decisioning.models import Proposition
from decisioning.statuses import MOVES

LONGEST_REASON = 500


class AnswerForm(forms.Form):
    """What somebody said to an offer; who refuses says why."""

    token = forms.CharField(
        max_length=36, error_messages={"required": gettext_lazy("Choose an offer.")}
    )
    status = forms.TypedChoiceField(
        choices=[(Words(status).word, Words(status).label) for status, _key in KEYS],
        coerce=lambda word: Status[word.upper()],
        error_messages={
            "required": gettext_lazy("Choose what they said."),
            "invalid_choice": gettext_lazy("Choose what they said."),
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        error_messages={
            "max_length": gettext_lazy("A reason has at most %(limit_value)s characters.")
        },
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if found.get("status") == Status.REJECTED and not (found.get("reason") or "").strip():
            self.add_error("reason", _("Say why it was rejected."))
        return found


class CorrectionForm(forms.Form):
    """Another status for a stored proposition, and why."""

    status = forms.TypedChoiceField(
        label=gettext_lazy("Status"),
        error_messages={"required": gettext_lazy("Choose the status that is right.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why it is corrected.")},
    )

    def __init__(self, *args: Any, proposition: Proposition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["status"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101 (as declared)
        field.choices = [
            (Words(each).word, Words(each).label) for each in sorted(MOVES[proposition.status])
        ]
        field.coerce = lambda word: Status[word.upper()]
