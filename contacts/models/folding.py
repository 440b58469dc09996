"""How names are compared when people search: without capitals and without accents."""

from django.db.models import CharField, Func, Value

ACCENTED = "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿ"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyaaaaaaceeeeiiiinooooouuuuyy"


class Folded(Func):
    """`lower(…)` without the accents of western Europe: immutable, so that an index can hold it."""

    function = "TRANSLATE"
    template = "LOWER(%(function)s(%(expressions)s))"
    output_field = CharField()

    def __init__(self, expression: object) -> None:
        super().__init__(expression, Value(ACCENTED), Value(PLAIN))


def folded(text: str) -> str:
    """What `Folded` makes of a text."""
    return text.translate(str.maketrans(ACCENTED, PLAIN)).lower()
