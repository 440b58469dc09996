"""Contacts for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.timezone import now
from ninja import Router

from accounts.api import KeyAuth, key_of
from contacts.actions import contacts as actions
from contacts.actions.refusing import KeyTaken
from contacts.columns import BUILT_IN, OPT_OUTS, Column, known
from contacts.facts import Known, read_people
from contacts.models import Contact
from contacts.values import BadValue, bad, from_json, from_text, to_json
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import FieldError, Problem

router = Router(tags=["contacts"], auth=KeyAuth("contacts"))
KEY_IN_BODY = "key_differs"


@router.get("/contacts", summary="Contacts by key, as contacts.csv has them")
def list_contacts(
    request: HttpRequest, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> dict[str, Any]:
    columns = {**known(), **OPT_OUTS}
    page = page_of(
        Contact.objects.contacts().only("pk", "key"),
        lambda contact: {"pk": contact.pk},
        limit=limit,
        cursor=cursor,
        key="key",
        newest_first=False,
    )
    pks = [each["pk"] for each in page["results"]]
    facts = dict(read_people(pks, columns))
    return {"results": [described(facts[pk], columns) for pk in pks], "next": page["next"]}


@router.get("/contacts/{path:key}", summary="One contact, by key or former key")
def read_contact(request: HttpRequest, key: str) -> dict[str, Any]:
    return answer_of(find(key))


@router.put(
    "/contacts/{path:key}",
    summary="Add a contact, or change what the body names",
    url_name="read_contact",
)
def put_contact(request: HttpRequest, key: str) -> JsonResponse:
    """What the body does not name stays as it is; null takes a value away."""
    by = key_of(request)
    check_key(key)
    columns = {**known(), **OPT_OUTS}
    values = read_body(request, columns, key)
    at = now()
    contact = Contact.objects.contacts().with_key(key).first()
    if contact is None:
        try:
            contact = actions.create_contact(
                {**values, "key": key}, by=by, at=at, source="api", columns=columns
            )
        except KeyTaken:  # another call was first, a moment ago
            contact = find(key)
        else:
            return JsonResponse(answer_of(contact), status=201)
    actions.edit_contact(contact, values, version=None, by=by, at=at, source="api", columns=columns)
    return JsonResponse(answer_of(find(key)))


def read_body(request: HttpRequest, columns: Mapping[str, Column], key: str) -> dict[str, Any]:
    """The values of the body by name; raises Problem with everything that is wrong."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Problem(400, "body_unreadable", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Problem(422, "invalid", "The body is an object with the fields of a contact.")
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, given in body.items():
        try:
            values[name] = read_field(columns, name, given, key)
        except BadValue as refusal:
            detail = str(refusal.sentence)
            errors.append({"pointer": pointer(name), "code": refusal.code, "detail": detail})
    if errors:
        raise Problem(422, "invalid", "Some fields are not as they should be.", errors=errors)
    values.pop("key", None)
    return values


def read_field(columns: Mapping[str, Column], name: str, given: object, key: str) -> Any:
    column = columns.get(name)
    if column is None or name == "created_at":
        raise BadValue("unknown_field", "There is no such field, or it cannot be written.")
    value = from_json(column, given)
    if name == "key" and value != key:
        raise BadValue(KEY_IN_BODY, "The key stands in the address.")
    if name in OPT_OUTS and value is None:
        raise bad("required")
    return value


def check_key(key: str) -> None:
    """Raise Problem when this can be nobody's key."""
    try:
        read = from_text(BUILT_IN["key"], key)
    except BadValue as refusal:
        raise Problem(422, refusal.code, str(refusal.sentence)) from None
    if read != key:
        raise Problem(422, "invalid", "A key neither begins nor ends with a space.")


def pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def find(key: str) -> Contact:
    contact = None if "\0" in key else Contact.objects.contacts().with_key(key).first()
    if contact is None:
        raise Problem(404, "contact_unknown", "There is no contact with this key.")
    return contact


def answer_of(contact: Contact) -> dict[str, Any]:
    columns = {**known(), **OPT_OUTS}
    facts = dict(read_people([contact.pk], columns))
    return described(facts[contact.pk], columns)


def described(facts: Known, columns: Mapping[str, Column]) -> dict[str, Any]:
    return {name: to_json(facts.get(name)) for name in columns}
