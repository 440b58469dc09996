"""Which spaces there are, for keys that are kept to some: the room that has them says so.

It knows us and we do not know it, so it leaves its function here when it is loaded
(`apps.ready`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

# Of these names, those that are a space's.
Answerer = Callable[[Collection[str]], Collection[str]]
_answerers: list[Answerer] = []


def ask_which_spaces_are(answerer: Answerer) -> Answerer:
    """Ask this function; to leave it twice is to leave it once."""
    if answerer not in _answerers:
        _answerers.append(answerer)
    return answerer


def unknown_spaces(names: Sequence[str]) -> list[str]:
    """Those that are no space's, yet: a key may be there before the catalogue."""
    known = {name for answerer in _answerers for name in answerer(names)} if names else set()
    return [name for name in names if name not in known]
