"""Asks the web server whether it is ready, beside the supervision, which must not wait for it.

`python -m offers_site.embedded.readyz [/healthz]` asks from a shell and answers by exit status.
"""

import http.client
import os
import sys
import threading
import time
from urllib.parse import urlsplit

SECONDS_TO_ANSWER = 5
SECONDS_BETWEEN_QUESTIONS = 0.1


class ReadyWatch:
    """Knows when /readyz has answered 200 for the first time."""

    def __init__(self, address: str, port: int, base_url: str) -> None:
        self._address = address
        self._port = port
        # The one name that settings always allow, whatever ALLOWED_HOSTS says.
        self._host = urlsplit(base_url).netloc
        self._ready = threading.Event()
        self._told = False
        threading.Thread(target=self._ask, name="readyz", daemon=True).start()

    def has_news(self) -> bool:
        """True once: when it has become ready."""
        if self._told or not self._ready.is_set():
            return False
        self._told = True
        return True

    def _ask(self) -> None:
        while not is_ready(self._address, self._port, self._host):
            time.sleep(SECONDS_BETWEEN_QUESTIONS)
        self._ready.set()


def is_ready(address: str, port: int, host: str, path: str = "/readyz") -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=SECONDS_TO_ANSWER)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(paths: list[str]) -> int:
    """0 if the server of this container answers well. Its own address is always an allowed host."""
    host = urlsplit(os.environ.get("BASE_URL", "")).netloc or "localhost"
    port = int(os.environ.get("GRANIAN_PORT", "8000"))
    return 0 if all(is_ready("127.0.0.1", port, host, path) for path in paths) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["/readyz"]))
