"""Values as text, made by PostgreSQL itself; what `transfers.reading` reads back."""

import json

from psycopg import sql

from transfers.reading.columns import Column, Kind

# What a spreadsheet would take for a formula, after blanks and quotation marks.
TRIGGER = "^[ '\"]*[-=+@\t\r\n＝＋－＠]"
MOMENT = (
    "to_char({0} AT TIME ZONE 'UTC', CASE WHEN date_trunc('second', {0}) = {0} "
    'THEN \'YYYY-MM-DD"T"HH24:MI:SS"Z"\' ELSE \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\' END)'
)


def as_text(column: Column, of: str = "t") -> sql.Composable:
    """The value of a column as a file writes it; NULL when there is none."""
    value = sql.SQL("{}.{}").format(sql.Identifier(of), sql.Identifier(column.target))
    forms = {
        Kind.BOOL: "CASE {0} WHEN true THEN 'true' WHEN false THEN 'false' END",
        Kind.DATE: "to_char({0}, 'YYYY-MM-DD')",
        Kind.TIMESTAMP: MOMENT,
        Kind.TEXTS: "array_to_string({0}, '|')",
        Kind.INTS: "array_to_string({0}, '|')",
        Kind.INT: "{0}::text",
        Kind.DOUBLE: "{0}::text",
        Kind.DECIMAL: "{0}::text",
        Kind.JSON: "{0}::text",
    }
    return sql.SQL(forms.get(column.kind, "{0}")).format(value)


def labelled(column: Column, text: sql.Composable) -> sql.Composable:
    """What people call a value, or each value of a list; the value itself where it has no label."""
    labels = sql.Literal(json.dumps(dict(column.labels), default=str))
    if column.kind not in {Kind.TEXTS, Kind.INTS}:
        return sql.SQL("coalesce({}::jsonb ->> ({}), {})").format(labels, text, text)
    return sql.SQL(
        "(SELECT string_agg(coalesce({}::jsonb ->> v, v), '|' ORDER BY n) "
        "FROM unnest(string_to_array({}, '|')) WITH ORDINALITY AS u(v, n))"
    ).format(labels, text)


def harmless(text: sql.Composable) -> sql.Composable:
    """No formula, whatever a spreadsheet thinks."""
    return sql.SQL("CASE WHEN ({0}) ~ {1} THEN '''' || ({0}) ELSE ({0}) END").format(
        text, sql.Literal(TRIGGER)
    )
