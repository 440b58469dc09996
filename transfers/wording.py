"""The codes of refusals, as sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    # the file
    "file_empty": _("The file is empty."),
    "file_too_large": _("The file is too large."),
    "file_bomb": _("The file unpacks to far more than it should."),
    "file_unreadable": _("The file cannot be unpacked: send gzip, or a zip with one file in it."),
    "enc_unknown": _(
        "The encoding cannot be told. Save the file as UTF-8, or declare its encoding."
    ),
    "header_unknown": _("No column of the first line is known: %(value)s."),
    "header_duplicate": _("The column %(column)s is there twice."),
    "header_missing_column": _("The file lacks a column: %(column)s."),
    "delimiter_suspect": _(
        "The columns seem to be separated by “%(delimiter)s”, not by “%(declared)s”."
    ),
    "csv_unbalanced_quote": _("A quotation mark is never closed, or text follows the closing one."),
    "xml_dtd_forbidden": _("A document with a DOCTYPE is not read."),
    "xml_not_well_formed": _("The XML is broken at column %(column)s: %(reason)s."),
    "xml_limit": _("The XML is nested too deeply, or one of its tags is too long."),
    "xml_unknown_element": _("No element or attribute of a record is called so."),
    "too_many_rejects": _("Too many rows were refused: the import stopped here."),
    "not_all": _("Nothing was imported, because not all rows are right."),
    "pool_not_found": _("There is no such coupon."),
    "pool_wrong_type": _("This coupon takes no codes of its own."),
    # a row
    "enc_invalid": _("The byte at %(offset)s is no text in the encoding of the file."),
    "ctrl_char": _("A character that cannot be seen is not allowed here."),
    "column_count": _("There should be %(expected)s columns, but there are %(found)s."),
    "field_too_long": _("Too long."),
    "required_missing": _("This may not be empty."),
    "code_invalid_chars": _("The code contains a character that codes do not have."),
    "code_too_long": _("The code is too long."),
    "duplicate_in_file": _("The same key is in line %(first_seen_line)s already."),
    "duplicate_in_db": _("This key exists already."),
    "coupon_code_taken": _("Another coupon has this code."),
    "enum_invalid": _("Not one of the possible values: %(choices)s."),
    "date_format": _("Write dates as 2026-01-28, or declare the format of the file."),
    "date_nonexistent": _("At that moment the clocks were put forward: it does not exist."),
    "date_ambiguous": _("The clocks show this moment twice; the first was taken."),
    "date_range": _("There is no such date, or it is too far away."),
    "number_invalid": _("Not a number: write 1234.5, without separators of thousands."),
    "json_invalid": _("Not a JSON object."),
    "excel_mangled": _("A spreadsheet has turned the code into a number: format it as text."),
    "recipient_unknown": _("Nobody has this key."),
    "contact_erased": _("This person was erased after the file was sent."),
    "phone_invalid": _("Not a telephone number: write +33612345678."),
    "timezone_unknown": _("This is no time zone: write one such as Europe/Paris."),
    "not_updatable": _("This cannot be changed."),
}
HINTS: dict[str, str | Promise] = {
    "serial": _("A spreadsheet has turned the date into a number: format the column as text."),
    "short_year": _("Write the year with four digits."),
}


# Reasons by themselves, where the sentence speaks of one value.
REASONS: Mapping[str, str | Promise] = {
    "header_unknown": _("No column of the first line is known"),
    "header_duplicate": _("A column is there twice"),
    "header_missing_column": _("The file lacks a column"),
    "delimiter_suspect": _("Another delimiter"),
    "xml_not_well_formed": _("The XML is broken"),
    "enc_invalid": _("No text in the encoding of the file"),
    "column_count": _("Not as many columns as the first line has"),
    "duplicate_in_file": _("The same key is in the file before"),
    "enum_invalid": _("Not one of the possible values"),
    "blanks_trimmed": _("Blanks around keys were taken off"),
}


def reason(code: str) -> str:
    """Why rows were refused, of many at once."""
    return str(REASONS.get(code) or SENTENCES.get(code, code)).rstrip(".")


def teach(sentences: Mapping[str, str | Promise], hints: Mapping[str, str | Promise]) -> None:
    """Add a subject's own codes and hints; each means the same in every report."""
    for known, taught in ((SENTENCES, sentences), (HINTS, hints)):
        for code, words in taught.items():
            if known.setdefault(code, words) is not words:
                raise ValueError(f"{code} has another sentence already")


# what a sentence names and nobody told
UNTOLD = dict.fromkeys(
    (
        *("value", "column", "delimiter", "declared", "reason"),
        *("offset", "expected", "found", "first_seen_line", "choices"),
    ),
    "?",
)


def sentence(code: str, detail: Mapping[str, Any]) -> str:
    """What is wrong, in the reader's language."""
    if hint := HINTS.get(str(detail.get("hint", ""))):
        return str(hint)
    return str(SENTENCES.get(code, code)) % {**UNTOLD, **detail}
