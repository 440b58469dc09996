"""`import contacts FILE`: a file into the database, from the shell."""  # noqa: N999 (the word of the command)

from offers_site.subjects import SUBJECTS
from transfers.commands import ImportCommand


class Command(ImportCommand):
    subjects = SUBJECTS
