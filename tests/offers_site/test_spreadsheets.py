import pytest

from offers_site.spreadsheets import harmless, lines


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "'=", '"+', "＝"])
def test_no_cell_is_a_formula(start):
    assert harmless(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("text", ["", "1-1", "a=b", "'a'", " x"])
def test_what_is_none_stays_as_it_is(text):
    assert harmless(text) == text


def test_cells_are_quoted_where_they_must_be():
    assert list(lines([["a", "b;c"], ['say "no"', "=1"]], delimiter=";", end="\n")) == [
        'a;"b;c"\n',
        '"say ""no""";\'=1\n',
    ]
