"""When only `up` is killed its children end too, and the next `up` has all the data."""

import sys
import time
from collections.abc import Callable

from proofs.installation import Installation, must


def prove(make: Callable[[str], Installation]) -> str:
    here = make("supervisor")
    here.start()
    here.write_row(1)
    here.up.kill()
    here.up.wait()
    began = time.monotonic()
    here.must_be_gone(8)
    gone = time.monotonic() - began
    again = here.start()
    must(here.rows() == [1], "a row was lost")
    # At once, while what the killed one ran is still ending.
    here.up.kill()
    here.up.wait()
    at_once = here.start()
    must(here.rows() == [1], "a row was lost")
    here.stop()
    return (
        f"{sys.platform}: gone after {gone:.1f} s, ready again in {again:.1f} and {at_once:.1f} s"
    )
