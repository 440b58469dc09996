"""Where an installation keeps its things: one data directory, and short names for its sockets."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

# A socket's path has at most 104 bytes on macOS and 108 on Linux; ".s.PGSQL.5432.lock" has 18.
LONGEST_SOCKET_DIRECTORY = 80
IN_MEMORY = Path("/dev/shm")  # noqa: S108 (`prepare_metrics` checks what stands there)
# Other characters mean something in a list of hosts (the comma) or in a URL.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_./+-]+")


@dataclass(frozen=True, slots=True)
class Places:
    """The paths below one data directory, and the addresses of the servers that run there."""

    data: Path

    @property
    def postgres(self) -> Path:
        return self.data / "postgres"

    @property
    def redis(self) -> Path:
        return self.data / "redis"

    @property
    def run(self) -> Path:
        """Locks, notes on running children and the scheduler's clock: nothing worth a backup."""
        return self.data / "run"

    @property
    def static(self) -> Path:
        return self.data / "static"

    @property
    def mail(self) -> Path:
        return self.data / "mail"

    @property
    def marker(self) -> Path:
        """Which Overture and which PostgreSQL made this directory."""
        return self.data / "overture.json"

    @property
    def sockets(self) -> Path:
        """The directory of the sockets: ours if its name is short and plain, else one in /tmp.

        Not in TMPDIR, which may differ between two terminals of one person.
        """
        ours = self.run / "sockets"
        name = str(ours)
        if len(os.fsencode(ours)) <= LONGEST_SOCKET_DIRECTORY and PLAIN_NAME.fullmatch(name):
            return ours
        return Path("/tmp") / self.short_name  # noqa: S108 (checked by `prepare`)

    @property
    def short_name(self) -> str:
        """A name for what cannot stand in the data directory itself."""
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return f"overture-{os.getuid()}-{digest}"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}?db=0"

    # --- Locks, each a file in `run` ---

    @property
    def starting(self) -> Path:
        """Held alone by whoever starts or stops servers."""
        return self.run / "starting.lock"

    @property
    def using(self) -> Path:
        """Shared by the commands that use servers which commands started."""
        return self.run / "using.lock"

    @property
    def up(self) -> Path:
        """Held by `up` for as long as it runs."""
        return self.run / "up.lock"

    @property
    def keeping(self) -> Path:
        """Held by the keeper of servers which commands started."""
        return self.run / "keeping.lock"

    @property
    def metrics(self) -> Path:
        """The counters of the processes that run now: in memory, where there is a place for it.

        They are mapped, and whoever writes to a mapped file on a full disk is killed at once.
        """
        if os.access(IN_MEMORY, os.W_OK | os.X_OK):
            return IN_MEMORY / self.short_name
        return self.run / "metrics"

    @property
    def beat_schedule(self) -> Path:
        """When the clock last rang."""
        return self.run / "beat-schedule"

    # --- Notes ---

    @property
    def up_note(self) -> Path:
        return self.run / "up.json"

    @property
    def keeper_note(self) -> Path:
        return self.run / "keeper.json"

    @property
    def children_note(self) -> Path:
        return self.run / "children.json"

    @property
    def tables_made(self) -> Path:
        """Exists as soon as a first migration has come to its end."""
        return self.data / "tables-made"

    @property
    def keeper_log(self) -> Path:
        return self.run / "keeper.log"

    @property
    def servers_log(self) -> Path:
        """What servers say that a command started; `up` shows it on its output instead."""
        return self.run / "servers.log"
