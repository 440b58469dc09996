"""Packages and offers for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja import Router

from accounts.api import KeyAuth, key_of
from accounts.models import ApiKey
from catalog import releasing
from catalog.actions.packages import apply_package
from catalog.api.entering import Number, Word, find_environment
from catalog.models import Environment, Offer
from catalog.packages.applying import MayNot
from catalog.packages.exporting import design_package, live_package
from catalog.packages.planning import make_plan
from catalog.packages.reading import LARGEST, Read, read
from catalog.packages.telling import plan_as_json
from catalog.packages.writing import write
from catalog.problems import NameTaken, NotAcceptable
from catalog.problems import Problem as Mistake
from contacts.declaring import NotAttributable
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import FieldError, Problem

router = Router(tags=["catalogue"], auth=KeyAuth("catalog"))
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A package: format overture-catalog/1.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.get("/{environment}/package", summary="An environment as a package")
def read_package(
    request: HttpRequest,
    environment: Word,
    side: Literal["design", "live"] = "design",
    release: Number | None = None,
) -> HttpResponse:
    """The design, or what is live or was in an earlier release."""
    key = key_of(request)
    found = find_environment(key, environment)
    if release is not None and side == "design":
        raise Problem(422, "release_of_design", "A release goes with side=live.")
    try:
        package = (
            live_package(found, release, user=key.created_by)
            if side == "live"
            else design_package(found, user=key.created_by)
        )
    except releasing.NoSuchRelease as refusal:
        raise Problem(404, "release_unknown", str(refusal)) from refusal
    return HttpResponse(write(package), content_type="application/json; charset=utf-8")


@router.post("/{environment}/plan", summary="What a package would change", openapi_extra=BODY)
def plan_package(request: HttpRequest, environment: Word, prune: bool = False) -> dict[str, Any]:
    key = key_of(request)
    try:
        return plan_as_json(make_plan(package_in(request, environment), prune=prune, by=key))
    except NotAcceptable as refusal:
        raise not_acceptable(refusal) from refusal


@router.post(
    "/{environment}/apply", summary="Make the design what a package says", openapi_extra=BODY
)
def apply_to(
    request: HttpRequest, environment: Word, publish: bool = False, prune: bool = False
) -> dict[str, Any]:
    """All of it or nothing. With `publish` both approvals are given and one release is made."""
    key = key_of(request)
    package = package_in(request, environment)
    try:
        applied = apply_package(package, publish=publish, prune=prune, by=key, at=now())
    except NotAcceptable as refusal:
        raise not_acceptable(refusal) from refusal
    except MayNot as refusal:
        raise Problem(403, "may_not", str(refusal)) from refusal
    except (NameTaken, NotAttributable) as refusal:
        raise Problem(409, "conflict", str(refusal)) from refusal
    number = applied.release.number if applied.release else None
    return {**plan_as_json(applied.plan), "release": number}


@router.get("/{environment}/offers", summary="Offers and fallback offers by code")
def list_offers(
    request: HttpRequest,
    environment: Word,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> dict[str, Any]:
    key = key_of(request)
    offers = offers_of(find_environment(key, environment), key)
    rows = offers.with_parts()
    return page_of(rows, described, limit=limit, cursor=cursor, key="code", newest_first=False)


def offers_of(environment: Environment, key: ApiKey) -> Any:
    person = key.created_by
    known = Offer.objects.visible_to(person) if person else Offer.objects.all()
    return known.filter(environment=environment)


def described(offer: Offer) -> dict[str, Any]:
    return {
        "code": offer.code,
        "label": offer.label,
        "kind": offer.kind,
        "category": offer.category.name if offer.category else None,
        "enabled": offer.enabled,
        "start": offer.start,
        "end": offer.end,
        "content": offer.content_state,
        "eligibility": offer.eligibility_state,
        "live_since": offer.live_since,
        "live_release": offer.live_release,
        "spaces": [one.space.name for one in offer.representations.all()],
        "tags": sorted(tag.name for tag in offer.tags.all()),
        "access_labels": sorted(label.code for label in offer.access_labels.all()),
        "changed_at": offer.changed_at,
        "version": offer.version,
    }


# --- bodies and mistakes ---


def package_in(request: HttpRequest, environment: str) -> Read:
    """The package of the body, which is about the environment of the address."""
    package = read(request.read(LARGEST + 1))
    name = package.package.environment.name if package.package else environment
    if name != environment and "environment.name" not in package.touched:
        errors: list[FieldError] = [{"pointer": "/environment/name", "code": "other_environment"}]
        detail = f"The package is about {name}, the address about {environment}."
        raise Problem(422, "invalid", detail, errors=errors)
    return package


def not_acceptable(refusal: NotAcceptable) -> Problem:
    number = len(refusal.problems)
    detail = f"The package has {number} errors. Nothing was changed."
    return Problem(422, "invalid", detail, errors=list(pointed(refusal.problems)))


def pointed(problems: Iterable[Mistake]) -> Iterable[FieldError]:
    for problem in problems:
        yield {
            "pointer": pointer(problem.path),
            "code": problem.code,
            "detail": problem.message,
        }


def pointer(path: str) -> str:
    """`offers[3].contexts[0].weight` as `/offers/3/contexts/0/weight`."""
    parts = [part for part in re.split(r"[.\[\]]+", path) if part]
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
