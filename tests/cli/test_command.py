"""Functions as commands: what the command line gives them, what it refuses, and what their help pages say."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any, Literal, TextIO

import pytest
from click.testing import CliRunner

from marl.cli import plugins
from marl.cli.app import OWN, app
from marl.cli.command import Commands, argument, command, option
from marl.terminal.text import cells


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


def given(function: Any, *arguments: str, **more: Any) -> str:
    done = CliRunner().invoke(command(function), list(arguments), catch_exceptions=False, **more)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_parameters_are_arguments_and_options_by_their_defaults():
    def greet(name: str, times: int = 1, loud: bool = False) -> None:
        print([name, times, loud])

    assert given(greet, "ann") == "['ann', 1, False]"
    assert given(greet, "--times", "3", "ann", "--loud") == "['ann', 3, True]"
    assert given(greet, "ann", "--no-loud") == "['ann', 1, False]"


def test_values_have_the_types_of_their_parameters(tmp_path):
    def take(
        where: Path,
        rest: list[str] = argument(None, metavar="[KEY=VALUE]..."),
        mood: Mood = option(Mood.GOOD),
        size: Literal["s", "m"] = option("s"),
        ratio: float | None = option(None, "--ratio"),
        tags: list[int] = option([1], "--tag"),
    ) -> None:
        print([where.name, rest, mood, size, ratio, tags])

    assert given(take, "/a/b") == "['b', [], <Mood.GOOD: 'good'>, 's', None, [1]]"
    said = given(
        take, "/a/b", "x=1", "y=2", "--mood", "bad", "--size", "m", "--ratio", "0.5", "--tag", "4", "--tag", "5"
    )
    assert said == "['b', ['x=1', 'y=2'], <Mood.BAD: 'bad'>, 'm', 0.5, [4, 5]]"


def test_a_file_is_read_and_a_dash_is_standard_input(tmp_path):
    def read(file: TextIO = argument()) -> None:
        print(file.read())

    (tmp_path / "x").write_text("hallo")
    assert given(read, str(tmp_path / "x")) == "hallo"
    assert given(read, "-", input="typed") == "typed"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Missing argument 'NAME'"),
        (["a", "--count", "0"], "0 is not in the range x>=1"),
        (["a", "--count", "x"], "'x' is not a valid integer"),
        (["a", "--kount", "3"], "No such option"),
        (["a", "b"], "unexpected extra argument (b)"),
    ],
)
def test_what_is_wrong_is_said(arguments, sentence):
    def count(name: str, count: int = option(2, min=1)) -> None:
        raise AssertionError("it must not run")

    done = CliRunner().invoke(command(count), arguments)
    assert done.exit_code == 2 and sentence in done.output


def test_what_no_command_line_can_give_is_refused():
    def odd(x: dict[str, int]) -> None:
        """Odd."""

    with pytest.raises(TypeError, match="parameter 'x' is of type"):
        command(odd)


def test_what_a_command_returns_is_no_exit_code():
    def three() -> int:
        return 3

    assert CliRunner().invoke(command(three), [], standalone_mode=False).return_value is None


@pytest.mark.parametrize("width", [60, 80, 120])
def test_help_pages_fit_the_terminal_and_say_everything(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    group = Commands("Tools.")

    @group.command()
    def hammer(
        nail: str = argument(
            metavar="NAIL", help="What is hit, as in a long sentence that cannot be said in one line."
        ),
        times: int = option(3, min=1, help="How often."),
        out: Path = option(None, "--out", metavar="DIR", help="Where.  [default: here]"),
        hard: bool = option(True, help="Not softly."),
        force: str = option(..., "--force", help="It must be given."),
    ) -> None:
        """Hit.

        With a second paragraph.
        """

    page = CliRunner().invoke(group, ["hammer", "--help"]).output
    assert max(map(cells, page.splitlines())) == min(width, 100)
    words = " ".join(page.replace("│", " ").split())
    for said in ("hammer [OPTIONS] NAIL", "[required]", "N (1 or more)", "[default: 3]", "[default: here]", "--no-hard",
                 "[default: hard]", "With a second paragraph."):  # fmt: skip
        assert said in words, said
    listed = CliRunner().invoke(group, ["--help"]).output
    assert "hammer  Hit." in listed and "second paragraph" not in listed


def test_every_command_says_of_itself_what_the_list_says_of_it():
    for descriptor in (*OWN, *plugins.OWN):
        module, _, name = descriptor.target.partition(":")
        found = getattr(__import__(module, fromlist=[name]), name)
        said = found.help if isinstance(found, Commands) else command(found).help.split("\n\n")[0]
        assert " ".join(said.split()) == descriptor.summary, descriptor.name
    assert list(app.commands) == [descriptor.name for descriptor in OWN]


def test_all_pages_of_marl_fit_eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for words in _pages(app, []):
        page = CliRunner().invoke(app, [*words, "--help"], prog_name="marl", catch_exceptions=False)
        assert page.exit_code == 0
        assert max(map(cells, page.output.splitlines())) <= 80, (words, page.output)


def _pages(group: Any, words: list[str]) -> list[list[str]]:
    import click

    found = [words]
    context = click.Context(group)
    for name in group.list_commands(context):
        lazy = group.get_command(context, name)
        made = lazy._load() if hasattr(lazy, "_load") else lazy
        found += _pages(made, [*words, name]) if isinstance(made, click.Group) else [[*words, name]]
    return found
