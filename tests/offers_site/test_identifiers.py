import uuid
from concurrent.futures import ThreadPoolExecutor

from offers_site.identifiers import uuid7


def test_identifiers_are_of_version_seven():
    made = uuid7()

    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_identifiers_sort_by_the_moment_they_were_made():
    made = [uuid7() for _ in range(10_000)]

    assert made == sorted(made)


def test_threads_never_make_the_same_identifier():
    with ThreadPoolExecutor(max_workers=8) as workers:
        made = list(workers.map(lambda _: uuid7(), range(20_000)))

    assert len(set(made)) == 20_000


def test_an_identifier_tells_its_millisecond(monkeypatch):
    monkeypatch.setattr("offers_site.identifiers._last", 0)
    monkeypatch.setattr("time.time_ns", lambda: 1_795_651_200_123_000_000)

    assert uuid7().int >> 80 == 1_795_651_200_123
