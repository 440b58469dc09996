"""`load_demo`: catalogues, a shop and people to try the product with, where there are no people."""

from typing import Any

from django.contrib.auth import get_user_model
from django.utils.timezone import now

from accounts import demo
from catalog.demo import load_catalogue
from coupons.demo import load_coupons
from decisioning.demo import move_shop, open_shop
from offers_site.commands import OvertureCommand


class Command(OvertureCommand):
    help = "Add the catalogue and people of the demo; does nothing where there are people already."

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        contacts, coupons, added = 0, 0, 0
        if not get_user_model().objects.exists():
            # People come last: until they are there, what was interrupted is done again.
            contacts = load_catalogue(at=now())
            coupons = load_coupons(at=now())
            open_shop(at=now())
            added = demo.load_people(at=now())
        else:
            move_shop(at=now())
        if as_json:
            self.answer({"people": added, "contacts": contacts, "coupons": coupons})
        elif added:
            self.stdout.write(f"Added {added} people; their password is in {demo.kept_in()}.")
        else:
            self.stdout.write("There are people already: nothing was added.")
