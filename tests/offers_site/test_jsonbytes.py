from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pydantic_core
import pytest

from offers_site.jsonbytes import from_json, to_json


def test_what_programs_are_told_is_written_without_air():
    told = {"é": [1, 2.5, None, True], "id": UUID(int=7), "of": ("a", "b")}
    written = '{"é":[1,2.5,null,true],"id":"00000000-0000-0000-0000-000000000007","of":["a","b"]}'
    assert to_json(told) == written.encode()
    assert from_json(written) == {
        "é": [1, 2.5, None, True],
        "id": "00000000-0000-0000-0000-000000000007",
        "of": ["a", "b"],
    }


def test_what_is_not_of_json_itself_is_written_as_everywhere_else():
    told = {"at": datetime(2026, 6, 1, 8, tzinfo=UTC), "price": Decimal("1.10"), "many": 2**70}
    assert to_json(told) == (
        b'{"at":"2026-06-01T08:00:00Z","price":"1.10","many":1180591620717411303424}'
    )


def test_half_a_character_is_refused():
    with pytest.raises(pydantic_core.PydanticSerializationError):
        to_json("\ud800")
