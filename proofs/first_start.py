"""In a new directory `up` becomes ready, says where, refuses a second and leaves nothing behind."""

from collections.abc import Callable

from proofs.installation import SECONDS_TO_STOP, Installation, must


def prove(make: Callable[[str], Installation]) -> str:
    here = make("one data directory, with a name that is long and strange")
    first = here.start("--workers", "1")
    second = here.refusal()
    whose = f"Overture already runs on {here.data} (process {here.up.pid}"
    must(whose in second, f"says too little: {second}")
    ready = f"Overture is ready: http://localhost:{here.port}\n"
    must(ready in here.log.read_text(), f"does not say where: {here.last_words()}")
    stop = here.stop()
    must(stop < SECONDS_TO_STOP, f"a stop took {stop:.1f} s")
    must(here.processes() == [], f"left behind: {here.processes()}")
    return f"ready after {first:.1f} s, stopped within {stop:.1f} s"
