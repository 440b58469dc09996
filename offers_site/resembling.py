"""Searching as people type: without capitals, and without the accents of western Europe."""

from typing import Any

from django.db.models import CharField, TextField
from django.db.models.lookups import Contains

ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿ"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyy"


def folded(text: str) -> str:
    """A text without capitals and accents."""
    return text.lower().translate(str.maketrans(ACCENTED, PLAIN))


@CharField.register_lookup
@TextField.register_lookup
class Resembles(Contains):
    """`label__resembles="noel"` finds “Soldes de Noël”. No index helps: for hundreds of rows."""

    lookup_name = "resembles"

    def get_prep_lookup(self) -> str:
        return folded(str(self.rhs))

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        column, values = super().process_lhs(compiler, connection, lhs)
        return f"TRANSLATE(LOWER({column}), '{ACCENTED}', '{PLAIN}')", values

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        return f"LIKE {rhs}"
