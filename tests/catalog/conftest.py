"""A shop of each module, made once; what a test makes of it is taken back."""

import pytest

from tests.catalog.making import make_shop, now


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    return make_shop()


@pytest.fixture
def shop(shop_of_the_module):
    """That shop, read anew; modules whose shop has more in it make their own."""
    return now(shop_of_the_module)
