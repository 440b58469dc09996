"""What was decided for whom, what became of it, and what is counted of it."""

from decisioning.models.answers import NamedAnswer
from decisioning.models.counters import CapTotal, CapTotalUse, CapUse
from decisioning.models.people import Clock, VisitorLink
from decisioning.models.propositions import Interaction, Proposition, Transition
from decisioning.models.runs import Part, Run

__all__ = [
    "CapTotal",
    "CapTotalUse",
    "CapUse",
    "Clock",
    "Interaction",
    "NamedAnswer",
    "Part",
    "Proposition",
    "Run",
    "Transition",
    "VisitorLink",
]
