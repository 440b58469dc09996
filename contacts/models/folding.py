"""How names are compared when people search: without capitals and without accents."""

from typing import Any

from django.db.models import CharField, Func

ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿ"  # as it stands in two indexes
PLAIN = "aaaaaaceeeeiiiinooooouuuuyy"


def folded(text: str) -> str:
    """A text as `folded_sql` has it."""
    return text.lower().translate(str.maketrans(ACCENTED, PLAIN))


def folded_sql(first: str, second: str) -> str:
    """`first second` without capitals and the accents of western Europe, as an index can hold it.

    Letters are replaced only where there are others than those of ASCII: it takes its time.
    """
    both = f"({first} || ' ' || COALESCE({second}, ''))"
    replaced = f"TRANSLATE(LOWER{both}, '{ACCENTED}', '{PLAIN}')"
    is_ascii = f"OCTET_LENGTH{both} = CHAR_LENGTH{both}"
    return f"(CASE WHEN {is_ascii} THEN LOWER{both} ELSE {replaced} END)"


class Folded(Func):
    """Two columns as `folded_sql` has them."""

    arity = 2
    output_field = CharField()

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[()]]:  # type: ignore[override] # with fewer words
        first, second = (compiler.compile(each)[0] for each in self.get_source_expressions())
        return folded_sql(first, second), ()
