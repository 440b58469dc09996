"""What becomes of the rows of a file of codes, once it is known to which coupon each belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import sql

from coupons import altering, voiding
from coupons.models import Coupon, Movement, Standing
from coupons.moving import moving
from coupons.storing import store_codes
from coupons.subject.common import HINTS, actor_of
from coupons.subject.resolving import NORM
from transfers.subjects import Chunk, Outcome, RowFault

# Of a file's columns those that an import may change afterwards, and what they are called inside.
CHANGEABLE = {
    "label": "label",
    "segment": "segment",
    "start_date": "start_at",
    "end_date": "end_at",
    "max_redemptions": "max_redemptions",
    "recipient_key": "restricted_to",
    "external_id": "external_id",
    "attributes": "attributes",
}


def parent(coupon: Coupon | None) -> sql.Composable:
    return sql.SQL("s._parent") if coupon is None else sql.Literal(coupon.pk)


def value(chunk: Chunk, name: str) -> sql.Composable:
    return sql.SQL("s.{}" if name in chunk.names else "NULL").format(sql.Identifier(name))


def insert(chunk: Chunk, coupon: Coupon | None, outcome: Outcome) -> None:
    make_batches(chunk, coupon)
    before = outcome.rows
    rows = sql.SQL(
        "SELECT c.id AS coupon_id, b.id AS batch_id, s.code, {norm} AS code_norm, "
        "{label}::text AS label, {segment}::text AS segment, {start}::timestamptz AS start_at, "
        "{end}::timestamptz AS end_at, {uses}::integer AS max_redemptions, "
        "{person}::text AS restricted_to, {external}::text AS external_id, "
        "{attributes}::jsonb AS attributes FROM {staging} s "
        "JOIN coupons_coupon c ON c.id = {parent} "
        "JOIN coupons_batch b ON b.transfer_id = {transfer} AND b.coupon_id = c.id "
        "WHERE NOT s._known"
    ).format(
        norm=NORM,
        label=value(chunk, "label"),
        segment=value(chunk, "segment"),
        start=value(chunk, "start_date"),
        end=value(chunk, "end_date"),
        uses=value(chunk, "max_redemptions"),
        person=value(chunk, "recipient_key"),
        external=value(chunk, "external_id"),
        attributes=value(chunk, "attributes"),
        staging=chunk.table,
        parent=parent(coupon),
        transfer=sql.Literal(chunk.transfer),
    )
    outcome.inserted = store_codes(chunk.cursor, rows)
    if before + outcome.inserted < chunk.count:
        made = set(chunk.cursor.fetchall())
        tried = unknown(chunk, coupon)
        outcome.existing = [number for number, *key in tried if tuple(key) not in made]


def make_batches(chunk: Chunk, coupon: Coupon | None) -> None:
    """One batch for each coupon that the file brings codes to."""
    pools = sql.SQL("SELECT {}::bigint AS pk").format(sql.Literal(coupon.pk if coupon else None))
    if coupon is None:
        pools = sql.SQL("SELECT DISTINCT _parent AS pk FROM {}").format(chunk.table)
    chunk.cursor.execute(
        sql.SQL(
            "INSERT INTO coupons_batch "
            "(coupon_id, origin, label, transfer_id, by_id, key_id, idempotency_key, "
            "request_hash, created_at) "
            "SELECT p.pk, 'import', {label}, t.id, t.by_id, t.key_id, '', '', {at} "
            "FROM ({pools}) p JOIN transfers_transfer t ON t.id = {transfer} "
            "WHERE NOT EXISTS (SELECT FROM coupons_batch b "
            "WHERE b.transfer_id = t.id AND b.coupon_id = p.pk) "
            "ORDER BY 1 ON CONFLICT DO NOTHING"
        ).format(
            pools=pools,
            label=sql.Literal(str(chunk.options.get("batch") or chunk.origin)[:200]),
            at=sql.Literal(chunk.at),
            transfer=sql.Literal(chunk.transfer),
        )
    )


def unknown(chunk: Chunk, coupon: Coupon | None) -> list[tuple[int, int, str]]:
    """The rows that are no code yet: number, coupon, and how the code is compared."""
    chunk.cursor.execute(
        sql.SQL(
            "SELECT s._number, c.id, {} FROM {} s JOIN coupons_coupon c ON c.id = {} "
            "WHERE NOT s._known ORDER BY 1"
        ).format(NORM, chunk.table, parent(coupon))
    )
    return list(chunk.cursor.fetchall())


FOUND = sql.SQL(
    "{staging} s JOIN coupons_coupon c ON c.id = {parent} "
    "JOIN coupons_code v ON v.coupon_id = c.id AND v.code_norm = {norm}"
)


def found(chunk: Chunk, coupon: Coupon | None) -> sql.Composable:
    """Staged rows `s` with their codes `v`."""
    return FOUND.format(staging=chunk.table, parent=parent(coupon), norm=NORM)


def change(chunk: Chunk, coupon: Coupon | None, outcome: Outcome) -> None:
    """Bring codes that are there to what the file says, as long as nobody was given them."""
    chunk.cursor.execute(sql.SQL("ANALYZE {}").format(chunk.table))
    chunk.cursor.execute(
        sql.SQL("SELECT s._number, v.id FROM {} ORDER BY v.id").format(found(chunk, coupon))
    )
    numbers = {pk: number for number, pk in chunk.cursor.fetchall()}
    if not numbers:
        return
    chunk.cursor.execute(
        sql.SQL("UPDATE {} SET _known = true WHERE _number = ANY(%s)").format(chunk.table),
        [list(numbers.values())],
    )
    names = {ours: name for name, ours in CHANGEABLE.items() if name in chunk.names}
    wanted = sql.SQL("SELECT v.id AS code_id{} FROM {}").format(
        sql.SQL("").join(
            sql.SQL(", s.{} AS {}").format(sql.Identifier(name), sql.Identifier(ours))
            for ours, name in names.items()
        ),
        found(chunk, coupon),
    )
    done = altering.alter(chunk.cursor, wanted, names, frozen=altering.ALL_BUT_AVAILABLE)
    outcome.updated = done.count
    outcome.unchanged = len(numbers) - done.count - len(done.refused)
    outcome.faults += [
        RowFault(numbers[pk], "date_range" if hint == "window" else "not_updatable", "", "", told)
        for pk, hint in done.refused.items()
        for told in [{"hint": hint} if hint in HINTS else {}]
    ]


def void(chunk: Chunk, coupon: Coupon | None, outcome: Outcome) -> None:
    """Withdraw codes; those that are void already are unchanged."""
    chunk.cursor.execute(
        sql.SQL("SELECT c.id, v.id, s._number FROM {} ORDER BY c.id, v.id").format(
            found(chunk, coupon)
        )
    )
    pools: dict[int, dict[int, int]] = {}
    for pool, pk, number in chunk.cursor.fetchall():
        pools.setdefault(pool, {})[pk] = number
    there = {number for codes in pools.values() for number in codes.values()}
    outcome.faults = [RowFault(n, "code_unknown") for n, *_key in chunk.rows() if n not in there]
    actor = actor_of(chunk)
    for pool, numbers in pools.items():
        was = statuses_of(numbers)
        asked = [pk for pk in numbers if was.get(pk) not in voiding.FINAL]
        with moving(Movement.Kind.VOID, pool, by=actor, at=chunk.at, reason=chunk.origin[:500]):
            outcome.updated += voiding.void(asked, at=chunk.at).count
        now = statuses_of(asked)
        left = [pk for pk in asked if now.get(pk) != Standing.Status.VOID]
        used = [pk for pk in numbers if was.get(pk) == Standing.Status.REDEEMED]
        outcome.unchanged += len(numbers) - len(asked) - len(used)
        outcome.faults += [RowFault(numbers[pk], "already_redeemed") for pk in used]
        told = {"hint": "promised"}
        outcome.faults += [RowFault(numbers[pk], "not_updatable", detail=told) for pk in left]


def statuses_of(pks: Mapping[int, int] | Sequence[int]) -> dict[int, str]:
    rows = Standing.objects.filter(pk__in=list(pks))
    return dict(rows.values_list("pk", "status"))
