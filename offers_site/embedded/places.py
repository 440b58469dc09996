"""Where an installation keeps its things: one data directory, and short names for its sockets."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

# A socket's path has at most 104 bytes on macOS and 108 on Linux; ".s.PGSQL.5432.lock" has 18.
LONGEST_SOCKET_DIRECTORY = 80


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
    def sockets(self) -> Path:
        """The directory of the sockets: ours if its name is short enough, else one in /tmp."""
        ours = self.run / "sockets"
        if len(os.fsencode(ours)) <= LONGEST_SOCKET_DIRECTORY:
            return ours
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"overture-{os.getuid()}-{digest}"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}?db=0"
