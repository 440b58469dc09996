"""Why an installation cannot start, each as one sentence that says what to do."""

import errno
import os
from pathlib import Path

ELSEWHERE = "or name another directory with --data-dir"
NOT_WRITABLE = f"cannot be written by this user: change its owner, {ELSEWHERE}"
NO_DIRECTORY = "is not a directory: name one with --data-dir"
TROUBLES = {
    errno.EROFS: "is on a read-only disk: name a directory that can be written with --data-dir",
    errno.ENOSPC: f"is on a disk that is full: make room, {ELSEWHERE}",
    errno.EDQUOT: f"is over the quota of this user: make room, {ELSEWHERE}",
    errno.EACCES: NOT_WRITABLE,
    errno.EPERM: NOT_WRITABLE,
    errno.ENOTDIR: NO_DIRECTORY,
    errno.EEXIST: NO_DIRECTORY,
    errno.ENAMETOOLONG: "is too long a name: use a shorter --data-dir",
}
OF_A_DISK = {errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM}


class CannotStart(Exception):
    """The installation cannot start; the message is one sentence for the person who tried."""


def cannot_write(path: Path, reason: OSError) -> CannotStart:
    """What `reason` means for the data directory `path`."""
    number = reason.errno or 0
    return CannotStart(f"{path} {TROUBLES.get(number, f'cannot be used: {os.strerror(number)}')}.")


def too_little_room(path: Path, free: int, needed: int) -> CannotStart:
    megabytes = f"{free // 2**20} MB free and Overture needs {needed // 2**20} MB"
    return CannotStart(f"The disk of {path} has only {megabytes}: make room, {ELSEWHERE}.")


def owned_by_another(path: Path, owner: str) -> CannotStart:
    return CannotStart(f"{path} belongs to {owner}: run as that user, {ELSEWHERE}.")


def other_postgres(path: Path, found: str, ours: int) -> CannotStart:
    return CannotStart(
        f"{path} was made by PostgreSQL {found} and this Overture brings PostgreSQL {ours}:"
        " move its content with pg_dump and pg_restore, as docs/operations.md says under Upgrades."
    )


def newer_overture(where: str, known: str) -> CannotStart:
    return CannotStart(
        f"{where} was last used by a newer Overture ({known} is unknown here): start that version,"
        " or restore a backup made by this one."
    )


def unreadable_marker(path: Path) -> CannotStart:
    return CannotStart(f"{path} is damaged: restore it from a backup, {ELSEWHERE}.")


def already_running(data: Path, pid: int, url: str) -> CannotStart:
    return CannotStart(
        f"Overture already runs on {data} (process {pid}, {url}): stop it first, {ELSEWHERE}."
    )


def busy_port(host: str, port: int, reason: OSError) -> CannotStart:
    if reason.errno == errno.EADDRINUSE:
        trouble = f"Port {port} on {host} is in use by another program: choose one with --port."
    elif reason.errno == errno.EACCES:
        trouble = f"Port {port} needs more rights than this user has: choose one above 1023."
    elif reason.errno == errno.EADDRNOTAVAIL:
        return unknown_host(host)
    else:
        trouble = f"Port {port} on {host} cannot be used: {reason.strerror or reason}."
    return CannotStart(trouble)


def unknown_host(host: str) -> CannotStart:
    example = ", as --host ::1" if host == "127.0.0.1" else ""
    return CannotStart(
        f"This machine has no address {host}: choose another one with --host{example}."
    )


def no_host(host: str) -> CannotStart:
    return CannotStart(
        "--host takes a name or an address of this machine, as 127.0.0.1 or ::1,"
        f" not {shortened(host)!r}."
    )


def shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def unreachable(server: str, variable: str, detail: str) -> CannotStart:
    return CannotStart(f"The {server} of {variable} cannot be reached: {_first_line(detail)}.")


def old_server(server: str, oldest: int) -> CannotStart:
    return CannotStart(f"The {server} given is too old: Overture needs {server} {oldest} or later.")


def no_tables(detail: str) -> CannotStart:
    return CannotStart(
        f"The database lacks tables of this Overture ({_first_line(detail)}): run"
        " `manage.py migrate` first."
    )


def cannot_migrate(detail: str) -> CannotStart:
    return CannotStart(f"The database cannot be brought up to date: {_first_line(detail)}.")


def no_binary(server: str, advice: str) -> CannotStart:
    return CannotStart(f"There is no {server} on this machine: {advice}.")


def unsafe_directory(path: Path) -> CannotStart:
    return CannotStart(
        f"{path} belongs to another user or is open to others: remove it, or shorten --data-dir."
    )


def server_failed(server: str, log: str) -> CannotStart:
    """What the server said last, which names the trouble better than its exit status does."""
    if "No space left on device" in log:
        return CannotStart(f"{server} could not start because the disk is full: make room.")
    said = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in said if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    last = (telling or said or ["it said nothing"])[-1]
    return CannotStart(f"{server} could not start: {last.rstrip('.')}.")


def server_slow(server: str, seconds: int) -> CannotStart:
    return CannotStart(f"{server} did not answer within {seconds} seconds; its log says why.")


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[0].rstrip(" .:")
