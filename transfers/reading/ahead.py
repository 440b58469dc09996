"""Reading on while what was read is being written."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same items; a thread makes each while the one before it is being dealt with.

    Nothing else may touch what `items` reads from until this has ended.
    """
    with ThreadPoolExecutor(1, "reading ahead") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
