#!/usr/bin/env python
"""Overture's commands. Without DATABASE_URL they use the servers of the data directory."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError

from offers_site.embedded.lending import sentence_about, servers_for
from offers_site.embedded.refusals import CannotStart
from offers_site.environment import BadSetting


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offers_site.settings")
    with servers_for(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except (BadSetting, CannotStart) as reason:
        sys.exit(str(reason))
    except DatabaseError as error:
        sentence = sentence_about(error)
        if sentence is None or "--traceback" in sys.argv:
            raise
        sys.exit(sentence)
    except KeyboardInterrupt:
        sys.exit(130)
