"""Changing a coupon: its form filled in, and what of it stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.actions import keeping
from coupons.forms.coupons import FIELD_OF, PLAIN, CouponForm
from coupons.forms.fields import begin_of, finish_of, lasting_as_typed
from coupons.models import Coupon


class CouponEditForm(CouponForm):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    shortens = forms.BooleanField(
        label=gettext_lazy("End it all the same"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, coupon: Coupon, **kwargs: Any) -> None:
        kwargs["initial"] = initial_of(coupon)
        super().__init__(*args, **kwargs)
        self.coupon = coupon
        for name, sentence in keeping.frozen(coupon):
            self.fields[FIELD_OF.get(name, name)].disabled = True
            self.fields[FIELD_OF.get(name, name)].help_text = sentence

    def ask_to_shorten(self, deliveries: Sequence[str]) -> None:
        """Deliveries count on the later end: whoever wants the earlier one says so."""
        names = ", ".join(deliveries[:5]) + (", …" if len(deliveries) > 5 else "")
        sentence = _("Deliveries that are not finished need it for longer: %(deliveries)s.")
        self.add_error("end", sentence % {"deliveries": names})
        self.fields["shortens"].widget = forms.CheckboxInput()
        self.fields["shortens"].help_text = _(
            "Those that are ready must be prepared again before they can be sent."
        )


def initial_of(coupon: Coupon) -> dict[str, Any]:
    """A coupon as its form shows it."""
    pattern = coupon.code_pattern or {}
    return {
        **{name: getattr(coupon, name) for name in PLAIN},
        "code": coupon.code,
        "start": begin_of(coupon.start_at, coupon.timezone),
        "end": finish_of(coupon.end_at, coupon.timezone),
        "validity_after_issue": lasting_as_typed(coupon.validity_after_issue),
        "low_stock": (coupon.low_stock_threshold, coupon.low_stock_unit),
        "pattern": pattern.get("pattern", ""),
        "charset": pattern.get("charset", "safe"),
        "folder": coupon.folder.path if coupon.folder else "",
        "owner": coupon.owner.public_id if coupon.owner else None,
        "external_id": coupon.external_id or "",
        "access_labels": [label.code for label in coupon.access_labels.all()],
        "version": coupon.version,
    }
