"""Workers of their own processes, for a test that kills them: argv is the job.

One is forked for each line of input, and told of by its number: to import everything takes longer
than to work.
"""

import os
import sys

import django

django.setup()

from offers_site.tasks import import_file  # noqa: E402 (after the settings)

for _line in sys.stdin:
    worker = os.fork()
    if worker == 0:
        import_file(sys.argv[1])
        os._exit(0)
    print(worker, flush=True)  # noqa: T201 (the test reads it)
    os.waitpid(worker, 0)
    print("ended", flush=True)  # noqa: T201
