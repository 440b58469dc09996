"""Whose rights the embedded servers run with. PostgreSQL refuses to be root."""

import json
import os
import pwd
import signal
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = str(Path(__file__).with_name("launch.py"))
LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine that has no rights of its own."""

    name: str
    uid: int
    gid: int


def servers_account() -> Account | None:
    """The account for the servers when we are root; None where they simply run as we do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, found.pw_uid, found.pw_gid)
    return Account("nobody", 65534, 65534)


def is_reachable(path: Path, account: Account) -> bool:
    """Whether `account` may pass every directory above `path`."""
    return all(_may_pass(directory.stat(), account) for directory in path.absolute().parents)


def _may_pass(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def launching(
    command: list[str],
    *,
    dies_by: signal.Signals | None,
    account: Account | None = None,
    reaching: tuple[Path, ...] = (),
) -> list[str]:
    """`command`, run as `account`, and sent `dies_by` by the kernel when the caller dies (Linux).

    Where the account cannot pass the directories above `reaching`, it keeps the one capability that
    lets it, rather than that anybody's directories are opened.
    """
    orders = {"parent": os.getpid(), "death_signal": int(dies_by or 0) if LINUX else 0}
    if account:
        reach = LINUX and not all(is_reachable(path, account) for path in reaching)
        orders |= {"uid": account.uid, "gid": account.gid, "reach": int(reach)}
    return [sys.executable, "-I", "-S", LAUNCHER, json.dumps(orders), *command]


def give(path: Path, account: Account | None) -> None:
    """`path` belongs to `account`, if there is one."""
    if account:
        os.chown(path, account.uid, account.gid)
