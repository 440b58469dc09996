import uuid

from offers_site.identifiers import uuid7


def test_identifiers_are_of_version_seven():
    made = uuid7()

    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_identifiers_sort_by_the_moment_they_were_made(monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_000_000_000)
    earlier = uuid7()
    monkeypatch.setattr("time.time_ns", lambda: 1_000_000_000_001_000_000)
    later = uuid7()

    assert earlier < later
