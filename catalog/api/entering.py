"""What a key sees: what whoever made it sees, and everything when it was made at the console."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from accounts.models import ApiKey, User
from catalog.models import Environment
from offers_site.problems import Problem

Word = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(ge=0, le=2_147_483_647)]


def find_environment(key: ApiKey, name: str) -> Environment:
    user: User | None = key.created_by
    known = Environment.objects.visible_to(user) if user else Environment.objects.all()
    found = known.filter(name=name).first()
    if found is None:
        raise Problem(404, "environment_unknown", "There is no environment of this name.")
    return found
