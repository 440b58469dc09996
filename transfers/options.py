"""How an import is to be done: the same words in the command, the API and the wizard."""

import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.utils.translation import gettext as _

from transfers.reading.encodings import DECLARABLE
from transfers.reading.moments import FORMATS

OPERATIONS = ("insert", "upsert", "update", "void")
POLICIES = ("reject", "ignore", "update")
DELIMITERS = {
    ";": ";",
    ",": ",",
    "tab": "\t",
    "\t": "\t",
    "\\t": "\t",
    "|": "|",
    "auto": "",
    "": "",
}
LIMIT = re.compile(r"(\d{1,9})(%?)\Z", re.ASCII)
DEFAULT_LIMIT = "10%"


class BadOption(ValueError):
    """An option that is not understood: its name, and a sentence."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Options:
    format: str = ""
    operation: str = "insert"
    on_duplicate: str = "reject"
    delimiter: str = ""
    encoding: str = ""
    date_format: str = ""
    timezone: str = ""
    max_rejects: str = DEFAULT_LIMIT
    list: bool = False
    from_spreadsheet: bool = False
    dry_run: bool = False
    all_or_nothing: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    # What only some subjects know, such as the pool of a file of codes.
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, Any]:
        """What is worth keeping, as JSON."""
        return {name: value for name, value in asdict(self).items() if value not in ("", False, {})}

    @property
    def takes_all(self) -> bool:
        """Is the import never to stop, however much of it is refused?"""
        return self.max_rejects == "100%"

    def exceeded(self, rejected: int, read: int) -> bool:
        """Is so much refused that it should stop?"""
        match = LIMIT.match(self.max_rejects)
        if match is None or self.takes_all:
            return False
        number = int(match[1])
        if match[2]:
            return read >= 1000 and rejected * 100 > number * read
        return rejected > number


NAMES = {each.name for each in fields(Options)}
# What options of a subject's own may not be called: these are everybody's.
GENERAL = NAMES | {"subject", "file", "json", "settings", "verbosity", "version", "help"}
FLAGS = {"list", "from_spreadsheet", "dry_run", "all_or_nothing"}


def options_from(given: Mapping[str, Any]) -> Options:
    """Options from words; raises BadOption."""
    words = {name: value for name, value in given.items() if value not in (None, "")}
    unknown = sorted(set(words) - NAMES)
    if unknown:
        raise BadOption(unknown[0], _("There is no such option."))
    for name in FLAGS & set(words):
        words[name] = flag(name, words[name])
    check_choice(words, "format", ("csv", "xml"))
    if words.get("operation") == "validate_only":
        words.update(operation="insert", dry_run=True)
    check_choice(words, "operation", OPERATIONS)
    check_choice(words, "on_duplicate", POLICIES)
    check_choice(words, "delimiter", tuple(DELIMITERS))
    check_choice(words, "date_format", FORMATS)
    words["delimiter"] = DELIMITERS[words.get("delimiter", "")]
    encoding = str(words.get("encoding", "")).lower()
    if encoding and encoding not in DECLARABLE:
        raise BadOption("encoding", one_of(DECLARABLE))
    words["encoding"] = encoding
    check_zone(words.get("timezone", ""))
    words["max_rejects"] = str(words.get("max_rejects", DEFAULT_LIMIT)).replace(" ", "")
    if not LIMIT.match(words["max_rejects"]):
        raise BadOption("max_rejects", _("Write a number, or a share such as 10%."))
    return Options(**words)


def check_choice(words: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> None:
    if words.get(name, choices[0]) not in choices:
        raise BadOption(name, one_of([repr(c)[1:-1] for c in choices if c]))


def check_zone(name: str) -> None:
    if not name:
        return
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadOption(
            "timezone", _("This is no time zone: write one such as Europe/Paris.")
        ) from error


def flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in {"true", "1", "yes", "on"}:
        return True
    if word in {"false", "0", "no", "off"}:
        return False
    raise BadOption(name, _("Write true or false."))


def one_of(choices: Any) -> str:
    return _("Choose one of: %(choices)s.") % {"choices": ", ".join(choices)}
