"""What is known of offers whose propositions come from elsewhere: live, or as they are designed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo

from catalog.models import Category, Environment, Offer, Space
from catalog.offershapes import offer_shapes
from catalog.shapes import OfferShape
from decisioning.caps import caps_of
from decisioning.engine.values import Cap
from decisioning.live import Live, NothingLive, live_for
from decisioning.translating import cap


@dataclass(frozen=True, slots=True)
class Known:
    """An offer, the names of its categories from the root, and what counts its propositions."""

    is_fallback: bool
    chain: tuple[str, ...] = ()
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A space, and what is known of the offers that were proposed there."""

    environment: int
    channel: str
    has_visitors: bool
    zone: tzinfo
    offers: Mapping[str, Known]


def places_named(wanted: Iterable[tuple[str, str]]) -> dict[str, Place]:
    """The spaces that there are of these (space, offer), by name."""
    codes: dict[str, set[str]] = {}
    for space, offer in wanted:
        codes.setdefault(space, set()).add(offer)
    found: dict[str, Place] = {}
    spaces = Space.objects.filter(name__in=codes).select_related("environment")
    together: dict[Environment, list[Space]] = {}
    for one in spaces:
        together.setdefault(one.environment, []).append(one)
    for environment, members in together.items():
        all_codes = set().union(*(codes[one.name] for one in members))
        offers = dict(offers_known(environment, all_codes))
        for one in members:
            found[one.name] = Place(
                environment.pk,
                one.channel,
                environment.people == Environment.People.VISITORS,
                ZoneInfo(environment.timezone),
                offers,
            )
    return found


def offers_known(environment: Environment, codes: Collection[str]) -> Iterator[tuple[str, Known]]:
    live = live_now(environment)
    release = live.engine.release if live else None
    if release:
        for code in codes:
            if compiled := release.by_code.get(code):
                chain = tuple(category.name for category in compiled.chain)
                yield code, Known(False, chain, tuple(caps_of(release, code)))  # noqa: FBT003
            elif code in release.fallback_offers:
                yield code, Known(is_fallback=True)
    known = {*release.by_code, *release.fallback_offers} if release else set()
    if known.issuperset(codes):
        return
    rest = Offer.objects.filter(environment=environment, code__in=set(codes) - known)
    parents = dict(
        Category.objects.filter(environment=environment).values_list("name", "parent__name")
    )
    for code, (_pk, shape) in offer_shapes(rest).items():
        if isinstance(shape, OfferShape):
            caps = {made.key: made for made in (cap(code, one) for one in shape.caps)}
            yield code, Known(False, chain_of(shape.category, parents), tuple(caps.values()))  # noqa: FBT003
        else:
            yield code, Known(is_fallback=True)


def live_now(environment: Environment) -> Live | None:
    try:
        return live_for(environment.pk, environment.release_number)
    except NothingLive:
        return None


def chain_of(category: str | None, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    chain: list[str] = []
    while category and category not in chain:
        chain.insert(0, category)
        category = parents.get(category)
    return tuple(chain)
