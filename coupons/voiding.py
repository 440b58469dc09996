"""Voiding codes, putting voided ones back, and deleting those that nobody was ever given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from coupons.models import Code, Standing
from coupons.moving import lock_shelves
from coupons.outcomes import Done

FINAL = {Standing.Status.REDEEMED: "already_redeemed", Standing.Status.VOID: "code_void"}
PROMISED = "promised"  # a delivery that is being prepared was promised as many as there are


def void(pks: Collection[int], *, at: datetime) -> Done:
    """Withdraw codes, inside a movement. A reserved one is taken out of its message."""
    done = Done()
    codes = list(Code.objects.filter(pk__in=pks).order_by("pk"))
    room = {shelf.pk: shelf.free for shelf in lock_shelves({code.shelf_id for code in codes})}
    standings = locked_standings(pks)
    begun = []
    for code in codes:
        if code.pk in standings:
            continue
        if not room[code.shelf_id]:
            done.refuse({PROMISED: 1})
            continue
        room[code.shelf_id] -= 1
        begun.append(voided(code, at=at))
    Standing.objects.bulk_create(begun)
    for status, reason in FINAL.items():
        done.refuse({reason: sum(each.status == status for each in standings.values())})
    open_ones = [each for each in standings.values() if each.status not in FINAL]
    reserved = [each for each in open_ones if each.status == Standing.Status.RESERVED]
    done.deliveries = {each.delivery for each in reserved if each.delivery}
    rows = Standing.objects.filter(pk__in=[each.pk for each in open_ones])
    changed = {"status": Standing.Status.VOID, "voided_at": at, "changed_at": at}
    done.count = len(begun)
    done.count += rows.filter(status=Standing.Status.RESERVED).update(**changed, message=None)
    done.count += rows.exclude(status=Standing.Status.VOID).update(**changed)
    return done


def voided(code: Code, *, at: datetime) -> Standing:
    return Standing(
        code=code,
        coupon_id=code.coupon_id,
        shelf_id=code.shelf_id,
        status=Standing.Status.VOID,
        voided_at=at,
        changed_at=at,
    )


def put_back(pks: Collection[int]) -> Done:
    """Make voided codes available again, inside a movement, unless somebody may know them."""
    done = Done()
    lock_shelves(Code.objects.filter(pk__in=pks).values_list("shelf_id", flat=True).distinct())
    standings = locked_standings(pks)
    voids = [each for each in standings.values() if each.status == Standing.Status.VOID]
    known = [each for each in voids if each.issued_at or each.redemption_count]
    back = Standing.objects.filter(pk__in={each.pk for each in voids} - {e.pk for e in known})
    done.refuse({"code_issued": len(known), "not_void": len(pks) - len(voids)})
    done.count = back.count()
    back._raw_delete(back.db)
    return done


def delete(pks: Collection[int]) -> Done:
    """Delete codes from stock, inside a movement; all others stay for ever."""
    done = Done()
    codes = list(Code.objects.filter(pk__in=pks).values_list("pk", "shelf_id").order_by("pk"))
    room = {shelf.pk: shelf.free for shelf in lock_shelves({shelf for _pk, shelf in codes})}
    standings = locked_standings(pks)
    statuses = Counter(each.status for each in standings.values())
    done.refuse({f"code_{status}": number for status, number in statuses.items()})
    chosen = []
    for pk, shelf in codes:
        if pk in standings:
            continue
        if room[shelf]:
            room[shelf] -= 1
            chosen.append(pk)
        else:
            done.refuse({PROMISED: 1})
    doomed = Code.objects.filter(pk__in=chosen)
    done.count = doomed._raw_delete(doomed.db) or 0
    return done


def locked_standings(pks: Collection[int]) -> dict[int, Standing]:
    rows = Standing.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    return {row.pk: row for row in rows}


def chosen(
    codes: QuerySet[Code], *, statuses: Iterable[str] = (), segment: str | None = None
) -> QuerySet[Code]:
    """Those of a pool with one of these statuses, in one segment."""
    wanted = set(statuses)
    if wanted:
        those = Q(standing__status__in=wanted)
        codes = codes.filter(those | Q(standing=None) if "available" in wanted else those)
    return codes if segment is None else codes.filter(shelf__segment=segment)
