"""The bank of the demo, which most of these tests ask."""

import pytest

from catalog.demo import load_catalogue
from tests.build import NOON
from tests.decisioning.http import forget


@pytest.fixture(scope="module")
def bank_of_the_module(module_db):
    """`open_bank` finds it there, as long as no test of the module wants an empty house."""
    forget()
    load_catalogue(at=NOON)
