"""Content made safe when it is saved; the author is told what was taken out."""

from catalog.cleaning.contents import (
    KINDS,
    BadField,
    Cleaned,
    Removed,
    clean_content,
    clean_field,
    clean_offer,
    clean_space,
)

__all__ = [
    "KINDS",
    "BadField",
    "Cleaned",
    "Removed",
    "clean_content",
    "clean_field",
    "clean_offer",
    "clean_space",
]
