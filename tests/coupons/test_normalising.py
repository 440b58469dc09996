"""Which codes there can be, and which are the same."""

import pytest

from coupons.normalising import BadCode, lookups, masked, normal, read_code


@pytest.mark.parametrize(
    ("text", "code", "norm"),
    [
        ("Trynow", "Trynow", "TRYNOW"),
        (" N2 ", "N2", "N2"),
        ("\u00a0N2\u00a0", "N2", "N2"),
        ("ＡＢ１", "AB1", "AB1"),
        ("a--b.c_d", "a--b.c_d", "A--B.C_D"),
        ("x" * 64, "x" * 64, "X" * 64),
    ],
)
def test_a_code_is_kept_as_written_and_compared_without_capitals(text, code, norm):
    assert read_code(text) == (code, norm)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "required_missing"),
        ("  ", "required_missing"),
        ("A B", "code_invalid_chars"),
        ("=1", "code_invalid_chars"),
        ("-A", "code_invalid_chars"),
        ("A\u200bB", "code_invalid_chars"),
        ("АВС", "code_invalid_chars"),  # Cyrillic
        ("A;B", "code_invalid_chars"),
        ("A\n", ""),
        ("É", "code_invalid_chars"),
        ("x" * 65, "code_too_long"),
    ],
)
def test_what_no_code_can_be(text, reason):
    if not reason:
        assert normal(text) == "A"
        return
    with pytest.raises(BadCode) as refusal:
        read_code(text)
    assert refusal.value.code == reason


@pytest.mark.parametrize("text", ["Été-10", "=1", "ÄÖ 3", "日本"])
def test_a_pool_may_take_other_visible_characters(text):
    assert normal(text, wide=True) == text.upper()


@pytest.mark.parametrize(
    "text", ["a<b", "a\\b", "a'b", "a\u202eb", "a\u200bb", "a\x00b", "a\u3164b"]
)
def test_but_never_these(text):
    with pytest.raises(BadCode):
        normal(text, wide=True)


def test_capitals_matter_where_a_pool_says_so():
    assert normal("aB", case_sensitive=True) == "aB"


def test_a_code_is_looked_for_as_written_and_in_capitals():
    assert lookups(" trynow") == ("trynow", "TRYNOW")
    assert lookups("A1") == ("A1",)
    assert lookups("A\x00") == lookups("") == lookups("x" * 65) == ()


def test_masked_codes_tell_too_little_to_be_used():
    assert masked("SOCCER-1-9K") == "SOC…9K"
    assert masked("Trynow") == "T…"
