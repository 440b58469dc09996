"""Templates of content, and what an offer says in a space for one person."""

from catalog.rendering.parsing import ROOTS
from catalog.rendering.refusals import BadTemplate, RenderingFailed
from catalog.rendering.templates import Kind, Template, parse_template, too_long

__all__ = [
    "ROOTS",
    "BadTemplate",
    "Kind",
    "RenderingFailed",
    "Template",
    "parse_template",
    "too_long",
]
