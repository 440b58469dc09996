"""Where `up` listens, and under which address people reach it. Needs no settings."""

import os
import re
import socket
import sys

import psutil

from offers_site.embedded.refusals import busy_port, no_host, unknown_host

ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 (compared, not bound)
# What can stand in a URL: no port, no brackets and no zone as in fe80::1%eth0.
NAME_OR_ADDRESS = re.compile(r"[\w.-]{1,253}|[0-9a-f:]*:[0-9a-f:.]*", re.ASCII | re.IGNORECASE)


def can_be_a_host(host: str) -> bool:
    return NAME_OR_ADDRESS.fullmatch(host) is not None


def resolved(host: str, port: int) -> str:
    """The numeric address of `host`. Raises `CannotStart`."""
    if not can_be_a_host(host):
        raise no_host(host)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise unknown_host(host) from None
    return str(found[0][4][0])


def check_port(address: str, port: int) -> None:
    """Nobody else listens there, and we may. Raises `CannotStart`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            # As the web server does it: the remains of closed connections are no hindrance.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(1)
    except OSError as reason:
        raise busy_port(address, port, reason) from None


def is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def local_url(host: str, port: int) -> str:
    """What to type into a browser: on this machine `localhost`, from others the name given."""
    # Not for ::1: to many machines, and to most programs then, `localhost` is 127.0.0.1 alone.
    if host in {"127.0.0.1", "localhost"}:
        name = "localhost"
    elif host in ANYWHERE:
        name = socket.gethostname()
    else:
        name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def reachable_address(address: str) -> str:
    """Where to ask whether the server answers; nobody can be called under "anywhere"."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104


def names_of_this_machine() -> list[str]:
    """Every name and address under which another machine may ask for this one."""
    names = ["localhost", socket.gethostname(), socket.getfqdn()]
    for addresses in psutil.net_if_addrs().values():
        for found in addresses:
            if found.family == socket.AF_INET:
                names.append(found.address)
            elif found.family == socket.AF_INET6:
                names.append(f"[{found.address.partition('%')[0]}]")
    return list(dict.fromkeys(names))


def has_display() -> bool:
    """Whether somebody sits before this machine who could see a browser."""
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
