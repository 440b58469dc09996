"""What was decided for whom, what became of it, and what is counted of it."""

from decisioning.models.counters import CapTotal, CapTotalUse, CapUse
from decisioning.models.people import Clock, VisitorLink
from decisioning.models.propositions import Interaction, Proposition, Transition

__all__ = [
    "CapTotal",
    "CapTotalUse",
    "CapUse",
    "Clock",
    "Interaction",
    "Proposition",
    "Transition",
    "VisitorLink",
]
