"""The bank of the demo, which most of these tests ask."""

import pytest

from tests.decisioning.http import bring_bank


@pytest.fixture(scope="module")
def bank_of_the_module(module_db):
    """`open_bank` finds it there, as long as no test of the module wants an empty house."""
    bring_bank()
