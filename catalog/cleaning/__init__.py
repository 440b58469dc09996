"""Content made safe when it is saved; the author is told what was taken out."""

from catalog.cleaning.contents import (
    BadField,
    Cleaned,
    Removed,
    clean_content,
    clean_field,
    clean_offer,
    clean_space,
)

__all__ = [
    "BadField",
    "Cleaned",
    "Removed",
    "clean_content",
    "clean_field",
    "clean_offer",
    "clean_space",
]
