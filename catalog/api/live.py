"""Approvals and releases for programs. A key sees what whoever made it sees."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.timezone import now
from ninja import Router
from pydantic import BaseModel, ConfigDict, StringConstraints

from accounts.actions.granting import Stale
from accounts.api import KeyAuth, key_of
from accounts.models import ApiKey, User
from catalog import comparing, releasing
from catalog.actions import approvals, releases
from catalog.api.entering import Number, Word, find_environment
from catalog.approving import MayNotApprove, Side
from catalog.models import Category, Environment, Offer, Release
from catalog.readiness import NotReady
from offers_site.paging import DEFAULT_LIMIT, page_of
from offers_site.problems import FieldError, Problem

router = Router(tags=["catalogue"], auth=KeyAuth("catalog"))
Note = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[^\x00]*$")]


class Call(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApprovalCall(Call):
    side: Literal["content", "eligibility"]
    decision: Literal["approve", "reject"] = "approve"
    comment: Note = ""
    enable: list[Word] | None = None  # spaces; all that are complete when left out
    version: Number | None = None


class SwitchCall(Call):
    comment: Note = ""


class RollbackCall(Call):
    release: Number
    comment: Note = ""


# --- approvals ---


@router.post(
    "/environments/{environment}/offers/{code}/approvals",
    summary="Approve or reject one side of an offer; the second approval publishes",
)
def approve_offer(
    request: HttpRequest, environment: Word, code: Word, call: ApprovalCall
) -> dict[str, Any]:
    key = key_of(request)
    offer = find_offer(key, environment, code)
    release: Release | None = None
    try:
        if call.decision == "reject":
            approvals.reject(
                offer,
                Side(call.side),
                comment=call.comment,
                version=call.version,
                by=key,
                at=now(),
            )
        else:
            release = approvals.approve(
                offer,
                Side(call.side),
                enable=call.enable,
                version=call.version,
                comment=call.comment,
                by=key,
                at=now(),
            ).release
    except approvals.AlreadyDone as refusal:
        raise Problem(409, "already_done", str(refusal)) from refusal
    except Stale as refusal:
        raise Problem(409, "stale", str(refusal)) from refusal
    except MayNotApprove as refusal:
        raise Problem(403, "may_not_approve", str(refusal)) from refusal
    except approvals.CommentMissing as refusal:
        errors: list[FieldError] = [{"pointer": "/comment", "code": "required"}]
        raise Problem(422, "invalid", str(refusal), errors=errors) from refusal
    except NotReady as refusal:
        raise not_ready(refusal) from refusal
    return described(find_offer(key, environment, code), release)


def described(offer: Offer, release: Release | None) -> dict[str, Any]:
    return {
        "offer": offer.code,
        "environment": offer.environment.name,
        "content": offer.content_state,
        "eligibility": offer.eligibility_state,
        "enabled": offer.enabled,
        "version": offer.version,
        "live_since": offer.live_since,
        "live_release": offer.live_release,
        "release": release.number if release else None,
        "publishing_error": offer.publishing_error or None,
    }


def not_ready(refusal: NotReady) -> Problem:
    """Everything that is in the way, each with the object and the path in its form."""
    errors: list[FieldError] = [
        {
            "pointer": f"{one.kind}:{one.name}/{one.problem.path}",
            "code": one.problem.code,
            "detail": one.problem.message,
        }
        for one in refusal.obstacles
    ]
    return Problem(422, "not_ready", str(refusal), errors=errors)


# --- off line and on line ---


@router.post(
    "/environments/{environment}/offers/{code}/disable", summary="Take an offer off line at once"
)
def disable_offer(
    request: HttpRequest, environment: Word, code: Word, call: SwitchCall | None = None
) -> dict[str, Any]:
    offer = find_offer(key_of(request), environment, code)
    return switch(request, offer, call, enabled=False)


@router.post("/environments/{environment}/offers/{code}/enable", summary="Put it back on line")
def enable_offer(
    request: HttpRequest, environment: Word, code: Word, call: SwitchCall | None = None
) -> dict[str, Any]:
    offer = find_offer(key_of(request), environment, code)
    return switch(request, offer, call, enabled=True)


@router.post(
    "/environments/{environment}/categories/{name}/disable",
    summary="Take a category, with all below it, off line at once",
)
def disable_category(
    request: HttpRequest, environment: Word, name: Word, call: SwitchCall | None = None
) -> dict[str, Any]:
    category = find_category(key_of(request), environment, name)
    return switch(request, category, call, enabled=False)


@router.post("/environments/{environment}/categories/{name}/enable", summary="Put it back on line")
def enable_category(
    request: HttpRequest, environment: Word, name: Word, call: SwitchCall | None = None
) -> dict[str, Any]:
    category = find_category(key_of(request), environment, name)
    return switch(request, category, call, enabled=True)


def switch(
    request: HttpRequest, row: Offer | Category, call: SwitchCall | None, *, enabled: bool
) -> dict[str, Any]:
    """Done already is done: the answer says whether something changed."""
    comment = call.comment if call else ""
    changed, release = True, None
    try:
        release = releases.switch(
            [row], enabled=enabled, comment=comment, by=key_of(request), at=now()
        )
    except approvals.AlreadyDone:
        changed = False
    except releases.CannotBeDisabled as refusal:
        raise Problem(409, "cannot_be_disabled", str(refusal)) from refusal
    return {
        "name": releases.name_of(row),
        "enabled": enabled,
        "changed": changed,
        "release": release.number if release else None,
    }


# --- releases ---


@router.get("/environments/{environment}/releases", summary="Releases, newest first")
def list_releases(
    request: HttpRequest,
    environment: Word,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> dict[str, Any]:
    known = releasing.releases_of(find_environment(key_of(request), environment))
    return page_of(known, describe, limit=limit, cursor=cursor, key="number")


@router.get(
    "/environments/{environment}/releases/compare", summary="What one release has otherwise"
)
def compare_releases(
    request: HttpRequest, environment: Word, before: Number, after: Number
) -> dict[str, Any]:
    """What release `after` has otherwise than release `before`; 0 is before the first."""
    key = key_of(request)
    found = find_environment(key, environment)
    for number in {before, after} - {0}:
        find_release(found, number)
    changes = comparing.difference(found, before, after, user=key.created_by)
    return {
        "environment": found.name,
        "before": before,
        "after": after,
        "changes": [asdict(change) for change in changes],
    }


@router.get("/environments/{environment}/releases/{number}", summary="One release")
def read_release(request: HttpRequest, environment: Word, number: Number) -> dict[str, Any]:
    return describe(find_release(find_environment(key_of(request), environment), number))


@router.post(
    "/environments/{environment}/rollback",
    summary="Make a release with the content of an earlier one",
)
def roll_back(request: HttpRequest, environment: Word, call: RollbackCall) -> dict[str, Any]:
    key = key_of(request)
    found = find_environment(key, environment)
    try:
        made = releases.roll_back(found, call.release, comment=call.comment, by=key, at=now())
    except releasing.NoSuchRelease as refusal:
        raise Problem(404, "release_unknown", str(refusal)) from refusal
    except NotReady as refusal:
        raise not_ready(refusal) from refusal
    current = find_environment(key, environment).release_number
    return {"changed": made is not None, "release": current, "content_of": call.release}


def describe(release: Release) -> dict[str, Any]:
    return {
        "number": release.number,
        "cause": release.cause,
        "content_of": release.content_of,
        "comment": release.comment,
        "by": release.by_name or None,
        "made_at": release.made_at,
    }


# --- what a key sees ---


def find_offer(key: ApiKey, environment: str, code: str) -> Offer:
    around = find_environment(key, environment)
    user: User | None = key.created_by
    known = Offer.objects.visible_to(user) if user else Offer.objects.all()
    found = known.filter(environment=around, code=code).select_related("environment").first()
    if found is None:
        raise Problem(404, "offer_unknown", "There is no offer with this code.")
    return found


def find_category(key: ApiKey, environment: str, name: str) -> Category:
    around = find_environment(key, environment)
    user: User | None = key.created_by
    known = Category.objects.visible_to(user) if user else Category.objects.all()
    found = known.filter(environment=around, name=name).select_related("environment").first()
    if found is None:
        raise Problem(404, "category_unknown", "There is no category of this name.")
    return found


def find_release(environment: Environment, number: int) -> Release:
    found = releasing.releases_of(environment).filter(number=number).first()
    if found is None:
        raise Problem(404, "release_unknown", "There is no release of this number.")
    return found
