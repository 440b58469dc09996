"""`up` becomes ready, and stops within 15 seconds without leaving a process or a socket."""

import signal
from collections.abc import Callable

from proofs.installation import SECONDS_TO_STOP, Installation, must, wait_for

SECONDS_OF_A_LATER_START = 8


def prove(make: Callable[[str], Installation]) -> str:
    here = make("start and stop")
    first = here.start()
    stops = [here.stop(signal.SIGINT)]
    later = here.start()
    stops.append(here.stop(signal.SIGTERM))
    here.launch()
    wait_for(here.places.up_note.exists, 10, "`up` did not begin")
    stops.append(here.stop(signal.SIGHUP))  # while it still starts
    must(later < SECONDS_OF_A_LATER_START, f"a later start took {later:.1f} s")
    must(max(stops) < SECONDS_TO_STOP, f"a stop took {max(stops):.1f} s")
    return f"first start {first:.1f} s, later {later:.1f} s, slowest stop {max(stops):.1f} s"
