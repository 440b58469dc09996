"""Changing what goes with codes, never the codes: labels, limits, and which shelf they stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from accounts.journal import record
from coupons.models import Batch, Code
from coupons.moving import lock_shelves
from jobs.models import Job
from jobs.running import Step

# What may be changed. The first four say on which shelf a code stands.
SHELVED = ("segment", "start_at", "end_at", "restricted_to")
CHANGEABLE = (*SHELVED, "label", "max_redemptions", "external_id", "attributes")
NOT_NULL = {"segment", "restricted_to", "label", "external_id"}
ALL_BUT_AVAILABLE = ("reserved", "issued", "redeemed", "void")

MAKE_PLAN = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS coupons_altered (code_id bigint PRIMARY KEY, "
    "shelf_id bigint, was bigint, differs boolean, refused text) ON COMMIT DELETE ROWS"
)


@dataclass(slots=True)
class Altered:
    """How many codes are other ones now, and why others are not, by primary key."""

    count: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def alter(
    cursor: CursorWrapper,
    wanted: sql.Composable,
    names: Collection[str],
    *,
    frozen: Collection[str],
) -> Altered:
    """Bring codes to what `wanted` says, a SELECT of `code_id` and `names`, read several times.

    Codes with one of the statuses `frozen` stay as they are; so do those that a delivery was
    promised, and those that would end before they start. Nobody takes any of them meanwhile.
    """
    new = {name: target(name, names) for name in CHANGEABLE}
    facts: dict[str, sql.Composable] = {
        "rows": ROWS.format(wanted=wanted),
        "segment": new["segment"],
        "start": new["start_at"],
        "end": new["end_at"],
        "restricted": sql.SQL("{} <> ''").format(new["restricted_to"]),
    }
    facts["same"] = SAME.format(**facts)
    lock_all(cursor, facts)
    cursor.execute(MAKE_PLAN)
    cursor.execute("TRUNCATE pg_temp.coupons_altered")
    differs = sql.SQL(" OR ").join(
        sql.SQL("v.{} IS DISTINCT FROM {}").format(sql.Identifier(name), new[name])
        for name in CHANGEABLE[3:]
    )
    cursor.execute(PLAN_ALL.format(**facts, differs=differs, frozen=sql.Literal(list(frozen))))
    cursor.execute(REFUSE_PROMISED)
    columns = [name for name in CHANGEABLE[3:] if name in names]
    sets = sql.SQL("").join(
        sql.SQL(", {} = {}").format(sql.Identifier(name), new[name]) for name in columns
    )
    cursor.execute(CHANGE.format(wanted=wanted, sets=sets))
    done = Altered(int(cursor.rowcount))
    cursor.execute(REFUSED)
    done.refused = dict(cursor.fetchall())
    return done


def target(name: str, names: Collection[str]) -> sql.Composable:
    """What a value becomes: of the wanted row `w`, or as it is with the code `v`, its shelf `h`."""
    if name not in names:
        of = "h" if name in SHELVED[:3] else "v"
        return sql.SQL("{}.{}").format(sql.Identifier(of), sql.Identifier(name))
    given = sql.SQL("w.{}").format(sql.Identifier(name))
    return sql.SQL("coalesce({}, '')").format(given) if name in NOT_NULL else given


def lock_all(cursor: CursorWrapper, facts: dict[str, sql.Composable]) -> None:
    """Make the shelves that are needed, and hold them with those on which the codes stand."""
    cursor.execute(MAKE_SHELVES.format(**facts))
    cursor.execute(SHELVES.format(**facts))
    lock_shelves(row[0] for row in cursor.fetchall())


ROWS = sql.SQL(
    "({wanted}) w JOIN coupons_code v ON v.id = w.code_id JOIN coupons_shelf h ON h.id = v.shelf_id"
)
# The shelf `n` on which a code belongs from now on.
SAME = sql.SQL(
    "n.coupon_id = v.coupon_id AND n.segment = {segment} "
    "AND n.start_at IS NOT DISTINCT FROM {start} AND n.end_at IS NOT DISTINCT FROM {end} "
    "AND n.is_restricted = ({restricted}) AND n.is_proof = h.is_proof"
)
MAKE_SHELVES = sql.SQL(
    "INSERT INTO coupons_shelf (coupon_id, segment, start_at, end_at, is_restricted, is_proof) "
    "SELECT DISTINCT v.coupon_id, {segment}, {start}, {end}, {restricted}, h.is_proof "
    "FROM {rows} WHERE {end} > {start} OR {start} IS NULL OR {end} IS NULL "
    "ORDER BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING"
)
SHELVES = sql.SQL(
    "SELECT h.id FROM {rows} UNION SELECT n.id FROM {rows} JOIN coupons_shelf n ON {same}"
)
PLAN_ALL = sql.SQL(
    "INSERT INTO pg_temp.coupons_altered "
    "SELECT v.id, n.id, v.shelf_id, n.id IS DISTINCT FROM v.shelf_id OR {differs}, "
    "CASE WHEN n.id IS NULL THEN 'window' "
    "WHEN t.status = ANY({frozen}) AND (n.id IS DISTINCT FROM v.shelf_id OR {differs}) "
    "THEN 'in_use' END "
    "FROM {rows} LEFT JOIN coupons_shelf n ON {same} "
    "LEFT JOIN coupons_standing t ON t.code_id = v.id"
)
# A shelf keeps as many codes without a standing as were promised from it.
REFUSE_PROMISED = (
    "UPDATE pg_temp.coupons_altered p SET refused = 'promised' FROM ("
    "SELECT a.code_id, h.free, row_number() OVER (PARTITION BY a.was ORDER BY a.code_id) AS n "
    "FROM pg_temp.coupons_altered a JOIN coupons_shelf h ON h.id = a.was "
    "WHERE a.shelf_id <> a.was AND a.refused IS NULL "
    "AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.code_id = a.code_id)"
    ") moved WHERE moved.code_id = p.code_id AND moved.n > moved.free"
)
CHANGE = sql.SQL(
    "UPDATE coupons_code v SET shelf_id = p.shelf_id{sets} "
    "FROM pg_temp.coupons_altered p JOIN ({wanted}) w ON w.code_id = p.code_id "
    "WHERE v.id = p.code_id AND p.differs AND p.refused IS NULL"
)
REFUSED = "SELECT code_id, refused FROM pg_temp.coupons_altered WHERE refused IS NOT NULL"


def alter_all(
    pks: Collection[int], values: Mapping[str, Any], *, frozen: Collection[str]
) -> Altered:
    """The same values for several codes."""
    types = {
        "max_redemptions": "integer",
        "attributes": "jsonb",
        "start_at": "timestamptz",
        "end_at": "timestamptz",
    }
    columns = sql.SQL("").join(
        sql.SQL(", {}::{} AS {}").format(
            sql.Literal(given), sql.SQL(types.get(name, "text")), sql.Identifier(name)
        )
        for name, given in values.items()
    )
    wanted = sql.SQL("SELECT id AS code_id{} FROM unnest({}::bigint[]) AS id").format(
        columns, sql.Literal(list(pks))
    )
    with connection.cursor() as cursor:
        return alter(cursor, wanted, values.keys(), frozen=frozen)


# --- all codes of a batch ---

CHUNK = 5_000


def work(job: Job, *, at: datetime) -> Generator[Step, None, None]:
    """The steps of a change of a batch, which its checkpoint describes; see `jobs.running.run`."""
    told = dict(job.checkpoint)
    batch = Batch.objects.select_related("coupon").get(pk=told["batch"])
    codes = Code.objects.filter(coupon=batch.coupon_id, batch=batch).order_by("pk")
    total = job.total or 0
    while pks := list(codes.filter(pk__gt=told["last"]).values_list("pk", flat=True)[:CHUNK]):
        done = alter_all(pks, told["values"], frozen=["reserved"])
        refused = Counter(told["refused"]) + Counter(done.refused.values())
        told |= {
            "last": pks[-1],
            "changed": told["changed"] + done.count,
            "refused": dict(refused),
        }
        total = max(total, job.done + len(pks))
        yield Step(done=len(pks), total=total, checkpoint=told)
    if told["changed"]:
        after = {"batch": batch.pk, "codes": told["changed"], **told["values"]}
        record("coupon.codes_changed", batch.coupon, by=job.by, at=at, after=after)
