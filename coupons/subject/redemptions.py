"""Redemptions as files carry them: what was sold already, told afterwards."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from contacts.storing import keep_keys
from coupons import redeeming
from coupons.judging import Refused
from coupons.models import Coupon, Redemption
from coupons.normalising import lookups
from coupons.redeeming import AlreadyReversed, Use
from coupons.subject import leaving
from coupons.subject.common import REASONS, CouponFiles, actor_of, columns_by_name
from offers_site.idempotency import OtherBody
from transfers.forgetting import erased_since
from transfers.reading.columns import Column, Kind
from transfers.reading.faults import Fault
from transfers.reading.xml import XmlRecord, XmlShape
from transfers.subjects import NOTHING, Chunk, Outcome, RowFault, SubjectOption

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

SENTENCES: Mapping[str, _StrOrPromise] = {
    "redemption_unknown": _("No redemption of this source has this ticket."),
    "already_rolled_back": _("This redemption was reversed before."),
}
SOURCE = "file"  # of whatever no source is named
CENT = Decimal("0.01")
MOST_MONEY = Decimal(10**12)
# Tills wait while a chunk is written, and never are the ones to give way.
ROWS_AT_ONCE = 20
PATIENCE = "300ms"


class Redemptions(CouponFiles):
    name = "redemptions"
    label = _("Redemptions")
    unit = _("redemptions")
    key = "code"
    xml = XmlShape(
        "redemption",
        "redemptions",
        names={"@id": "redemption_id", "@coupon": "coupon_code"},
        inherited={"redemptions": {"source": "source"}},
        also={
            "rollback": XmlRecord(
                {"@on": "redeemed_on", "@reason": "comment"}, {"action": "rollback"}
            )
        },
        attributes=frozenset(
            {
                "redemption_id",
                "coupon_code",
                "code",
                "redeemed_on",
                "action",
                "of",
                "customer_key",
                "order_id",
                "store",
                "channel",
                "amount",
                "currency",
                "discount",
                "source",
            }
        ),
    )
    import_right = "coupons.redeem_codes"
    export_right = "coupons.view_coupon"
    key_right = "coupons.view_codes"
    operations = ("insert",)
    options = (
        SubjectOption(
            "source",
            _("Source"),
            _("Who tells, such as pos-fr: tickets are unique for each."),
        ),
        SubjectOption(
            "refuse_suspicious",
            _("Refuse what would have been refused at the till"),
            _(
                "Otherwise sales after the end, or of codes that nobody was given, are taken "
                "and remarked upon, because they have happened."
            ),
            is_flag=True,
        ),
    )
    sentences = {**REASONS, **SENTENCES}
    identity = None
    rows_at_once = ROWS_AT_ONCE
    narrowing = leaving.REDEMPTION_FILTERS
    sorts = tuple(leaving.REDEMPTION_ORDERS)

    def columns(self, chosen: Mapping[str, Any] = NOTHING) -> Mapping[str, Column]:
        return COLUMNS

    def apply(self, chunk: Chunk) -> Outcome:
        chunk.cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        outcome = Rows(chunk).apply()
        chunk.cursor.execute("SET LOCAL lock_timeout = 0")
        return outcome

    def export(self, columns: Sequence[Column], filters: Mapping[str, Any]) -> Any:
        return leaving.select_redemptions(columns, filters)

    filters_from = staticmethod(leaving.redemption_filters_from)


def money(word: str) -> str | Fault:
    amount = Decimal(word)
    fits = abs(amount) < MOST_MONEY and amount == amount.quantize(CENT)
    return str(amount.quantize(CENT)) if fits else Fault("number_invalid")


def currency(word: str) -> str | Fault:
    code = word.strip().upper()
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    return Fault("enum_invalid", detail={"choices": "EUR, GBP, USD…"})


def short(name: str, label: Any, most: int = 120, *aliases: str) -> Column:
    return Column(name, label, max_length=most, one_line=True, aliases=aliases)


COLUMNS = columns_by_name(
    # a reversal names what it reverses instead
    Column("code", _("Code"), Kind.KEY, aliases=("value",), max_length=200, in_header=True),
    Column("coupon_code", _("Coupon"), Kind.KEY, aliases=("code_coupon", "coupon"), max_length=200),
    Column(
        "redeemed_on",
        _("Date of use"),
        Kind.TIMESTAMP,
        aliases=("date_rachat", "utilise_le"),
        required=True,
    ),
    short("redemption_id", _("Ticket"), 200, "ticket"),
    Column(
        "action",
        _("Action"),
        choices=frozenset(Redemption.Kind.values),
        labels=dict(Redemption.Kind.choices),
    ),
    short("of", _("Ticket that is reversed"), 200),
    short("customer_key", _("Customer"), 120, "cle_client"),
    short("order_id", _("Order"), 120, "commande"),
    short("store", _("Store"), 120, "magasin"),
    short("channel", _("Channel"), 50, "canal"),
    Column("amount", _("Amount"), Kind.DECIMAL, aliases=("montant",), convert=money),
    Column("currency", _("Currency"), aliases=("devise",), convert=currency),
    Column("discount", _("Discount"), Kind.DECIMAL, aliases=("remise",), convert=money),
    Column("comment", _("Comment"), aliases=("commentaire",), max_length=500),
    short("source", _("Source"), 60),
    Column("recorded_at", _("Recorded at"), Kind.TIMESTAMP, export_only=True),
    Column("flags", _("Remarks"), export_only=True),
    Column("delivery_code", _("Delivery"), export_only=True),
    Column("message_ref", _("Message"), export_only=True),
    Column("id", _("Id"), export_only=True),
)
TOLD = ("customer_key", "order_id", "store", "channel", "currency", "comment")


class Rows:
    """The rows of a chunk: each is used like a code at a till, in a savepoint of its own."""

    def __init__(self, chunk: Chunk) -> None:
        self.chunk, self.outcome = chunk, Outcome()
        self.by = actor_of(chunk)
        self.is_strict = bool(chunk.options.get("refuse_suspicious"))
        self.coupons: dict[str, bool] = {}
        keep_keys()
        self.erased = erased_since(chunk.transfer) if chunk.transfer else frozenset()

    def apply(self) -> Outcome:
        names = [name for name in COLUMNS if name in self.chunk.names]
        for number, *cells in self.chunk.rows(*names):
            row = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
            if row.get("customer_key") in self.erased:  # the sale stays, who it was does not
                row["customer_key"] = f"erased-{uuid.uuid4().hex}"
            row.setdefault("source", str(self.chunk.options.get("source") or SOURCE)[:60])
            try:
                if row.get("action") == Redemption.Kind.ROLL_BACK:
                    self.roll_back(number, row)
                else:
                    self.redeem(number, row)
            except Refused as refusal:
                self.refuse(number, refusal.reason.value)
        return self.outcome

    def refuse(self, number: int, code: str, column: str = "", value: str = "") -> None:
        self.outcome.faults.append(RowFault(number, code, column, value))

    def redeem(self, number: int, row: Mapping[str, Any]) -> None:
        if not row.get("code"):
            self.refuse(number, "required_missing", "code")
            return
        coupon = row.get("coupon_code", "")
        if coupon and not self.is_coupon(coupon):
            self.refuse(number, "pool_not_found", "coupon_code", coupon)
            return
        use = Use(
            code=row["code"],
            source=row["source"],
            external_id=row.get("redemption_id") or name_of(row),
            coupon_code=coupon,
            redeemed_on=row["redeemed_on"],
            amount=row.get("amount"),
            discount=row.get("discount"),
            offline=not self.is_strict,
            **{name: row.get(name, "") for name in TOLD},
        )
        try:
            done = redeeming.redeem(use, by=self.by, at=self.chunk.at)
        except OtherBody:
            self.told_otherwise(number, use)
            return
        if done.is_replay:
            self.outcome.unchanged += 1
            return
        self.outcome.inserted += 1
        self.outcome.warnings += [RowFault(number, flag) for flag in done.redemption.flags]

    def told_otherwise(self, number: int, use: Use) -> None:
        """The same ticket: what is said of it besides the code and the moment may differ."""
        known = Redemption.objects.select_related("coupon", "code").get(
            source=use.source, external_id=use.external_id
        )
        stored = known.code.code_norm if known.code else known.coupon.code_norm
        if stored in lookups(use.code) and known.redeemed_on == use.redeemed_on:
            self.outcome.unchanged += 1
        else:
            self.refuse(number, "duplicate_in_db", "redemption_id", use.external_id)

    def is_coupon(self, code: str) -> bool:
        if code not in self.coupons:
            self.coupons[code] = leaving.named(code, self.by) is not None
        return self.coupons[code]

    def roll_back(self, number: int, row: Mapping[str, Any]) -> None:
        """Give a use back. Without `of` the ticket itself names what is reversed."""
        name = row.get("of") or row.get("redemption_id", "")
        if not name:
            self.refuse(number, "required_missing", "of")
            return
        told = Redemption.objects.filter(source=row["source"], external_id=name)
        known = told.filter(coupon__in=Coupon.objects.open_to(self.by))
        redemption = known.select_related("coupon").first()
        if redemption is None or not self.fits(redemption, row):
            self.refuse(number, "redemption_unknown", "of", name)
            return
        own = row["redemption_id"] if row.get("of") and row.get("redemption_id") else f"back:{name}"
        try:
            done = redeeming.roll_back(
                redemption,
                reason=row.get("comment") or self.chunk.origin[:500],
                source=row["source"],
                external_id=own[:200],
                on=row["redeemed_on"],
                by=self.by,
                at=self.chunk.at,
            )
        except (AlreadyReversed, OtherBody):
            self.refuse(number, "already_rolled_back", "of", name)
            return
        self.outcome.inserted += not done.is_replay
        self.outcome.unchanged += done.is_replay

    @staticmethod
    def fits(redemption: Redemption, row: Mapping[str, Any]) -> bool:
        """A reversal that also names a code means just that."""
        if not row.get("code"):
            return True
        code = redemption.code.code_norm if redemption.code else redemption.coupon.code_norm
        return code in lookups(row["code"])


def name_of(row: Mapping[str, Any]) -> str:
    """What a use without a ticket is called: the same code, moment and order are the same use."""
    found = find_norm(row)
    told = "|".join((found, row["redeemed_on"].isoformat(), row.get("order_id", "")))
    return f"row:{hashlib.sha256(told.encode()).hexdigest()}"


def find_norm(row: Mapping[str, Any]) -> str:
    forms = lookups(row["code"])
    return f"{row.get('coupon_code', '').upper()}:{forms[-1] if forms else row['code']}"
