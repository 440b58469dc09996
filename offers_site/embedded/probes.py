"""Whether the servers answer. A driver would take longer to import than this takes to run."""

import socket
import struct
from pathlib import Path

from offers_site.embedded.places import Places

DATABASE = b"overture"
PROTOCOL = 3 << 16
SECONDS_TO_ANSWER = 5


def postgres_answers(places: Places) -> bool:
    """Whether PostgreSQL lets us in: it listens for a while before it does.

    It is not asked before it says so of itself: each time it would log that it was FATAL.
    """
    if not says_ready(places.postgres / "postmaster.pid"):
        return False
    words = b"".join(word + b"\0" for word in (b"user", DATABASE, b"database", DATABASE, b""))
    hello = struct.pack("!ii", 8 + len(words), PROTOCOL) + words
    goodbye = struct.pack("!ci", b"X", 4)
    return _ask(places.sockets / ".s.PGSQL.5432", hello, b"R", goodbye)


def says_ready(pid_file: Path) -> bool:
    """What the server writes in the eighth line of its file, where `pg_ctl --wait` reads it too."""
    try:
        lines = pid_file.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def redis_answers(places: Places) -> bool:
    return _ask(places.redis_socket, b"PING\r\n", b"+", b"")


def _ask(path: Path, question: bytes, expected: bytes, goodbye: bytes) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS_TO_ANSWER)
            connection.connect(str(path))
            connection.sendall(question)
            answered = connection.recv(1) == expected
            connection.sendall(goodbye)
    except OSError:
        return False
    return answered
