"""What is shown of a person, to whom: masked for those who may not see personal data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import JournalEntry, User
from contacts.audiences import holding
from contacts.columns import BUILT_IN, OPT_OUTS, Column, column_of, known
from contacts.discretion import Discretion, discretions_of
from contacts.facts import Known, read_person
from contacts.models import Attribute, Audience, Contact, OptOutChange
from contacts.values import is_email, to_json

MASK = "•••"
LONGEST_KEY, SHORT_KEY = 20, 8
GROUPS = (
    ("identity", ("key", "first_name", "last_name", "birth_date")),
    ("reach", ("email", "phone", "language", "timezone")),
    ("address", ("address1", "address2", "postcode", "city", "country")),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing about a person, as a page shows it."""

    name: str
    label: str
    text: str
    is_masked: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class ShownGroup:
    heading: str
    facts: list[Shown]


def may_see_personal(user: User) -> bool:
    return user.has_perm("contacts.view_personal_data")


def title_of(contact: Contact, user: User) -> str:
    """The name, or the key where there is none or it may not be seen."""
    name = contact.name if may_see_personal(user) else ""
    return name or (contact.key if contact.is_contact else shortened(contact.key))


def shortened(key: str) -> str:
    """How it begins: a visitor's is long, and says nothing."""
    return key if len(key) <= LONGEST_KEY else f"{key[:SHORT_KEY]}…"


def shown_groups(
    facts: Known, columns: Mapping[str, Column], *, personal: bool
) -> list[ShownGroup]:
    """All that is known of a person, under headings."""
    headings = {"identity": _("Identity"), "reach": _("Reach"), "address": _("Address")}
    groups = [
        ShownGroup(
            headings[code], [shown(columns[name], facts, personal=personal) for name in names]
        )
        for code, names in GROUPS
    ]
    declared = [column for column in columns.values() if column.is_declared]
    declared.sort(key=lambda column: str(column.label).casefold())
    rest = [shown(column, facts, personal=personal) for column in declared]
    return [*groups, ShownGroup(_("Attributes"), rest)] if rest else groups


def shown(column: Column, facts: Known, *, personal: bool) -> Shown:
    value = facts.get(column.name)
    label = str(column.label)
    if column.is_personal and not personal:
        return Shown(column.name, label, "" if value is None else MASK, is_masked=value is not None)
    warning = ""
    if column.name == "email" and value and not is_email(value):
        warning = _("No mail can be sent to this address.")
    return Shown(column.name, label, in_words(column, value), warning=warning)


def in_words(column: Column, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case list() | tuple():
            return ", ".join(in_words(column, each) for each in value)
        case datetime():
            return date_format(localtime(value), "DATETIME_FORMAT")
        case date():
            return date_format(value, "DATE_FORMAT")
        case float():
            return number_format(value)
        case int() if str(value) not in column.choices:
            return number_format(value)
    return column.choices.get(str(value), str(value))


@dataclass(frozen=True, slots=True)
class ChannelShown:
    label: str
    is_closed: bool


def channels_of(contact: Contact) -> list[ChannelShown]:
    return [
        ChannelShown(str(channel.label), getattr(contact, f"{channel.value}_opt_out"))
        for channel in OptOutChange.Channel
    ]


def audiences_of(
    contact: Contact, facts: Known, user: User, *, at: datetime, zone: str
) -> list[Audience]:
    """The audiences that somebody belongs to, of those that `user` may see.

    One that asks for personal data would tell them to whoever may not see them.
    """
    visible = Audience.objects.visible_to(user)
    asked = list(visible.described())
    if not may_see_personal(user):
        told = discretions_of(asked, known())
        asked = [each for each in asked if told[each.name] is Discretion.OPEN]
    described = holding(asked, facts, at=at, zone=zone)
    listed = list(visible.filter(members__contact=contact))
    return sorted([*described, *listed], key=lambda audience: audience.label.casefold())


def everything_about(contact: Contact, *, at: datetime) -> dict[str, Any]:
    """All that is stored of a person, retired attributes too, to hand it to them."""
    columns = {**BUILT_IN, **OPT_OUTS}
    columns |= {each.name: column_of(each) for each in Attribute.objects.order_by("name")}
    facts = read_person(contact.pk, columns)
    journal = JournalEntry.objects.about("contacts.contact", str(contact.public_id))
    return {
        "format": "overture-person/1",
        "exported_at": to_json(at),
        "kind": contact.kind,
        "key": contact.key,
        "former_keys": sorted(contact.aliases.values_list("key", flat=True)),
        "facts": {name: to_json(facts[name]) for name in facts if not columns[name].is_declared},
        "attributes": {
            name: {"label": str(columns[name].label), "value": to_json(facts[name])}
            for name in facts
            if columns[name].is_declared
        },
        "consent": [
            {
                "channel": change.channel,
                "opted_out": change.is_opted_out,
                "at": to_json(change.at),
                "source": change.source,
                "proof": change.proof,
            }
            for change in contact.opt_out_changes.order_by("at", "pk")
        ],
        "lists": sorted(contact.memberships.values_list("audience__name", flat=True)),
        "visitors": [
            {"key": visitor.key, "facts": plain(read_person(visitor.pk, {**columns}))}
            for visitor in contact.visitors.order_by("pk")
        ],
        "journal": [
            {"at": to_json(entry.at), "what": entry.verb} for entry in journal.order_by("at", "id")
        ],
    }


def plain(facts: Known) -> dict[str, Any]:
    return {name: to_json(value) for name, value in facts.items()}
