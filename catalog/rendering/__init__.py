"""Templates of content, and what an offer says in a space for one person."""

from catalog.rendering.parsing import ROOTS
from catalog.rendering.refusals import BadTemplate, RenderingFailed
from catalog.rendering.representing import (
    BUILT_IN_KINDS,
    KIND_OF_TYPE,
    BadContent,
    Notes,
    Plan,
    Rendered,
    person_names,
    plan_for,
    render_representation,
)
from catalog.rendering.templates import Kind, Template, parse_template, too_long

__all__ = [
    "BUILT_IN_KINDS",
    "KIND_OF_TYPE",
    "ROOTS",
    "BadContent",
    "BadTemplate",
    "Kind",
    "Notes",
    "Plan",
    "Rendered",
    "RenderingFailed",
    "Template",
    "parse_template",
    "person_names",
    "plan_for",
    "render_representation",
    "too_long",
]
