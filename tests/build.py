"""Builders: a valid object in one call, which says what matters and hides what does not."""

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.authenticating import SHOWN, hash_secret, make_secret
from accounts.models import AccessLabel, ApiKey, Role, User
from contacts.columns import add as add_column
from contacts.columns import known
from contacts.models import Attribute, Audience, Contact
from contacts.storing import insert
from coupons.models import Batch, Code, Coupon, Shelf
from rules.jsonform import to_json
from rules.parsing import parse

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "five-quiet-otters-sing"


def make_user(
    email: str = "alice@example.org",
    *rights: str,
    role: str | Role | None = None,
    password: str = PASSWORD,
    created_at: datetime = NOON,
    **columns: Any,
) -> User:
    """A person with these rights (through a role of their own), or with this role."""
    if role is None and rights:
        role = make_role(f"Only for {email}", *rights)
    user = User.objects.create(
        email=email, password=make_password(password), created_at=created_at, **columns
    )
    if role is not None:
        user.roles.add(role if isinstance(role, Role) else built_in(role))
    return user


def make_role(name: str = "Brand manager", *rights: str, **columns: Any) -> Role:
    number = Role.objects.count()
    columns.setdefault("code", f"role-{number}")
    labels = columns.pop("labels", ())
    role = Role.objects.create(name=name, rights=list(rights), **columns)
    role.labels.set(labels)
    return role


def built_in(code: str) -> Role:
    return Role.objects.get(code=code)


def make_label(code: str = "brand-a", **columns: Any) -> AccessLabel:
    columns.setdefault("name", code.replace("-", " ").capitalize())
    return AccessLabel.objects.create(code=code, **columns)


def make_key(
    *scopes: str, name: str = "Web shop", created_at: datetime = NOON, **columns: Any
) -> tuple[ApiKey, str]:
    """A key with these scopes, and its secret."""
    secret = make_secret(publishable=bool(columns.get("origins")))
    key = ApiKey.objects.create(
        name=name,
        prefix=secret[:SHOWN],
        secret_hash=hash_secret(secret),
        scopes=list(scopes) or ["decide"],
        created_at=created_at,
        **columns,
    )
    return key, secret


def bearer(secret: str) -> dict[str, str]:
    """The headers with which a program shows its key."""
    return {"Authorization": f"Bearer {secret}"}


def make_attribute(name: str = "points", type: str = "int", **columns: Any) -> Attribute:  # noqa: A002 (its name)
    """A declared attribute, with its column. Make attributes before contacts."""
    columns.setdefault("label", name.replace("_", " ").capitalize())
    columns.setdefault("created_at", NOON)
    attribute = Attribute.objects.create(name=name, type=type, **columns)
    add_column(attribute)
    return attribute


def make_contact(key: str = "C-1001", *, kind: str = "contact", **values: Any) -> Contact:
    """Somebody, with values of built-in and declared attributes by name."""
    pk = insert({"key": key, **values}, known(), at=NOON, kind=kind)
    return Contact.objects.get(pk=pk)


def make_audience(name: str, rule: str = "", **columns: Any) -> Audience:
    """An audience with a rule, or a list when there is none."""
    columns.setdefault("label", name.replace("_", " ").capitalize())
    return Audience.objects.create(
        name=name,
        kind="rule" if rule else "list",
        rule=rule,
        tree=to_json(parse(rule)) if rule else None,
        created_at=NOON,
        changed_at=NOON,
        **columns,
    )


def make_coupon(code: str = "CPN23", **columns: Any) -> Coupon:
    """A coupon that is active and without limits."""
    columns.setdefault("label", "Soccer coupons")
    columns.setdefault("timezone", "Europe/Paris")
    columns.setdefault("created_at", NOON)
    columns.setdefault("changed_at", NOON)
    if columns.get("type") == "individual":
        columns.setdefault("max_redemptions_per_code", 1)
    specimen = columns.setdefault("specimen_code", f"TEST-{code}")
    return Coupon.objects.create(
        code=code, code_norm=code.upper(), specimen_norm=specimen.upper(), **columns
    )


def make_codes(coupon: Coupon, *codes: str, shelf: Shelf | None = None) -> list[Code]:
    """Available codes of a pool, on the shelf without segment or dates unless one is given."""
    if shelf is None:
        shelf, _made = Shelf.objects.get_or_create(
            coupon=coupon,
            segment="",
            start_at=None,
            end_at=None,
            is_restricted=False,
            is_proof=False,
        )
    batch = Batch.objects.create(coupon=coupon, origin="manual", created_at=NOON)
    return Code.objects.bulk_create(
        Code(
            coupon=coupon,
            shelf=shelf,
            batch=batch,
            code=code,
            code_norm=code if coupon.case_sensitive else code.upper(),
        )
        for code in codes
    )
