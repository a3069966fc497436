"""Text and tables in a terminal: widths, folds and styles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marl.terminal.table import table
from marl.terminal.text import cells, folded, padded, plain, styled

WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=80)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("", 0)])
def test_how_wide_text_is(text, width):
    assert cells(text) == width
    assert cells(padded(text, 9)) == 9


def test_text_is_folded_at_spaces():
    assert folded("one two three", 7) == ["one two", "three"]
    assert folded("a abcdefgh b", 4) == ["a", "abcd", "efgh", "b"]
    assert folded("abcdefgh", 4) == ["abcd", "efgh"]
    assert folded("", 4) == [""]


@given(WORDS, st.integers(2, 30))
def test_folded_text_fits_and_is_all_there(text, width):
    lines = folded(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_styles_come_off():
    assert plain(styled("warm", "bold red")) == "warm" != styled("warm", "bold red")
    assert styled("", "red") == "" and styled("x", "") == "x"


def test_a_table_is_folded_where_it_is_too_wide_and_its_first_column_never():
    rows = [["a-name-that-is-long", "many words that need a line of their own or two"], ["b", "few"]]
    lines = [plain(line) for line in table(["name", "what"], rows, 40)]
    assert lines[0] == "name                 what"
    assert lines[1:4] == [
        "a-name-that-is-long  many words that",
        " " * 21 + "need a line of",
        " " * 21 + "their own or two",
    ]
    assert lines[4:] == ["b                    few"]
    assert next(plain(line) for line in table(["", ""], rows, None)).endswith("or two")
