"""Making and revoking the keys of programs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions.granting import check_may_grant
from accounts.authenticating import SHOWN, hash_secret, make_secret
from accounts.journal import Actor, record
from accounts.models import ApiKey, User
from accounts.rights import Right

# What whoever makes a key must be allowed to do themselves, scope by scope.
RIGHTS_OF_SCOPES: Mapping[str, frozenset[Right]] = {
    ApiKey.Scope.DECIDE: frozenset(),
    ApiKey.Scope.DECIDE_AT: frozenset({Right.EXPLAIN}),
    ApiKey.Scope.PROPOSITIONS: frozenset({Right.VIEW_PROPOSITION}),
    ApiKey.Scope.CONTACTS: frozenset(
        {Right.VIEW_CONTACT, Right.CHANGE_CONTACT, Right.VIEW_PERSONAL_DATA}
    ),
    # It also approves, publishes, takes off line and goes back.
    ApiKey.Scope.CATALOG: frozenset(right for right in Right if right.room == "catalog"),
    ApiKey.Scope.COUPONS_VALIDATE: frozenset({Right.VIEW_COUPON}),
    ApiKey.Scope.COUPONS_REDEEM: frozenset({Right.REDEEM_CODES}),
    ApiKey.Scope.COUPONS_ROLLBACK: frozenset({Right.ROLLBACK_REDEMPTION}),
    # Files of every subject, and what is done to coupons and their codes beside them.
    ApiKey.Scope.IMPORTS: frozenset(
        {
            Right.IMPORT_DATA,
            Right.CHANGE_CONTACT,
            Right.VIEW_PERSONAL_DATA,
            Right.VIEW_COUPON,
            Right.ADD_COUPON,
            Right.CHANGE_COUPON,
            Right.ARCHIVE_COUPON,
            Right.VIEW_CODES,
            Right.ADD_CODES,
            Right.VOID_CODES,
            Right.REDEEM_CODES,
        }
    ),
    ApiKey.Scope.DELIVERIES: frozenset(
        {
            Right.VIEW_DELIVERY,
            Right.CHANGE_DELIVERY,
            Right.SEND_PROOF,
            Right.CONFIRM_DELIVERY,
            Right.VIEW_PERSONAL_DATA,
        }
    ),
    ApiKey.Scope.JOBS: frozenset({Right.VIEW_SYSTEM}),
    ApiKey.Scope.JOURNAL: frozenset({Right.VIEW_JOURNAL}),
}


class KeyRefused(Exception):
    """The key would break one of its own rules; the sentence says which."""


class NameTaken(KeyRefused):
    """There is another key in use with this name."""


class AlreadyRevoked(Exception):
    """The key opens nothing any more."""


@transaction.atomic(durable=True)
def create_key(
    *,
    name: str,
    scopes: Sequence[str],
    by: User | None,
    at: datetime,
    spaces: Sequence[str] = (),
    coupon_folders: Sequence[str] = (),
    origins: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Add a key and return it with its secret, which nobody can read again.

    Raises KeyRefused (NameTaken is one), or MayNotGrant when the key could do more than `by`.
    """
    check_may_grant(by, rights=frozenset().union(*(RIGHTS_OF_SCOPES[scope] for scope in scopes)))
    taken = NameTaken(_("There is already a key with this name."))
    if ApiKey.objects.filter(name__iexact=name, revoked_at=None).exists():
        raise taken
    secret = make_secret(publishable=bool(origins))
    key = ApiKey(
        name=name,
        prefix=secret[:SHOWN],
        secret_hash=hash_secret(secret),
        scopes=[scope.value for scope in ApiKey.Scope if scope in scopes],
        spaces=list(spaces),
        coupon_folders=list(coupon_folders),
        origins=list(origins),
        created_by=by,
        created_at=at,
        expires_at=expires_at,
    )
    try:
        key.full_clean()
        with transaction.atomic():
            key.save(force_insert=True)
    except ValidationError as error:
        raise KeyRefused(" ".join(error.messages)) from error
    except IntegrityError as error:
        raise taken from error
    record("key.created", key, by=by, at=at, after=facts(key))
    return key, secret


@transaction.atomic(durable=True)
def revoke_key(key: ApiKey, *, by: User | None, at: datetime) -> None:
    """Make a key open nothing from this moment on, or raise AlreadyRevoked."""
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at):
        raise AlreadyRevoked(_("%(key)s is already revoked.") % {"key": key})
    record("key.revoked", key, by=by, at=at)


def rename_coupon_folder(old: str, new: str, *, by: Actor, at: datetime) -> None:
    """Let the keys of a folder, or of one below it, follow it to its new path.

    Inside the transaction that renames it: a path that is free again may be given to others.
    """
    for key in ApiKey.objects.select_for_update().filter(revoked_at=None).order_by("pk"):
        before = key.coupon_folders
        after = [moved(path, old, new) for path in before]
        if after != before:
            ApiKey.objects.filter(pk=key.pk).update(coupon_folders=after)
            was, became = {"coupon_folders": before}, {"coupon_folders": after}
            record("key.changed", key, by=by, at=at, before=was, after=became)


def moved(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if path == old or path.startswith(f"{old}/") else path


def facts(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "scopes": key.scopes,
        "spaces": key.spaces,
        "coupon_folders": key.coupon_folders,
        "origins": key.origins,
        "expires_at": key.expires_at,
    }
