"""A shop of each module, made once; what a test makes of it is taken back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from tests.catalog.making import make_shop, now


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    return make_shop()


@pytest.fixture
def shop(shop_of_the_module):
    """That shop, read anew; modules whose shop has more in it make their own."""
    return now(shop_of_the_module)


@pytest.fixture(scope="module")
def at_once():
    """Does all of some works at the same moment; what they return or raise, in order.

    Each has a thread, which keeps its connection: the first statements of a new one take long.
    """
    most = 8
    with ThreadPoolExecutor(most) as threads:

        def do(work, start):
            try:
                start.wait()
                return work()
            except Exception as error:  # noqa: BLE001 (the test looks at it)
                return error

        def do_all(*works):
            assert len(works) <= most  # one more would wait for ever
            start = Barrier(len(works))
            return [each.result() for each in [threads.submit(do, work, start) for work in works]]

        yield do_all
        closed = do_all(*[lambda: connection.close()] * most)  # each that of its own thread
        assert closed == [None] * most
