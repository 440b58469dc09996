"""Creating, changing and deleting audiences."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from accounts.actions.granting import check_may_grant, stale
from accounts.journal import changes, record
from accounts.models import AccessLabel, User
from contacts import tasks
from contacts.actions.refusing import (
    NameTaken,
    StillUsed,
    audiences_in_the_way,
    sentences_about,
)
from contacts.blocking import hold_still, uses_of
from contacts.models import Audience, AudienceMember, Contact, ContactAlias
from contacts.vocabulary import words
from rules.checking import check_rule, named_filters
from rules.jsonform import to_json
from rules.parsing import parse
from rules.tree import Node


@transaction.atomic(durable=True)
def create_audience(
    *,
    name: str,
    label: str,
    description: str = "",
    rule: str | None,
    access_labels: Collection[AccessLabel] = (),
    by: User | None,
    at: datetime,
) -> Audience:
    """Add an audience with a rule, or an empty list (None); raises NameTaken, BadRule."""
    check_may_grant(by, labels=access_labels)
    tree = None if rule is None else checked_tree(rule, name)
    audience = Audience(
        name=name,
        label=label,
        description=description,
        kind=Audience.Kind.LIST if rule is None else Audience.Kind.RULE,
        rule=rule or "",
        tree=to_json(tree) if tree else None,
        created_at=at,
        changed_at=at,
    )
    try:
        with transaction.atomic():
            audience.save(force_insert=True)
    except IntegrityError as error:
        raise NameTaken(_("There is already an audience with this name.")) from error
    audience.access_labels.set(access_labels)
    record("audience.created", audience, by=by, at=at, after=facts(audience))
    tasks.follow_up_on_commit(audience.pk, asks=audience.is_rule)
    return audience


@transaction.atomic(durable=True)
def edit_audience(
    audience: Audience,
    *,
    version: int,
    label: str,
    description: str,
    access_labels: Collection[AccessLabel],
    rule: str | None = None,
    by: User | None,
    at: datetime,
) -> None:
    """Change an audience whose form was opened at `version`; raises Stale, BadRule, MayNotGrant."""
    before = facts(audience)
    check_may_grant(by, labels=set(access_labels) - set(audience.access_labels.all()))
    fields: dict[str, Any] = {"label": label, "description": description, "changed_at": at}
    if audience.is_rule and rule is not None:
        fields |= {"rule": rule, "tree": to_json(checked_tree(rule, audience.name))}
    this = Audience.objects.filter(pk=audience.pk, version=version)
    if not this.update(**fields, version=F("version") + 1):
        raise stale(audience)
    audience = Audience.objects.get(pk=audience.pk)
    audience.access_labels.set(access_labels)
    was, became = changes(before, facts(audience))
    if became:
        record("audience.changed", audience, by=by, at=at, before=was, after=became)
    tasks.follow_up_on_commit(audience.pk, asks=audience.is_rule)


def checked_tree(rule: str, name: str) -> Node:
    """The tree of an audience's rule, which must not lead back to itself; raises BadRule.

    Until the transaction ends, nobody deletes what it names or lets that name it in turn.
    """
    tree = parse(rule)
    named = Audience.objects.filter(name__in={*named_filters(tree), name})
    list(named.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    known = words()
    check_rule(tree, replace(known, filters={**known.filters, name: tree}))
    return tree


@transaction.atomic(durable=True)
def change_members(
    audience: Audience, keys: Iterable[str], *, replaces: bool, by: User | None, at: datetime
) -> tuple[int, list[str]]:
    """Put the contacts with these keys on a list; how many stand there now, and unknown keys."""
    Audience.objects.select_for_update().get(pk=audience.pk)
    wanted = list(dict.fromkeys(keys))
    found = dict(Contact.objects.contacts().filter(key__in=wanted).values_list("key", "pk"))
    aliases = ContactAlias.objects.filter(key__in=set(wanted) - set(found))
    found |= dict(aliases.values_list("key", "contact_id"))
    members = AudienceMember.objects.filter(audience=audience)
    if replaces:
        members.exclude(contact__in=found.values()).delete()
    AudienceMember.objects.bulk_create(
        [AudienceMember(audience=audience, contact_id=pk) for pk in sorted(set(found.values()))],
        batch_size=5_000,
        ignore_conflicts=True,
    )
    number = members.count()
    Audience.objects.filter(pk=audience.pk).update(
        last_count=number, counted_at=at, changed_at=at, version=F("version") + 1
    )
    after = {"people": number}
    record("audience.members_changed", audience, by=by, at=at, after=after)
    return number, [key for key in wanted if key not in found]


@transaction.atomic(durable=True)
def delete_audience(audience: Audience, *, by: User | None, at: datetime) -> None:
    """Delete an audience that nothing names, or raise StillUsed."""
    hold_still()
    Audience.objects.select_for_update().filter(pk=audience.pk).first()
    check_unnamed(audience, by)
    # former releases may name it, and know its members by its number
    before = {**facts(audience), "number": audience.pk}
    record("audience.deleted", audience, by=by, at=at, before=before)
    try:
        audience.delete()
    except ProtectedError as error:  # rows of other rooms that name it
        using_it = sorted({str(each) for each in error.protected_objects})
        raise StillUsed(
            _("These use it: %(names)s. Change them first.") % {"names": ", ".join(using_it)}
        ) from error


def check_unnamed(audience: Audience, by: User | None) -> None:
    """Raise StillUsed when another audience names it, or the catalogue."""
    uses = uses_of(audience, by)
    said = sentences_about(uses)
    if using := audiences_in_the_way(by, audience=audience.name):
        message = _("These audiences name it: %(audiences)s. Change them first.")
        said.insert(0, message % {"audiences": using})
    if said:
        raise StillUsed(" ".join(said), uses)


def facts(audience: Audience) -> dict[str, Any]:
    return {
        "label": audience.label,
        "description": audience.description,
        "rule": audience.rule,
        "access_labels": sorted(label.code for label in audience.access_labels.all()),
    }
