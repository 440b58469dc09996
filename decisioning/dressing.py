"""What the rows of a list of decisions or propositions say, to whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from catalog.models import Environment, Offer, Space
from catalog.models.spaces import Channel, Status
from contacts.disclosing import shortened, title_of
from contacts.models import Contact
from decisioning.browsing import Veils
from decisioning.engine.slots import RANKED
from decisioning.models import Interaction, Proposition
from decisioning.offered import Offered, offered_in


@dataclass(frozen=True, slots=True)
class Whom:
    """A person as a row names them."""

    label: str
    url: str = ""
    key: str = ""  # where the label is not all of it
    is_nobody: bool = False


@dataclass(frozen=True, slots=True)
class OfferShown:
    code: str
    label: str
    slot: str
    rank: int
    is_fallback: bool
    status: str
    status_label: str


@dataclass(frozen=True, slots=True)
class DecisionShown:
    """One decision in a line."""

    whom: Whom
    environment: Environment
    spaces: tuple[str, ...]
    channels: tuple[str, ...]
    offers: tuple[OfferShown, ...]
    unseen: int  # offers that the reader may not see
    identification: str

    @property
    def number(self) -> int:
        return len(self.offers) + self.unseen

    @property
    def by_slot(self) -> list[tuple[str, list[OfferShown]]]:
        return [(slot, list(own)) for slot, own in groupby(self.offers, lambda one: one.slot)]

    def rank_of(self, code: str) -> int | None:
        return next((one.rank for one in self.offers if one.code == code), None)


def identification_labels() -> Mapping[str, str]:
    return {
        "explicit": _("identified"),
        "implicit": _("recognised"),
        "anonymous": _("anonymous"),
    }


class Dresser:
    """Names what rows hold by their words. Costs a query for each kind of thing."""

    def __init__(self, user: User, environments: Iterable[Environment]) -> None:
        self.user = user
        self.environments = {each.pk: each for each in environments}
        self.veils = Veils(user, self.environments.values())

    # --- people ---

    def whom(self, contact: Contact | None, *, is_erased: bool = False) -> Whom:
        if is_erased:
            return Whom(_("Erased"), is_nobody=True)
        if contact is None:
            return Whom(_("Nobody in particular"), is_nobody=True)
        if not self.user.has_perm("contacts.view_contact"):
            return Whom(_("A contact") if contact.is_contact else _("A visitor"))
        title, address = title_of(contact, self.user), contact.get_absolute_url()
        if title in (contact.key, short := shortened(contact.key)) and short != contact.key:
            return Whom(short, address, key=contact.key)
        return Whom(title, address)

    def people(self, pks: Iterable[int | None]) -> dict[int, Contact]:
        return Contact.objects.in_bulk({pk for pk in pks if pk is not None})

    # --- what they were offered ---

    def labels(self, codes: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
        """The labels of offers as they are called now; what is gone has its code."""
        wanted = set(codes)
        rows = Offer.objects.filter(
            environment__in={env for env, _code in wanted}, code__in={c for _env, c in wanted}
        )
        found = rows.values_list("environment", "code", "label")
        return {(env, code): label for env, code, label in found}

    def shown(self, one: Offered | Proposition, label: str) -> OfferShown:
        status = Status(one.status)
        return OfferShown(
            one.offer, label, one.slot, one.rank, one.is_fallback, status.word, str(status.label)
        )

    def decisions(self, rows: Sequence[Interaction]) -> dict[UUID, DecisionShown]:
        offered = offered_in(rows)
        people = self.people(row.contact_id for row in rows)
        labels = self.labels(
            (row.environment_id, one.offer) for row in rows for one in offered.get(row.pk, ())
        )
        spaces = Space.objects.filter(environment__in={row.environment_id for row in rows})
        places = {(s.environment_id, s.name): s for s in spaces}
        return {
            row.pk: self.decision(row, offered.get(row.pk, []), people, labels, places)
            for row in rows
        }

    def decision(
        self,
        row: Interaction,
        offered: Sequence[Offered],
        people: Mapping[int, Contact],
        labels: Mapping[tuple[int, str], str],
        places: Mapping[tuple[int, str], Space],
    ) -> DecisionShown:
        env = row.environment_id
        seen = [one for one in offered if not self.veils.hides(env, row.release, one.offer)]
        asked = [place_of(slot["space"], env, places) for slot in row.slots]
        asked += [place_of(one.space, env, places) for one in offered if not row.slots]
        names = dict.fromkeys(name for name, _space in asked)
        channels = [str(Channel(one.channel).label) for one in offered]
        channels += [str(space.get_channel_display()) for _name, space in asked if space]
        return DecisionShown(
            whom=self.whom(people.get(row.contact_id or 0), is_erased=row.inputs is None),
            environment=self.environments[env],
            spaces=tuple(names),
            channels=tuple(dict.fromkeys(channels)),
            offers=tuple(self.shown(one, labels.get((env, one.offer), one.offer)) for one in seen),
            unseen=len(offered) - len(seen),
            identification=identification_labels().get(row.identification, row.identification),
        )


def place_of(
    name: str, environment: int, places: Mapping[tuple[int, str], Space]
) -> tuple[str, Space | None]:
    """What a space is called, also by one of its ranks; one that is gone has its name."""
    ranked = RANKED.fullmatch(name)
    space = places.get((environment, name))
    if space is None and ranked:
        space = places.get((environment, ranked[1]))
    return (space.label if space else name), space
