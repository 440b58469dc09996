"""The data directory of this process, and whether it can be used at all."""

import contextlib
import os
import pwd
import shutil
from pathlib import Path

from offers_site.embedded import notes
from offers_site.embedded.places import Places
from offers_site.embedded.privileges import servers_account
from offers_site.embedded.refusals import (
    cannot_write,
    newer_overture,
    other_postgres,
    owned_by_another,
    too_little_room,
    unreadable_marker,
)
from offers_site.environment import env_path, env_text

ROOT = Path(__file__).resolve().parent.parent.parent
FORMAT = 1
POSTGRES = 18  # the major version that the wheel brings
NEEDED_BYTES = 200 * 2**20


def places_of_environment() -> Places:
    """The same places that settings name, known before there are settings."""
    return Places(env_path("OVERTURE_DATA_DIR", ROOT / ".overture"))


def open_directory(places: Places) -> None:
    """The data directory exists, is ours, and can be written. Raises `CannotStart` if not."""
    try:
        places.data.mkdir(mode=0o755, parents=True, exist_ok=True)
        owner = places.data.stat().st_uid
        if os.geteuid() not in {owner, 0} or (os.geteuid() == 0 and not _may_root_use(owner)):
            raise owned_by_another(places.data, _name_of(owner))
        places.run.mkdir(mode=0o700, exist_ok=True)
        if not env_text("EMAIL_URL"):  # they hold links that let somebody in
            places.mail.mkdir(mode=0o700, exist_ok=True)
        probe = places.run / f"probe-{os.getpid()}"
        probe.write_bytes(b"\0")
        probe.unlink()
    except OSError as reason:
        raise cannot_write(places.data, reason) from None


def check_room(places: Places) -> None:
    """Raises `CannotStart` if the disk is all but full."""
    free = shutil.disk_usage(places.data).free
    if free < NEEDED_BYTES:
        raise too_little_room(places.data, free, NEEDED_BYTES)


def check_marker(places: Places) -> None:
    """The directory is one that this version understands, and says so. Raises `CannotStart`."""
    if places.marker.exists():
        made = notes.read(places.marker)
        if not isinstance(made, dict) or not isinstance(made.get("format"), int):
            raise unreadable_marker(places.marker)
        if made["format"] > FORMAT:
            raise newer_overture(str(places.data), f"its format {made['format']}")
    else:
        notes.write(places.marker, {"format": FORMAT, "postgres": POSTGRES})
    with contextlib.suppress(FileNotFoundError):
        found = (places.postgres / "PG_VERSION").read_text().strip()
        if found != str(POSTGRES):
            raise other_postgres(places.postgres, found, POSTGRES)


def _may_root_use(owner: int) -> bool:
    """Root uses its own directories; a user's would be left with files of root's."""
    account = servers_account()
    return owner == 0 or (account is not None and owner == account.uid)


def _name_of(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"
