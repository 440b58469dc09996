"""A call that says its name is decided once: whoever lost the answer asks again and gets it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import ApiKey
from accounts.remembering import check_stamp, stamp_of
from decisioning.answering import Outcome, Work, worked_out, written
from decisioning.calling import DecisionCall
from decisioning.models import NamedAnswer
from decisioning.routing import Caller
from offers_site.idempotency import OtherBody
from offers_site.jsonbytes import to_json


def answer_once(
    call: DecisionCall, *, name: str, digest: str, key: ApiKey, accepted: str | None, at: datetime
) -> tuple[bytes, dict[str, Any] | None]:
    """The answer as it is sent, and as it was told if it was decided now.

    The decision and its answer are committed together, and who asks with the same name meanwhile
    waits. Raises OtherBody, and what `answering.answer` raises.
    """
    if key.stamp:
        check_stamp(key, stamp_of(key))
    with transaction.atomic():
        kept, is_new = NamedAnswer.objects.get_or_create(
            key=key, name=name, defaults={"digest": digest, "at": at}
        )
        if kept.digest != digest:
            raise OtherBody
        if not is_new:
            return kept.body.encode(), None
        work, outcomes = worked_out(call, caller=Caller(by=key, accepted=accepted), at=at)
        told = written(work, outcomes)
        body = to_json(told)
        NamedAnswer.objects.filter(pk=kept.pk).update(
            body=body.decode(), people=sorted(people_of(work, outcomes))
        )
        return body, told


def people_of(work: Work, outcomes: Iterable[Outcome]) -> set[int]:
    """Whom an answer says something of."""
    decided = {one.decided.person.pk for one in outcomes if one.decided is not None}
    if work.identity.visitor is not None:
        decided.add(work.identity.visitor.pk)
    return {pk for pk in decided if pk is not None}
