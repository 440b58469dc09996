"""Links, as browsers read them: what a link may begin with, and how values are put into one."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import quote, urlsplit

# How far a link has come: nothing yet, a path without a slash before it, a lone slash, the host,
# behind the host, or one of these depending on conditions.
Phase = Literal["start", "relative", "slash", "host", "rest", "mixed"]
SCHEME = re.compile(r"(?i)(https?)://|(mailto|tel):")
HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?\.?")
HOST_LABEL = re.compile(r"[A-Za-z0-9-]{1,63}")
PLAIN = re.compile(
    r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,4})?"
    r"([/?#][A-Za-z0-9%/?#\[\]@!$&'()*+,;=:~._-]*)?\Z"
)
# What an address keeps of the characters it may hold; all others are percent-encoded.
KEPT = "%/?#[]@!$&'()*+,;=:~-._"
INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs", "Cs", "Co", "Cn"})
PICTURE_PATH = re.compile(r"/assets/[0-9a-f]{64}\.(png|jpg|gif|webp)\Z")


class BadLink(ValueError):
    """What is written is no link, or not one that leads to the web."""


def phase_after(phase: Phase, written: str) -> Phase:
    """How far a link has come after a text that the author wrote; raises BadLink."""
    if not written:
        return phase
    if has_tricks(written):
        raise BadLink
    if phase == "start":
        return phase_after_start(written)
    if phase == "host" and "@" in before_path(written):
        raise BadLink
    if phase in {"relative", "mixed"} and ":" in before_path(written):
        raise BadLink
    if phase in {"slash", "mixed"} and written.startswith("//"[: 1 if phase == "slash" else 2]):
        raise BadLink
    if phase == "slash" or before_path(written) != written:
        return "rest"
    return phase


def phase_after_start(written: str) -> Phase:
    if found := SCHEME.match(written):
        behind = written[found.end() :]
        return phase_after("host", behind) if found[1] else "rest"
    if written == "/":
        return "slash"
    if written.startswith("//") or ":" in before_path(written):
        raise BadLink
    return "relative" if before_path(written) == written else "rest"


def before_path(written: str) -> str:
    return re.split(r"[/?#]", written, maxsplit=1)[0]


def has_tricks(written: str) -> bool:
    """Characters that browsers drop or read as others: control characters, spaces, backslashes."""
    return "\\" in written or any(unicodedata.category(each) in INVISIBLE for each in written)


def web_link(written: str) -> str | None:
    """The link in ASCII, if it leads to the web; None for everything else."""
    if PLAIN.match(written):  # as nearly all are; what follows takes its time
        return written
    written = written.strip(" ").replace(" ", "%20")
    found = re.match(r"(?i)https?://", written)
    if not found or has_tricks(written):
        return None
    try:
        parts = urlsplit(written)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port
    except ValueError:  # UnicodeError is one
        return None
    if not HOST.fullmatch(host_written(host)) or "@" in parts.netloc:
        return None
    behind = written[len(found[0]) + len(parts.netloc) :]
    at = f":{port}" if port is not None else ""
    return f"{parts.scheme}://{host_written(host)}{at}{quote(behind, safe=KEPT)}"


def host_written(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()


def is_picture_path(written: str) -> bool:
    """Is it the address of a picture that we serve?"""
    return PICTURE_PATH.match(written) is not None


def link_value(written: str) -> str | None:
    """A whole link that came from a value: to the web, a page of the site, a mail address."""
    if PLAIN.match(written):
        return written
    written = written.strip(" ").replace(" ", "%20")
    if has_tricks(written):
        return None
    if re.match(r"(?i)(mailto|tel):", written) or written.startswith("#"):
        return quote(written, safe=KEPT)
    if written.startswith("/") and not written.startswith("//"):
        return quote(written, safe=KEPT)
    return web_link(written)
