"""The search of the top bar finds contacts, as far as somebody may see them."""

import pytest
from django.urls import reverse

from tests.build import make_contact, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "text", "shown"),
    [
        ("agent", "alice mar", "Alice Martin"),
        ("agent", "c-47", "Alice Martin"),
        ("analyst", "c-47", "C-4711"),
        ("analyst", "alice mar", None),
    ],
)
def test_a_contact_is_found_by_what_somebody_may_see(client, role, text, shown):
    make_contact("C-4711", first_name="Alice", last_name="Martin")
    client.force_login(make_user(role=role))

    page = client.get(reverse("search"), {"q": text})

    hits = [hit.label for found in page.context["found"] for hit in found.hits]
    assert hits == ([shown] if shown else [])
