"""Two installations run on one machine without touching each other."""

from collections.abc import Callable

from proofs.installation import Installation, must


def prove(make: Callable[[str], Installation]) -> str:
    one, other = make("one"), make("other")
    one.start()
    other.start()
    one.write_row(1)
    other.write_row(2)
    must((one.rows(), other.rows()) == ([1], [2]), "their data is mixed")
    one.stop()
    must(other.is_ready(), "the end of one has disturbed the other")
    other.stop()
    return "own data, own end"
