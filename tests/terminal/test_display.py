"""Displays: a picture where there is a terminal, lines elsewhere, and the life of a run around them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from marl.run.life import Run, carry_out
from marl.terminal.display import Display, Pace, milestone


class Counter(Display):
    """Counts."""

    count = 0

    def picture(self) -> RenderableType:
        return Text(f"so far {self.count}")

    def ended(self) -> None:
        if not self.drawn:
            self.say(f"{self.count} \x1b[31mcounted")


class Still(Counter):
    """One that draws itself, in any terminal."""

    threaded, braille, transient = False, False, True


class Counting(Run[Counter]):
    """A run that counts to five, and may break off."""

    def __init__(self, stop: type[BaseException] | BaseException | None = None) -> None:
        super().__init__("marl resume here")
        self.stop, self.shown, self.told = stop, [], []  # type: ignore[var-annotated]

    def display(self, console: Console) -> Counter:
        self.shown.append(Counter(console))
        return self.shown[-1]

    def work(self, display: Counter) -> None:
        for _ in range(5):
            display.count += 1
            if self.stop is not None and display.count == 3:
                raise self.stop

    def report(self) -> Path:
        self.told.append("report")
        return Path("page.html")

    def summary(self, console: Console) -> list[str]:
        self.told.append("summary")
        return ["counted"]

    def following(self) -> list[str]:
        return ["marl count", "marl count more"]


def terminal(encoding: str = "utf-8") -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", write_through=True)
    return Console(file=file, force_terminal=True, width=60, height=20, _environ={"TERM": "xterm"})


def written(console: Console) -> str:
    return console.file.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]


def test_a_run_is_told_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    run = Counting()
    carry_out(run)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "5 \\x1b[31mcounted",
        "counted",
        "report  page.html",
        "next    marl count",
        "        marl count more",
    ]
    assert run.told == ["report", "summary"]  # the page is there before anybody can stop reading
    assert run.shown[0].state == "finished"


@pytest.mark.parametrize(
    ("stop", "line"),
    [(KeyboardInterrupt, "stopped"), (KeyboardInterrupt("paused: nobody is here"), "paused: nobody is here")],
)
def test_an_interrupted_run_says_how_to_go_on(
    stop: BaseException, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Counting(stop)
    with pytest.raises(KeyboardInterrupt):
        carry_out(run)
    said = capsys.readouterr().out
    assert said.endswith(f"{line}; nothing is lost: go on with `marl resume here`\n")
    assert run.told == [] and run.shown[0].state == "interrupted"


def test_a_run_that_fails_says_so() -> None:
    run = Counting(ValueError)
    with pytest.raises(ValueError):
        carry_out(run)
    assert run.shown[0].state == "failed" and run.told == []


def test_who_needs_no_braille_draws_in_any_terminal() -> None:
    assert Counter(terminal()).is_live and not Counter(terminal("ascii")).is_live
    assert Still(terminal("ascii")).is_live
    assert not Counter(Console(file=io.StringIO())).is_live


def test_what_no_thread_draws_is_drawn_when_asked() -> None:
    console = terminal()
    with Still(console) as display:
        display.count = 3
        assert "so far 3" not in written(console)
        display.redraw()
        assert "so far 3" in written(console)


def test_lines_get_rarer_and_come_every_minute() -> None:
    pace = Pace()
    assert [count for count in range(138) if pace.due(count, 0.01 * count)] == [0, 1, 2, 5, 10, 20, 50, 100]
    assert not pace.due(138, 60.0) and pace.due(138, 61.0) and not pace.due(139, 120.0)
    assert not Pace(0).due(0, 0.0)
    assert [milestone(i) for i in (-1, 0, 1, 4, 9, 10, 99, 5000)] == [0, 0, 1, 2, 5, 10, 50, 5000]
