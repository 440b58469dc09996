"""How people like to see the product. Of it the journal notes only how they are called."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, JSONField, Value
from django.db.models.expressions import CombinedExpression

from accounts.journal import changes, record
from accounts.models import User


@transaction.atomic(durable=True)
def change_preferences(
    person: User,
    *,
    first_name: str,
    last_name: str,
    language: str,
    time_zone: str,
    theme: str,
    at: datetime,
) -> None:
    User.objects.filter(pk=person.pk).update(
        first_name=first_name,
        last_name=last_name,
        language=language,
        time_zone=time_zone,
        theme=theme,
        version=F("version") + 1,
    )
    was, became = changes(
        {"first_name": person.first_name, "last_name": person.last_name},
        {"first_name": first_name, "last_name": last_name},
    )
    if became:
        record("person.changed", person, by=person, at=at, before=was, after=became)


@transaction.atomic(durable=True)
def choose_language(person: User, language: str) -> None:
    User.objects.filter(pk=person.pk).update(language=language)


@transaction.atomic(durable=True)
def choose_theme(person: User, theme: str) -> None:
    User.objects.filter(pk=person.pk).update(theme=theme)


@transaction.atomic(durable=True)
def save_columns(person: User, *, list_name: str, columns: Sequence[str]) -> None:
    """Remember the columns of one list, without touching what another page saves meanwhile."""
    chosen = Value({list_name: list(columns)}, output_field=JSONField())
    merged = CombinedExpression(F("list_columns"), "||", chosen, output_field=JSONField())
    User.objects.filter(pk=person.pk).update(list_columns=merged)
