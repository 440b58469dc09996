"""Making coupons forget somebody who was erased: codes and their uses stay, who it was does not.

Each key of theirs becomes a token of its own, so that what counts by customer goes on counting and
a code that was for them alone is nobody else's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from coupons.models import Code, CustomerUse, Hold, Redemption, Standing

CONTACTS = ("", "contact")  # mappings whose keys are ours; in another table they may be anybody's


def forget_person(names: Iterable[str]) -> Mapping[str, int]:
    """Put tokens in the place of somebody's keys and addresses, in the transaction that erases
    them. Says how many codes and uses named them."""
    tokens = {name: f"erased-{uuid.uuid4().hex}" for name in names if name}
    codes = forget_holder(tokens)
    own = Code.objects.filter(restricted_to__in=tokens)
    named = codes | replace(own, "restricted_to", tokens)
    uses = Redemption.objects.filter(Q(customer_key__in=tokens) | Q(code__in=codes))
    told = set(uses.values_list("pk", flat=True))
    Redemption.objects.filter(pk__in=told).update(comment="", details={})
    replace(Redemption.objects.filter(customer_key__in=tokens), "customer_key", tokens)
    replace(CustomerUse.objects.filter(customer_key__in=tokens), "customer_key", tokens)
    replace(Hold.objects.filter(customer_key__in=tokens), "customer_key", tokens)
    return {"coupon_codes": len(named), "redemptions": len(told)}


def forget_holder(tokens: Mapping[str, str]) -> set[int]:
    """Take somebody out of the codes they were sent; who shares an address with them stays."""
    ours = Q(target_mapping__in=CONTACTS)
    addresses = {form for name in tokens for form in (name, name.lower())}
    theirs = ours & Q(target_key__in=tokens)
    unnamed = Q(address__in=addresses) & ~(ours & ~Q(target_key=""))
    rows = Standing.objects.filter(theirs | unnamed).order_by("pk").select_for_update()
    found = set()
    for row in rows:
        changed = {"address": tokens.get(row.target_key, "erased") if row.address else ""}
        if row.target_mapping in CONTACTS and row.target_key in tokens:
            changed["target_key"] = tokens[row.target_key]
        Standing.objects.filter(pk=row.pk).update(**changed)
        found.add(row.pk)
    return found


def replace(rows: QuerySet[Any], column: str, tokens: Mapping[str, str]) -> set[int]:
    """Put tokens into a column; says which rows."""
    found = dict(rows.values_list("pk", column))
    for name in sorted(set(found.values())):
        pks = [pk for pk, value in found.items() if value == name]
        rows.model._default_manager.filter(pk__in=pks).update(**{column: tokens[name]})
    return set(found)
