"""Coupons, their codes, what became of each, and every use."""

from coupons.models.bulk import BulkChange
from coupons.models.codes import Batch, Code, CodeQuerySet, Shelf, Standing, StockCount
from coupons.models.coupons import Coupon, CouponQuerySet, CouponUse
from coupons.models.folders import Folder
from coupons.models.ledger import CodeEvent, Movement, Why
from coupons.models.options import Options
from coupons.models.redemptions import CustomerUse, Hold, Redemption
from coupons.models.reservations import Promise, Reservation
from coupons.models.tallies import Tally, Told

__all__ = [
    "Batch",
    "BulkChange",
    "Code",
    "CodeEvent",
    "CodeQuerySet",
    "Coupon",
    "CouponQuerySet",
    "CouponUse",
    "CustomerUse",
    "Folder",
    "Hold",
    "Movement",
    "Options",
    "Promise",
    "Redemption",
    "Reservation",
    "Shelf",
    "Standing",
    "StockCount",
    "Tally",
    "Told",
    "Why",
]
