"""Become another program: with other rights, and bound to the life of the process that asked.

Run as a script by the processes that start servers: `python -I -S launch.py '{…}' program …`. Not a
`preexec_fn`, because the supervisor has threads, and Python code between fork and exec is not safe
then. After `exec` nothing of it is left.
"""

import ctypes
import json
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
REFUSED = 126


def main(orders: dict[str, int], command: list[str]) -> None:
    """`command` runs in place of this process. Keys: parent, death_signal, uid, gid, reach."""
    libc = ctypes.CDLL(None, use_errno=True)
    if "uid" in orders:
        become(libc, orders["uid"], orders["gid"], reach=bool(orders["reach"]))
    # After the change of account, which clears it.
    if sys.platform == "linux" and orders["death_signal"]:
        call(libc, "prctl", PR_SET_PDEATHSIG, orders["death_signal"], 0, 0, 0)
        if os.getppid() != orders["parent"]:
            sys.exit(REFUSED)  # the parent died before it could be watched
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


def become(libc: ctypes.CDLL, uid: int, gid: int, *, reach: bool) -> None:
    """The process belongs to `uid` and `gid`; with `reach` it still passes closed directories."""
    keeps = reach and sys.platform == "linux"
    if keeps:
        call(libc, "prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
        # Without it access(2), which initdb asks about its neighbours, forgets the capability.
        call(libc, "prctl", PR_SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if not keeps:
        return
    # One capability of the 64 there are, permitted and effective, and inherited by children.
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    call(libc, "capset", header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
    call(libc, "prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def call(libc: ctypes.CDLL, name: str, *arguments: object) -> None:
    long = [
        ctypes.c_ulong(argument) if isinstance(argument, int) and position else argument
        for position, argument in enumerate(arguments)
    ]
    if getattr(libc, name)(*long) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]), sys.argv[2:])
    except OSError as reason:
        sys.stderr.write(f"{sys.argv[2]}: {reason.strerror}\n")
        sys.exit(REFUSED)
