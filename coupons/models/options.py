"""What an administrator decides for all coupons."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Options(models.Model):
    """One row. Whether codes are unique everywhere is also an index; see `coupons.indexing`."""

    is_on = models.BooleanField(_("coupons are in use"), default=True, db_default=True)
    codes_unique_globally = models.BooleanField(
        _("codes are unique across coupons"), default=True, db_default=True, editable=False
    )
    days_kept_ready = models.DecimalField(
        _("days for which codes stay reserved"),
        max_digits=5,
        decimal_places=2,
        default=7,
        db_default=7,
    )
    version = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        verbose_name = _("coupon options")
        verbose_name_plural = _("coupon options")
        constraints = [
            models.CheckConstraint(name="coupon_options_are_one_row", condition=Q(id=1)),
            models.CheckConstraint(  # an hour to ninety days
                name="coupon_reservations_last",
                condition=Q(days_kept_ready__gte="0.04", days_kept_ready__lte=90),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Coupons"))
