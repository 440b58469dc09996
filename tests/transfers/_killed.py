"""A worker of its own process, for a test that kills it: argv is the job."""

import sys

import django

django.setup()

from offers_site.tasks import import_file  # noqa: E402 (after the settings)

import_file(sys.argv[1])
