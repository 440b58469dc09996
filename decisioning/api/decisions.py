"""Which offers for whom: the call that pages and servers make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Annotated, Any, cast

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja import Router, Schema
from ninja.decorators import decorate_view
from pydantic import ConfigDict, Field, ValidationError

from accounts.api import KeyRequest, key_of
from accounts.models import ApiKey
from decisioning import measuring
from decisioning.answering import BadMoment, Caller, NoSuchPlace, answer
from decisioning.api.entering import HeldPageAuth, PageAuth
from decisioning.calling import DecisionCall, Key
from decisioning.identifying import sign
from decisioning.recording import TooBusy
from decisioning.repeating import answer_once
from offers_site.idempotency import OtherBody, digest_of, name_of, name_reused
from offers_site.jsonbytes import to_json
from offers_site.problems import FieldError, Problem

router = Router()


class Links(Schema):
    """Where a person goes: each notes what they did, and leads on to a stored address."""

    click: str | None
    accept: str | None
    reject: str | None


class PropositionAnswer(Schema):
    token: str
    offer: str
    label: str
    rank: int
    weight: float
    context: str
    fallback: bool
    status: str
    content: dict[str, str | None]
    html: str | None
    text: str | None
    json_: Annotated[Any, Field(alias="json")] = None
    links: Links
    coupon: Any = None


class SlotAnswer(Schema):
    slot: str
    space: str
    environment: str
    interaction: str | None = None
    reason: str | None = None
    propositions: list[PropositionAnswer]
    explain: list[dict[str, Any]] | None = None


class Warning(Schema):  # noqa: A001 (its name in the document)
    code: str
    detail: str
    pointer: str


class DecisionAnswer(Schema):
    interaction: str
    environment: str
    release: int
    identification: str
    visitor: str | None
    recorded: bool
    slots: list[SlotAnswer]
    warnings: list[Warning]


View = Callable[..., HttpResponse]
PROGRAMS = HeldPageAuth("decide", "decide:at")


def straight(run: View) -> View:
    """A call that is as it should be goes past what the API does for every other one.

    Whatever is wrong with it is said there, by `run`, as it is of all calls.
    """

    def answer_call(request: HttpRequest, **more: Any) -> HttpResponse:
        try:
            call = DecisionCall.model_validate_json(request.body)
        except (ValidationError, RequestDataTooBig):
            return run(request, **more)
        try:
            key = PROGRAMS(request)  # once for a call: it is counted
            if key is None:
                return run(request, **more)
            cast(KeyRequest, request).auth = key
            return decide(request, call)
        except Problem as refusal:
            return refusal.response()

    return answer_call


@router.post(
    "/decisions",
    summary="The best offers for one person, for all slots of a page at once",
    auth=PROGRAMS,
    response=DecisionAnswer,
)
@decorate_view(straight)
def decide(request: HttpRequest, call: DecisionCall) -> HttpResponse:
    """The key is remembered: that it is the same still is asked with what is read of the person."""
    return PROGRAMS.answer(request, lambda key: answered(request, call, key))


def answered(request: HttpRequest, call: DecisionCall, key: ApiKey) -> HttpResponse:
    if call.is_privileged and not key.may(ApiKey.Scope.DECIDE_AT):
        raise Problem(
            403, "scope_missing", "at, seed and explain need a key with the scope decide:at."
        )
    began = perf_counter()
    try:
        body, told = answer_of(request, call, key)
    except OtherBody:
        raise name_reused() from None
    except NoSuchPlace as refusal:
        raise Problem(404, refusal.code, str(refusal)) from refusal
    except BadMoment as refusal:
        errors: list[FieldError] = [{"pointer": "/at", "code": "moment", "detail": str(refusal)}]
        raise Problem(422, "invalid", "The date cannot be used.", errors=errors) from None
    except TooBusy:
        raise Problem(
            503, "busy", "Too much happens to this person at once.", headers={"Retry-After": "1"}
        ) from None
    if told is not None:
        measuring.note(told, perf_counter() - began)
    return HttpResponse(body, content_type="application/json")


def answer_of(
    request: HttpRequest, call: DecisionCall, key: ApiKey
) -> tuple[bytes, dict[str, Any] | None]:
    """As it is sent, and as it was told unless it is told again."""
    accepted, name = first_language(request), name_of(request)
    if name and call.records:
        digest = digest_of(request.body)
        return answer_once(call, name=name, digest=digest, key=key, accepted=accepted, at=now())
    told = answer(call, caller=Caller(by=key, accepted=accepted), at=now())
    return to_json(told), told


def first_language(request: HttpRequest) -> str | None:
    """The language that the reader's browser likes best."""
    first = request.META.get("HTTP_ACCEPT_LANGUAGE", "").split(",")[0].split(";")[0].strip()
    return first if first and first != "*" and len(first) <= 20 else None


class TokenCall(Schema):
    model_config = ConfigDict(extra="forbid")

    key: Key | None = None
    keys: Annotated[tuple[Key, ...], Field(max_length=10)] = ()
    seconds: Annotated[int, Field(ge=1, le=30 * 24 * 3600)] = 3600


class TokenAnswer(Schema):
    token: str
    until: Any


@router.post(
    "/tokens",
    summary="Signed identification, for pages to pass on as target.token",
    auth=PageAuth("decide"),
    response=TokenAnswer,
)
def make_token(request: HttpRequest, call: TokenCall) -> dict[str, Any]:
    """For servers, which know who has signed in: a key that stands in a page makes none."""
    if key_of(request).is_publishable:
        raise Problem(403, "key_publishable", "A key that stands in a page cannot say who it is.")
    if (call.key is None) == (not call.keys):
        raise Problem(422, "invalid", "Say who it is, with key or with keys.")
    until = now() + timedelta(seconds=call.seconds)
    told: dict[str, Any] = {"key": call.key} if call.key is not None else {"keys": call.keys}
    return {"token": sign(told, until=until), "until": until}
