"""An offer names a coupon that is there, and no longer any text."""

import django.db.models.deletion
from django.db import migrations, models

LINK = """
UPDATE catalog_offer SET coupon_id = coupons_coupon.id
FROM coupons_coupon WHERE coupons_coupon.code = catalog_offer.coupon_code
"""
UNLINK = """
UPDATE catalog_offer SET coupon_code = coupons_coupon.code
FROM coupons_coupon WHERE coupons_coupon.id = catalog_offer.coupon_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_the_catalogue"),
        ("coupons", "0001_first_tables"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="offer", name="fallback_offer_is_unconditional"),
        migrations.AddField(
            model_name="offer",
            name="coupon",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coupons.coupon",
                verbose_name="coupon",
            ),
        ),
        migrations.RunSQL(LINK, UNLINK),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RemoveField(model_name="offer", name="coupon_code"),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                name="fallback_offer_is_unconditional",
                condition=models.Q(kind="offer")
                | models.Q(
                    category=None, start=None, end=None, filter="", enabled=True, coupon=None
                ),
            ),
        ),
    ]
