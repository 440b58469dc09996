"""What is written down of a chunk: its counters, and what was refused."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from psycopg.types.json import Jsonb

from transfers.models import Reject, Transfer
from transfers.reading.faults import Fault, FileFault, Refusal, shown
from transfers.staging import Double
from transfers.subjects import RowFault

Severity = Reject.Severity
Unresolved = tuple[RowFault, int, str | None]  # with the line of the row, and its key
KEPT_DETAIL = 300  # characters of one part of a detail
STORE = (
    'COPY transfers_reject (transfer_id, line, "row", "column", severity, code, value, '
    "first_seen_line, detail) FROM STDIN"
)


class Noted(NamedTuple):
    """What becomes a `Reject`; of a file that is wrong throughout there are very many."""

    line: int
    row: int
    column: str
    severity: str
    code: str
    value: str
    first_seen_line: int | None
    detail: Jsonb


class Notes:
    """Collects, and writes once. The counters of the transfer are raised at once, in memory."""

    def __init__(self, transfer: Transfer, path: Callable[[int, str], str] | None) -> None:
        self.transfer = transfer
        self.path = path
        self.rejects: list[Noted] = []

    def count(self, name: str, number: int) -> None:
        """So many more rows were `name`: the sum of all is what was read."""
        setattr(self.transfer, name, getattr(self.transfer, name) + number)
        self.transfer.read += number

    def blank(self, number: int) -> None:
        self.transfer.blank += number

    def trimmed(self, number: int) -> None:
        """Blanks around keys are taken off; that is only counted."""
        if number:
            self.tally("blanks_trimmed", number)

    def tally(self, code: str, number: int = 1) -> None:
        self.transfer.codes[code] = self.transfer.codes.get(code, 0) + number

    def refuse(self, refusal: Refusal) -> None:
        self.count("rejected", 1)
        for fault in refusal.faults:
            self.add(refusal.number, refusal.line, fault, Severity.ERROR)

    def warn(self, refusal: Refusal) -> None:
        for fault in refusal.faults:
            self.add(refusal.number, refusal.line, fault, Severity.WARNING)

    def refuse_staged(self, fault: RowFault, line: int, key: str, value: str | None) -> None:
        """Refuse a row whose key, `value`, is in the column `key`."""
        self.count("rejected", 1)
        if fault.code == "duplicate_in_db":
            self.transfer.rejected_known += 1
        self.add(fault.number, line, told(fault, key, value), Severity.ERROR)

    def warn_staged(self, remark: RowFault, line: int, value: str | None, key: str) -> None:
        self.add(remark.number, line, told(remark, key, value), Severity.WARNING)

    def unresolved(self, refused: Sequence[Unresolved], key: str) -> None:
        for fault, line, value in refused:
            self.refuse_staged(fault, line, key, value)

    def doubles(self, doubles: Sequence[Double], *, listed: bool) -> None:
        if not listed:
            self.count("ignored", len(doubles))
            return
        for double in doubles:
            self.count("rejected", 1)
            detail = {"first_seen_line": double.first_line}
            fault = Fault("duplicate_in_file", "", double.key, detail)
            self.add(double.number, double.line, fault, Severity.ERROR, double.first_line)

    def fatal(self, fault: FileFault, *, line: int, row: int = 0) -> None:
        """The file ends here; a row that was begun counts as read and rejected."""
        self.transfer.fatal_code = fault.code
        told = Fault(fault.code, str(fault.detail.get("column", "")), fault.value, fault.detail)
        self.add(row, line, told, Severity.FATAL)

    def add(
        self, row: int, line: int, fault: Fault, severity: str, first_line: int | None = None
    ) -> None:
        self.tally(fault.code)
        path = self.path(row, fault.column) if self.path else fault.column
        self.rejects.append(
            Noted(
                line=line,
                row=row,
                column=shown(path)[:200],
                severity=severity,
                code=fault.code,
                value=shown(fault.value),
                first_seen_line=first_line,
                detail=Jsonb({name: kept(value) for name, value in fault.detail.items()}),
            )
        )

    def write(self) -> None:
        if not self.rejects:
            return
        self.rejects.sort(key=itemgetter(0, 1))
        with connection.cursor() as cursor, cursor.copy(STORE) as copy:
            for noted in self.rejects:
                copy.write_row((self.transfer.pk, *noted))


def told(fault: RowFault, key: str, value: str | None) -> Fault:
    """What the subject says of a row; unless it names a column, it is about the key."""
    if fault.column:
        return Fault(fault.code, fault.column, fault.value, dict(fault.detail))
    return Fault(fault.code, key, fault.value or value or "", dict(fault.detail))


def kept(value: Any) -> Any:
    return value if isinstance(value, int) else shown(str(value))[:KEPT_DETAIL]
