"""What the database refuses, whoever asks it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Role, User
from tests.build import make_key, make_label, make_role, make_user

pytestmark = pytest.mark.django_db


def test_an_address_is_stored_in_small_letters_and_once():
    make_user("alice@example.org")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("Alice@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("alice@example.org")

    assert User.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"language": "xx"}])
def test_a_preference_is_one_of_those_there_are(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user(**wrong)


def test_a_time_zone_is_validated():
    with pytest.raises(ValidationError):
        User(email="a@example.org", time_zone="Mars/Olympus").clean_fields(
            exclude=["password", "created_at"]
        )


def test_a_built_in_role_has_no_rights_of_its_own():
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.filter(code="agent").update(rights=["accounts.manage_people"])


def test_names_are_used_once_in_any_case():
    make_role("Till"), make_label("brand-a", name="Brand A"), make_key(name="Shop")

    for again in (
        lambda: make_role("TILL", code="other"),
        lambda: make_label("other", name="BRAND A"),
        lambda: make_key(name="SHOP"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            again()


def test_the_built_in_roles_are_these():
    assert set(Role.objects.built_in().values_list("code", flat=True)) == {
        "administrator",
        "agent",
        "analyst",
        "delivery_manager",
        "offer_manager",
    }
