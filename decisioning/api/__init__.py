"""Decisions for programs: `docs/decisions-api.md` says how they are used."""

from ninja import Router

from decisioning.api.decisions import router as decisions_router
from decisioning.api.propositions import router as propositions_router

router = Router(tags=["decisions"])
router.add_router("", decisions_router)
router.add_router("", propositions_router)

__all__ = ["router"]
