"""`export contacts`: out of the database into a file, from the shell."""

from offers_site.subjects import SUBJECTS
from transfers.commands import ExportCommand


class Command(ExportCommand):
    subjects = SUBJECTS
