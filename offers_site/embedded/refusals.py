"""Why an installation cannot start, each as one sentence that says what to do."""

import errno
import os
from pathlib import Path


class CannotStart(Exception):
    """The installation cannot start; the message is one sentence for the person who tried."""


def cannot_write(path: Path, reason: OSError) -> CannotStart:
    """What `reason` means for the data directory that `path` belongs to."""
    sentences = {
        errno.EROFS: f"{path} is on a read-only disk: name a directory that can be written with --data-dir.",
        errno.ENOSPC: f"The disk of {path} is full: make room, or name another place with --data-dir.",
        errno.EDQUOT: f"The disk quota for {path} is used up: make room, or use another --data-dir.",
        errno.EACCES: f"{path} cannot be written by this user: change its owner, or use another --data-dir.",
        errno.EPERM: f"{path} cannot be written by this user: change its owner, or use another --data-dir.",
        errno.ENOTDIR: f"{path} is not a directory: name a directory with --data-dir.",
        errno.EEXIST: f"{path} is not a directory: name a directory with --data-dir.",
        errno.ENAMETOOLONG: f"{path} is too long a name: use a shorter --data-dir.",
    }
    other = f"{path} cannot be used: {os.strerror(reason.errno or 0)}."
    return CannotStart(sentences.get(reason.errno or 0, other))


def too_little_room(path: Path, free: int, needed: int) -> CannotStart:
    return CannotStart(
        f"The disk of {path} has only {free // 2**20} MB free and Overture needs {needed // 2**20} MB:"
        " make room, or name another place with --data-dir."
    )


def owned_by_another(path: Path, owner: str) -> CannotStart:
    return CannotStart(f"{path} belongs to {owner}: run as that user, or use another --data-dir.")


def other_postgres(path: Path, found: str, ours: int) -> CannotStart:
    return CannotStart(
        f"{path} was made by PostgreSQL {found} and this Overture brings PostgreSQL {ours}:"
        " move its content with pg_dump and pg_restore, as docs/operations.md says under Upgrades."
    )


def newer_overture(path: Path) -> CannotStart:
    return CannotStart(
        f"{path} was last used by a newer Overture: start that version, or restore a backup made by this one."
    )


def unreadable_marker(path: Path) -> CannotStart:
    return CannotStart(f"{path} is damaged: restore it from a backup, or use another --data-dir.")


def already_running(data: Path, pid: int, url: str) -> CannotStart:
    return CannotStart(
        f"Overture already runs on {data} (process {pid}, {url}): stop it first, or use another --data-dir."
    )


def busy_port(host: str, port: int, reason: OSError) -> CannotStart:
    if reason.errno == errno.EADDRINUSE:
        return CannotStart(
            f"Port {port} on {host} is in use by another program: choose another one with --port."
        )
    if reason.errno == errno.EACCES:
        return CannotStart(f"Port {port} needs more rights than this user has: choose one above 1023.")
    return CannotStart(f"Cannot listen on {host} port {port}: {reason.strerror or reason}.")


def no_binary(server: str, advice: str) -> CannotStart:
    return CannotStart(f"There is no {server} on this machine: {advice}")


def cannot_change_account(account: str, detail: str) -> CannotStart:
    return CannotStart(
        f"PostgreSQL does not run as root, and root may not become {account} here ({detail}):"
        " run as an ordinary user, or set DATABASE_URL."
    )


def cannot_reach(account: str, path: Path) -> CannotStart:
    return CannotStart(
        f"PostgreSQL runs as {account} when Overture is started by root, and {account} cannot reach"
        f" {path}: run as an ordinary user, use another --data-dir, or set DATABASE_URL."
    )


def unsafe_sockets(path: Path) -> CannotStart:
    return CannotStart(
        f"{path} belongs to another user or is open to others: remove it, or use a shorter --data-dir."
    )


def server_failed(server: str, log: str) -> CannotStart:
    """What the server said last, which names the trouble better than its exit status does."""
    said = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in said if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    last = (telling or said or ["it said nothing"])[-1]
    if "No space left on device" in log:
        return CannotStart(f"{server} could not start because the disk is full: make room and try again.")
    return CannotStart(f"{server} could not start: {last.rstrip('.')}.")


def too_slow(server: str, seconds: int) -> CannotStart:
    return CannotStart(f"{server} did not answer within {seconds} seconds; its log says why.")
