"""Coupons for programs: `docs/api.md` says how they are used."""

from ninja import Router

from coupons.api.batches import router as batches_router
from coupons.api.coupons import router as coupons_router
from coupons.api.redemptions import router as redemptions_router

router = Router()
router.add_router("", redemptions_router)  # first: its addresses are no coupon's
router.add_router("", coupons_router)
router.add_router("", batches_router)

__all__ = ["router"]
