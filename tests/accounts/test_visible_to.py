"""What `LabelledQuerySet` shows to whom, tried on roles, which have labels too."""

from typing import Any, Self

import pytest

from accounts.models import LabelledQuerySet, Role
from tests.build import make_label, make_role, make_user

pytestmark = pytest.mark.django_db


class LabelledRoles(LabelledQuerySet[Role]):
    def exclude(self, *args: Any, access_labels__in: Any = None, **kwargs: Any) -> Self:
        return super().exclude(*args, labels__in=access_labels__in, **kwargs)


def seen_by(person):
    roles = LabelledRoles(Role)
    return {role.name for role in roles.filter(is_builtin=False).visible_to(person)}


def test_an_object_is_seen_by_those_who_hold_all_its_labels():
    a, b = make_label("brand-a"), make_label("brand-b")
    make_role("plain")
    make_role("of a", labels=[a])
    make_role("of both", labels=[a, b])
    holder_of_a = make_user("a@example.org", role=make_role("A", labels=[a]))
    holder_of_both = make_user("ab@example.org", role=make_role("AB", labels=[a, b]))
    nobody = make_user("nobody@example.org")
    boss = make_user("boss@example.org", role="administrator")

    assert seen_by(nobody) == {"plain"}
    assert seen_by(holder_of_a) == {"plain", "of a", "A"}
    assert seen_by(holder_of_both) == {"plain", "of a", "of both", "A", "AB"}
    assert seen_by(boss) == {"plain", "of a", "of both", "A", "AB"}


def test_what_somebody_sees_costs_three_queries(django_assert_num_queries):
    alice = make_user("alice@example.org", role=make_role("A", labels=[make_label("brand-a")]))

    with django_assert_num_queries(3):  # their roles, their labels, the objects
        seen_by(alice)
