"""The catalogue for programs."""

from ninja import Router

from catalog.api import live, packages

router = Router()
router.add_router("", live.router)
router.add_router("/catalog", packages.router)

__all__ = ["router"]
