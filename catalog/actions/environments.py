"""Making, changing and deleting environments, and the fields that their content has."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions.granting import stale
from accounts.journal import Actor, record
from catalog.accepting import accept
from catalog.deleting import forget
from catalog.models import ContentField, Environment, Offer, Space
from catalog.placing import number_again
from catalog.problems import NotAcceptable, Problem, StillUsed
from catalog.saving import hold
from catalog.shapes import ContentFieldShape, EnvironmentShape


@transaction.atomic(durable=True)
def create_environment(shape: EnvironmentShape, *, by: Actor, at: datetime) -> Environment:
    """Add an environment; raises NotAcceptable, NameTaken or MayNotGrant."""
    made: Environment = accept(None, shape, by=by, at=at)
    return made


def create_or_repair(
    shape: EnvironmentShape, *, by: Actor, at: datetime
) -> tuple[Environment, bool]:
    """The environment of this name, and whether it was there already.

    One that is there keeps all that it says; only its categories are given places again where two
    have one. Raises NotAcceptable when it is one for other people, MayNotGrant, NameTaken.
    """
    there = Environment.objects.filter(name=shape.name).first()
    if there is None:
        return create_environment(shape, by=by, at=at), False
    with transaction.atomic(durable=True):
        there = hold(there)
        if there.people != shape.audience:
            message = _("There is an environment of this name already, for other people.")
            raise NotAcceptable([Problem("audience", "fixed", message)])
        number_again(there)
    return there, True


@transaction.atomic(durable=True)
def edit_environment(
    environment: Environment, shape: EnvironmentShape, *, version: int, by: Actor, at: datetime
) -> Environment:
    """Change an environment as read at `version`; raises Stale too."""
    edited: Environment = accept(environment, shape, version=version, by=by, at=at)
    return edited


@transaction.atomic(durable=True)
def delete_environment(environment: Environment, *, by: Actor, at: datetime) -> None:
    """Delete an environment that is empty and was never live, or raise StillUsed."""
    environment = hold(environment)
    check_never_used(environment)
    forget(environment, "environment.deleted", by=by, at=at)


def check_never_used(environment: Environment) -> None:
    """Raise StillUsed."""
    if environment.release_number:
        raise StillUsed(_("It has been live: propositions of it may have been made."))
    offers = Offer.objects.filter(environment=environment).count()
    spaces = Space.objects.filter(environment=environment).count()
    if offers or spaces or environment.categories.exists():
        raise StillUsed(_("It is not empty: delete its offers, spaces and categories first."))


# --- content fields ---


@transaction.atomic(durable=True)
def create_content_field(
    environment: Environment, shape: ContentFieldShape, *, by: Actor, at: datetime
) -> ContentField:
    made: ContentField = accept(None, shape, environment=environment, by=by, at=at)
    return made


@transaction.atomic(durable=True)
def edit_content_field(
    field: ContentField, shape: ContentFieldShape, *, version: int, by: Actor, at: datetime
) -> ContentField:
    edited: ContentField = accept(
        field, shape, environment=field.environment, version=version, by=by, at=at
    )
    return edited


@transaction.atomic(durable=True)
def move_content_field(field: ContentField, position: int, *, by: Actor, at: datetime) -> None:
    """Put a field at a place among those of its environment, counted from nought."""
    environment = hold(field.environment)
    fields = list(ContentField.objects.filter(environment=environment).order_by("position", "pk"))
    if field not in fields:
        raise stale(field)
    before = [each.name for each in fields]
    fields.remove(field)
    fields.insert(position, field)
    for number, each in enumerate(fields):
        each.position = number
    ContentField.objects.bulk_update(fields, ["position"])
    after = [each.name for each in fields]
    if after != before:
        record(
            "content_field.changed",
            field,
            by=by,
            at=at,
            before={"order": before},
            after={"order": after},
        )


@transaction.atomic(durable=True)
def delete_content_field(field: ContentField, *, by: Actor, at: datetime) -> None:
    """Delete a field that no space asks for and no offer fills, or raise StillUsed."""
    hold(field.environment)
    check_field_unused(field)
    forget(field, "content_field.deleted", by=by, at=at)


def check_field_unused(field: ContentField) -> None:
    """Raise StillUsed."""
    asking = [
        space.label
        for space in Space.objects.filter(environment=field.environment)
        if any(each["name"] == field.name for each in space.fields)
    ]
    if asking:
        raise StillUsed(
            _("These spaces use it: %(spaces)s.") % {"spaces": ", ".join(sorted(asking)[:10])}
        )
    filled = offers_filling(field.environment, field.name)
    if filled:
        raise StillUsed(
            ngettext("%(number)s offer fills it.", "%(number)s offers fill it.", filled)
            % {"number": filled}
        )


def offers_filling(environment: Environment, name: str) -> int:
    """How many offers have something in a field, in whatever space or language."""
    filled = (
        Q(content__has_key=name)
        | Q(representations__content__has_key=name)
        # {language: {field: text}}
        | Q(translations__icontains=f'"{name}": ')
        | Q(representations__translations__icontains=f'"{name}": ')
    )
    return Offer.objects.filter(filled, environment=environment).distinct().count()
