"""Which release of an environment is live, and in which a space stands, as calls name them."""

from __future__ import annotations

from catalog.models import Environment, Space
from decisioning.live import Live, NothingLive, latest, live_for
from decisioning.past import NoSuchEnvironment
from decisioning.showing import Outdated


class NoSuchPlace(Exception):
    """No slot of the call can be answered: the environment, or all of its spaces, are unknown."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


_environments: dict[str, int] = {}  # primary keys by name; a name never changes
_places: dict[str, int] = {}  # the environments of spaces


def environment_named(name: str) -> Live | None:
    """What is live in an environment, as this process holds it; None while nothing is."""
    pk = _environments.get(name)
    found = latest(pk) if pk is not None else None
    if found is not None:
        return found
    row = Environment.objects.filter(name=name).values_list("pk", "release_number").first()
    if row is None:
        raise NoSuchPlace("unknown_environment", "There is no environment of this name.")
    _environments[name] = row[0]
    return live_or_none(*row)


def live_or_none(pk: int, number: int) -> Live | None:
    try:
        return live_for(pk, number)
    except NothingLive:
        return None


def live_of_space(name: str) -> Live | None:
    """What is live where a space stands."""
    pk = _places.get(name)
    found = latest(pk) if pk is not None else None
    if found is not None and name in found.spaces:
        return found
    row = (
        Space.objects.filter(name=name)
        .values_list("environment_id", "environment__release_number")
        .first()
    )
    if row is None:
        return None
    _places[name] = row[0]
    return live_or_none(*row)


def check_current(live: Live) -> None:
    """Raise Outdated when another release is live than the one that sent somebody away."""
    number = (
        Environment.objects.filter(pk=live.environment_pk)
        .values_list("release_number", flat=True)
        .first()
    )
    if number is None:
        raise NoSuchEnvironment
    if number != live.number:
        raise Outdated(live.environment_pk, number)


def forget() -> None:
    """Know no names: for those who change the past, as tests do."""
    _environments.clear()
    _places.clear()
