"""Strangers' text and passwords: what reaches terminals, files and errors."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from marl.errors import RunError, UserError
from marl.mask import holds_password, mask
from marl.page.text import escape
from marl.printable import printable


def test_no_character_that_steers_a_terminal_survives() -> None:
    text = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = printable(text)
    assert {unicodedata.category(one) for one in shown}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert [one for one in shown if unicodedata.category(one) == "Zs"] == [" "]
    assert all(one in shown for one in "é日本 ß–\\")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mB\a", r"a\x1b[31mB\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202edef", r"abc\u202edef"),
        ("one\r\ntwo\u2028three", r"one\r\ntwo\u2028three"),
        ("\ud800", r"\ud800"),
        ("plain äöü", "plain äöü"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_text_with_lines_keeps_them_and_nothing_else() -> None:
    assert printable("a\n\tb\r\x1b", lines=True) == "a\n\tb\\r\\x1b"
    assert escape("<b>\u202e\n") == "&lt;b&gt;\\u202e\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://ann:hunter2@db/cup", "postgresql+psycopg://ann:***@db/cup"),
        ("postgresql://:hunter2@db/cup", "postgresql://:***@db/cup"),
        ("postgresql://ann:hun@ter/2@db:5432/cup?sslmode=require", "postgresql://ann:***@db:5432/cup?sslmode=require"),
        ("postgresql://ann:hun ter2@db/cup", "postgresql://ann:***@db/cup"),
        ("postgresql://ann@db/cup?password=hunter2&x=1", "postgresql://ann@db/cup?password=***&x=1"),
        (
            "mysql://a:hunter2@b/c is no use, nor is 'x://d:hunter2@e'",
            "mysql://a:***@b/c is no use, nor is 'x://d:***@e'",
        ),
        ("the ledger 'x://a:hunter2@b/c' and y://d:hunter2@e", "the ledger 'x://a:***@b/c' and y://d:***@e"),
        ("${oc.env:DB,postgresql://ann:hunter2@db/cup}", "${oc.env:DB,postgresql://ann:***@db/cup}"),
    ],
)
def test_passwords_are_masked(text: str, shown: str) -> None:
    assert holds_password(text)
    assert "hunter2" not in mask(text)
    if " is no use" not in text:
        assert mask(text) == shown
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "sqlite:///ledger.db",
        "postgresql+psycopg://ann@db/cup",
        "postgresql://ann:${oc.env:PASSWORD}@db/cup?password=${oc.env:PASSWORD}",
        "${oc.env:CUP_DATABASE}",
        "https://example.org/a:b@c",
        "seed: 3, a@b",
    ],
)
def test_what_holds_no_password_stays(text: str) -> None:
    assert not holds_password(text)
    assert mask(text) == text


@pytest.mark.parametrize("kind", [UserError, RunError])
def test_errors_tell_no_password(kind: type[Exception]) -> None:
    assert str(kind("no x://a:hunter2@b/c here")) == "no x://a:***@b/c here"
