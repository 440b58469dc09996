"""Settings from the environment, through helpers that refuse nonsense.

Every variable is named once, in `settings.py`; `READ` remembers the names, so that a test can
compare them with the table in docs/operations.md.
"""

import os
import re
import zoneinfo
from collections.abc import Collection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

READ: set[str] = set()
PLAIN_HOST = re.compile(r"[\w.:-]+")
HOST = re.compile(r"\*|\.?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
DATABASE_NUMBER = re.compile(r"/?|/[0-9]{1,4}")
SENDER = re.compile(r"[^@\s<>,]+@[^@\s<>,]+|[^@<>\r\n]+<[^@\s<>,]+@[^@\s<>,]+>")


class BadSetting(Exception):
    """A variable holds something that cannot be meant; the message says what was expected."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: expected {expected}.")


def env_text(name: str, default: str = "") -> str:
    READ.add(name)
    return os.environ.get(name, "").strip() or default


def env_flag(name: str, *, default: bool) -> bool:
    value = env_text(name).lower()
    if value in {"", "yes", "no"}:
        return default if value == "" else value == "yes"
    raise BadSetting(name, value, "yes or no")


def env_int(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    value = env_text(name, str(default))
    if value.isascii() and value.isdigit() and least <= int(value) <= most:
        return int(value)
    raise BadSetting(name, value, f"a whole number from {least} to {most}")


def env_choice(name: str, default: str, choices: Collection[str]) -> str:
    value = env_text(name, default)
    if value in choices:
        return value
    raise BadSetting(name, value, " or ".join(sorted(choices)))


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env_text(name, default).split(",") if part.strip()]


def env_path(name: str, default: Path) -> Path:
    value = env_text(name)
    try:
        return Path(value).expanduser().resolve() if value else default
    except RuntimeError:  # of whose home nobody knows
        raise BadSetting(name, value, "a directory") from None


def env_url(name: str, default: str, *, schemes: Collection[str]) -> SplitResult:
    """A URL whose scheme is one of `schemes`; passwords never stand in the refusal."""
    value = env_text(name, default)
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        raise BadSetting(name, "…", f"a URL that starts with {_either(schemes)}") from None
    if value and url.scheme not in schemes:
        raise BadSetting(name, f"{url.scheme}:…", f"a URL that starts with {_either(schemes)}")
    if url.scheme in {"http", "https"} and not PLAIN_HOST.fullmatch(url.hostname or ""):
        raise BadSetting(name, f"{url.scheme}:…", "the name of a host after //")
    if url.scheme in {"http", "https"} and (url.username or url.query or url.fragment):
        raise BadSetting(name, f"{url.scheme}:…", "nothing but a host, a port and a path")
    return url


def name_in_header(url: str) -> str:
    """The host of `url` as it stands in the header `Host`: an address of IPv6 in brackets."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def env_redis(name: str) -> str:
    """The address of a Redis; what is no number of a database would be taken for none."""
    value = env_address(name, "", schemes={"redis", "rediss", "unix"})
    url = urlsplit(value)
    if url.scheme == "unix" and not url.path.strip("/"):
        raise BadSetting(name, "unix:…", "the path of a socket after unix://")
    if url.scheme in {"redis", "rediss"} and not DATABASE_NUMBER.fullmatch(url.path):
        raise BadSetting(name, f"{url.scheme}:…", "a URL that ends in the number of a database")
    return value


def env_hosts(name: str, default: str) -> list[str]:
    """Names as they stand in the header `Host`, without scheme or port: else none would match."""
    hosts = env_list(name, default)
    for host in hosts:
        if not HOST.fullmatch(host):
            raise BadSetting(name, host, "names such as offers.example, separated by commas")
    return hosts


def env_sender(name: str, default: str) -> str:
    value = env_text(name, default)
    if SENDER.fullmatch(value):
        return value
    raise BadSetting(name, value, "an address such as Offers <offers@shop.example>")


def env_zone(name: str, default: str) -> str:
    value = env_text(name, default)
    if value in zoneinfo.available_timezones():
        return value
    raise BadSetting(name, value, "a time zone such as Europe/Paris")


def env_address(name: str, default: str, *, schemes: Collection[str]) -> str:
    """The URL as it was written: `urlsplit` drops the slashes of `unix:///socket`."""
    env_url(name, default, schemes=schemes)
    return env_text(name, default)


def _either(schemes: Collection[str]) -> str:
    return " or ".join(f"{scheme}://" for scheme in sorted(schemes))
