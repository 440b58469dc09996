"""`load_demo`: people and labels to try the product with, in an installation without people."""

from typing import Any

from django.utils.timezone import now

from accounts import demo
from offers_site.commands import OvertureCommand


class Command(OvertureCommand):
    help = "Add the people and labels of the demo; does nothing where there are people already."

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        added = demo.load_people(at=now())
        if as_json:
            self.answer({"people": added})
        elif added:
            self.stdout.write(f"Added {added} people; their password is in {demo.kept_in()}.")
        else:
            self.stdout.write("There are people already: nothing was added.")
