"""A start that cannot work is refused in one sentence."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

from proofs.installation import Installation, must


def prove(make: Callable[[str], Installation]) -> str:
    here = make("refusals")
    here.start()
    second = here.refusal(port=here.port + 1)
    must(str(here.up.pid) in second and f":{here.port}" in second, f"says too little: {second}")
    must("in use" in here.refusal(data=here.data.with_name("elsewhere")), "the busy port")
    here.stop()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", here.port))
        listener.listen()
        must("in use" in here.refusal(), "the busy port")
    must("is not a directory" in here.refusal(data=Path(__file__)), "a file as data directory")
    marker = json.loads(here.places.marker.read_text())
    here.places.marker.write_text(json.dumps(marker | {"format": 99}))
    must("newer Overture" in here.refusal(), "a newer Overture")
    here.places.marker.write_text(json.dumps(marker))
    version = here.places.postgres / "PG_VERSION"
    version.write_text("17\n")
    must("PostgreSQL 17" in here.refusal(), "another PostgreSQL")
    version.write_text("18\n")
    here.start()
    here.stop()
    return "second up, busy port, no directory, newer Overture, other PostgreSQL"
