import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice

from offers_site.identifiers import moment_of, texts_at, uuid7, uuid7_at


def test_identifiers_are_of_version_seven():
    made = uuid7()

    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_identifiers_sort_by_the_moment_they_were_made():
    made = [uuid7() for _ in range(10_000)]

    assert made == sorted(made)


def test_threads_never_make_the_same_identifier():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.000_01)  # they take turns in the middle of making one
    try:
        with ThreadPoolExecutor(max_workers=8) as workers:
            made = list(workers.map(lambda _: [uuid7() for _ in range(2_500)], range(8)))
    finally:
        sys.setswitchinterval(interval)

    assert len({one for some in made for one in some}) == 20_000


def test_an_identifier_tells_its_millisecond(monkeypatch):
    monkeypatch.setattr("offers_site.identifiers._last", 0)
    monkeypatch.setattr("time.time_ns", lambda: 1_795_651_200_123_000_000)

    assert uuid7().int >> 80 == 1_795_651_200_123


def test_an_identifier_of_a_moment_can_be_made_again_and_tells_it():
    at = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)

    made = uuid7_at(at, b"12345678")

    assert str(made) == "01a1fdfa-467b-774b-8c4c-8ccd0d4d8dce"
    assert made.version == 7
    assert moment_of(made) == datetime(2026, 11, 21, 12, 0, 0, 123000, tzinfo=UTC)


def test_identifiers_of_moments_sort_by_them():
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    made = [uuid7_at(at + timedelta(microseconds=n)) for n in range(2000)]

    assert made == sorted(made)


def test_before_1970_there_is_no_earlier_identifier():
    assert uuid7_at(datetime(1900, 1, 1, tzinfo=UTC)).int >> 80 == 0


def test_texts_of_many_are_identifiers_of_their_moment(monkeypatch):
    at = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
    ours = str(uuid7_at(at))[:19]
    monkeypatch.setattr("os.urandom", lambda number: bytes(range(256))[::-1] * (number // 256))

    texts = list(islice(texts_at(at), 66))

    assert texts[0] == "01a1fdfa-467b-774b-bffe-fdfcfbfaf9f8"
    assert texts[63] == "01a1fdfa-467b-774b-8706-050403020100"
    assert texts[64:] == texts[:2]  # as chance has it here
    made = [uuid.UUID(text) for text in texts]
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert {str(one) for one in made} == set(texts)
    assert {text[:18] for text in texts} == {ours[:18]}
