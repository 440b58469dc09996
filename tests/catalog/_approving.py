"""Somebody who approves in a process of their own, for a test that kills it: argv of `catalog`."""

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402 (after the settings)

call_command("catalog", *sys.argv[1:])
