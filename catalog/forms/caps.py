"""How often an offer may be proposed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.forms.offers import LARGEST_VERSION
from catalog.forms.rowsfield import RowsField
from catalog.models import Cap, Offer
from catalog.problems import Problem
from catalog.shapes import CapShape, Every, OfferShape

LONGEST = {"days": 730, "weeks": 104, "months": 24}


class CapRow(forms.Form):
    limit = forms.IntegerField(
        label=gettext_lazy("At most"),
        min_value=1,
        max_value=2_000_000_000,
        error_messages={"required": gettext_lazy("Enter a number.")},
    )
    counts = forms.ChoiceField(
        label=gettext_lazy("What is counted"),
        choices=Cap.Counts.choices,
        error_messages={"required": gettext_lazy("Choose what is counted.")},
    )
    per = forms.ChoiceField(
        label=gettext_lazy("For whom"),
        choices=Cap.Per.choices,
        error_messages={"required": gettext_lazy("Choose for whom.")},
    )
    every = forms.IntegerField(
        label=gettext_lazy("Every"), min_value=1, max_value=730, required=False
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Period"),
        choices=[("", gettext_lazy("Ever")), *Cap.Unit.choices],
        required=False,
    )
    spaces = forms.ChoiceField(
        label=gettext_lazy("Spaces"),
        choices=Cap.Spaces.choices,
        error_messages={"required": gettext_lazy("Choose the spaces.")},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        options["initial"] = {
            "counts": "proposition",
            "per": "contact",
            "unit": "",
            "spaces": "together",
            **(options.get("initial") or {}),
        }
        super().__init__(*args, **options)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        every, unit = given.get("every"), given.get("unit")
        if every and not unit:
            self.add_error("unit", _("Choose days, weeks or months."))
        elif unit and not every and "every" not in self.errors:
            self.add_error("every", _("Say how many."))
        elif every and unit and every > LONGEST[unit]:
            most = {"number": LONGEST[unit]}
            self.add_error("every", _("At most %(number)s here: two years.") % most)
        return given


class CapsForm(forms.Form):
    caps = RowsField(
        CapRow,
        label=gettext_lazy("Caps"),
        adds=gettext_lazy("Add a cap"),
        is_ordered=False,
        help_text=gettext_lazy(
            "A cap that is reached takes the offer out until its period is over."
        ),
    )
    version = forms.IntegerField(min_value=1, max_value=LARGEST_VERSION, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, offer: Offer, shape: OfferShape) -> None:
        self.given = shape
        initial = {"caps": [said(cap) for cap in shape.caps], "version": offer.version}
        super().__init__(data, initial=initial)

    def clean_caps(self) -> list[dict[str, Any]]:
        caps: list[dict[str, Any]] = self.cleaned_data["caps"]
        if len(caps) > 10:
            raise forms.ValidationError(_("An offer has at most ten caps."))
        return caps

    def shape(self) -> OfferShape:
        caps = tuple(
            CapShape(
                limit=given["limit"],
                counts=given["counts"],
                per=given["per"],
                every=Every(**{given["unit"]: given["every"]}) if given["every"] else None,
                spaces=given["spaces"],
            )
            for given in self.cleaned_data["caps"]
        )
        return self.given.model_copy(update={"caps": caps})

    def tell(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.add_error("caps" if problem.path.startswith("caps") else None, str(problem))


def said(cap: CapShape) -> dict[str, Any]:
    every = cap.every.model_dump(exclude_none=True) if cap.every else {}
    unit, number = next(iter(every.items()), ("", None))
    return {
        "limit": cap.limit,
        "counts": cap.counts,
        "per": cap.per,
        "every": number,
        "unit": unit,
        "spaces": cap.spaces,
    }
