"""What became of propositions, and what somebody was offered."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from accounts.api import KeyAuth, key_of
from contacts.models import Contact
from decisioning.api.decisions import Warning  # noqa: A004 (its name in the document)
from decisioning.api.entering import PageAuth
from decisioning.calling import Data, Word
from decisioning.engine.values import Status
from decisioning.history import seen_among
from decisioning.models import Proposition
from decisioning.reacting import react, status_named
from decisioning.recording import TooBusy
from decisioning.statuses import NoSuchProposition
from decisioning.tokens import token_of
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import FieldError, Problem
from offers_site.values import Moment

router = Router()
CLOCKS_DIFFER_BY = timedelta(minutes=5)
STATUSES = ", ".join(f"{status.name.lower()} ({status.value})" for status in Status)


class StatusCall(Schema):
    model_config = ConfigDict(extra="forbid")

    status: Annotated[Word | int, Field(description=STATUSES)]
    call: Data = {}
    occurred_at: Moment | None = None


class StatusAnswer(Schema):
    token: str
    status: str
    changed: bool
    data: dict[str, Any]
    warnings: list[Warning]


@router.post(
    "/propositions/{token}/status",
    summary="What became of a proposition; told again, nothing changes",
    auth=PageAuth("propositions", "decide"),
    response=StatusAnswer,
)
def set_status(request: HttpRequest, token: str, call: StatusCall) -> dict[str, Any]:
    key, at = key_of(request), now()
    occurred_at = call.occurred_at or at
    if occurred_at > at + CLOCKS_DIFFER_BY:
        raise wrong("/occurred_at", "in_future", "This has not happened yet.")
    try:
        status = status_named(call.status)
    except ValueError:
        raise wrong("/status", "not_a_status", f"Expected one of {STATUSES}.") from None
    try:
        found = react(
            token,
            status,
            call=call.call,
            source="api",
            by_name=str(key)[:200],
            occurred_at=min(occurred_at, at),
        )
    except NoSuchProposition:
        raise Problem(
            404, "proposition_unknown", "There is no proposition with this token."
        ) from None
    except TooBusy:
        raise Problem(
            503, "busy", "Too much happens to this person at once.", headers={"Retry-After": "1"}
        ) from None
    return {
        "token": token,
        "status": Status(found.changed.status).name.lower(),
        "changed": found.changed.is_changed,
        "data": found.changed.data,
        "warnings": found.warnings,
    }


def wrong(pointer: str, code: str, detail: str) -> Problem:
    errors: list[FieldError] = [{"pointer": pointer, "code": code, "detail": detail}]
    return Problem(422, "invalid", "Some fields are not as they should be.", errors=errors)


@router.get(
    "/contacts/{path:key}/propositions",
    summary="What a contact was offered, newest first",
    auth=KeyAuth("propositions", "contacts"),
)
def list_propositions(
    request: HttpRequest,
    key: str,
    environment: Word | None = None,
    space: Word | None = None,
    offer: Word | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> dict[str, Any]:
    by = key_of(request)
    if by.is_publishable:
        raise Problem(403, "key_publishable", "A key that stands in a page reads nobody's history.")
    contact = None if "\0" in key else Contact.objects.contacts().with_key(key).first()
    if contact is None:
        raise Problem(404, "contact_unknown", "There is no contact with this key.")
    known = Proposition.objects.filter(contact=contact).select_related("environment")
    if by.spaces:
        known = known.filter(space__in=by.spaces)
    if by.created_by:
        known = seen_among(known, by.created_by)
    wanted = {"environment__name": environment, "space": space, "offer": offer}
    known = known.filter(**{name: value for name, value in wanted.items() if value})
    return page_of(known, lambda one: describe(one, contact), limit=limit, cursor=cursor)


def describe(one: Proposition, contact: Contact) -> dict[str, Any]:
    return {
        "contact_key": contact.key,
        "offer": one.offer,
        "space": one.space,
        "status": Status(one.status).name.lower(),
        "occurred_at": one.at,
        "weight": float(one.weight),
        "rank": one.rank,
        "external_id": one.data.get("external_id"),
        "id": str(one.pk),
        "token": token_of(one.pk),
        "interaction": str(one.interaction) if one.interaction else None,
        "environment": one.environment.name,
        "release": one.release,
        "channel": one.channel,
        "slot": one.slot,
        "category": one.category,
        "context": one.context,
        "fallback": one.is_fallback,
        "identification": one.identification,
        "changed_at": one.changed_at,
        "data": one.data,
    }
