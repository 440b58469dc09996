"""What was committed is there after a restart, and sessions' secret stays the same."""

from collections.abc import Callable

from proofs.installation import Installation, must


def prove(make: Callable[[str], Installation]) -> str:
    here = make("data")
    for number in range(3):
        here.start()
        here.write_row(number)
        here.stop()
    here.start()
    must(here.rows() == [0, 1, 2], f"rows are missing: {here.rows()}")
    with here.database() as connection:
        settings = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index] # there is one row
            for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums")
        }
    must(set(settings.values()) == {"on"}, f"not durable: {settings}")
    here.stop()
    return "three restarts, every row there, durable settings on"
