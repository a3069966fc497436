"""The dashboard: cheap, honest about what is left, calm where there is no terminal."""

from __future__ import annotations

import io
import sys
import time
from typing import Any

import pytest
from rich.console import Console

from league.config import Bound
from league.dashboard import Dashboard, Headline, JobProgress, Progress, RunInfo
from league.dashboard.estimate import estimate
from league.dashboard.progress import LONGEST, History, Point
from league.iteration import Iteration
from league.measures import About, Value
from league.measures.nash_conv import NashConv
from marl.terminal.chart import braille, log_bounds
from marl.terminal.display import milestone


def toward(below: float) -> Headline:
    return Headline("nash_conv", NashConv.about, Bound(below=below))


INFO = RunInfo("leduc_psro", "classic/leduc_poker", ("player_0", "player_1"), 1000, headline=toward(0.02))


def news(iteration: int, seconds: float, nash_conv: float | None = 0.5) -> Progress:
    jobs = (JobProgress("player_0", 34, 0.011, finished=True), JobProgress("player_1", 1, 0.2))
    size = iteration + 1
    return Progress(
        iteration,
        seconds,
        None if nash_conv is None else Value.exact(nash_conv),
        (size, size),
        (3, 4),
        ((-0.0856, 0.0), (0.0856, 0.0)),
        size**2,
        size**2 + 7,
        jobs,
        1234,
        "payoffs",
    )


def terminal(width: int = 120, height: int = 40) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=height, _environ={"TERM": "xterm-256color"}
    )


def pipe() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, width=60)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def picture(dashboard: Dashboard, width: int = 120, height: int = 40) -> str:
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, color_system=None)
    console.print(dashboard.picture())
    return written(console)


def test_a_pipe_gets_lines_at_widening_intervals() -> None:
    console = pipe()
    with Dashboard(INFO, console=console) as dashboard:
        for iteration in range(138):
            dashboard.update(news(iteration, 0.01 * iteration, 1 / (iteration + 1)))
    lines = written(console).splitlines()
    assert [int(line.split()[1]) for line in lines] == [0, 1, 2, 5, 10, 20, 50, 100, 137]
    assert lines[4].startswith("iteration 10  NashConv 0.09091  players 11+11  1,234 steps  0.10 s")


def test_a_pipe_hears_of_slow_iterations_every_minute() -> None:
    console = pipe()
    with Dashboard(INFO, console=console) as dashboard:
        for iteration in range(11, 15):
            dashboard.update(news(iteration, 61.0 * iteration))
    assert len(written(console).splitlines()) == 4


def test_the_last_line_is_not_said_twice() -> None:
    console = pipe()
    with Dashboard(INFO, console=console) as dashboard:
        dashboard.update(news(1, 0.1))
    assert len(written(console).splitlines()) == 1


def test_a_terminal_gets_a_live_picture_and_no_lines() -> None:
    console = terminal()
    with Dashboard(INFO, console=console) as dashboard:
        dashboard.update(news(0, 0.1, 2.0))
        dashboard.update(news(1, 0.2, 1.0))
    text = written(console)
    assert "finished" in text and "╭" in text and "iteration 0  NashConv" not in text


def test_a_terminal_that_cannot_show_braille_gets_lines() -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    assert not Dashboard(INFO, console=Console(file=narrow, force_terminal=True)).is_live
    assert Dashboard(INFO, console=terminal()).is_live


@pytest.mark.parametrize(("error", "word"), [(KeyboardInterrupt, "interrupted"), (ValueError, "failed")])
def test_a_run_that_breaks_off_says_so(error: type[BaseException], word: str) -> None:
    console = terminal()
    with pytest.raises(error), Dashboard(INFO, console=console) as dashboard:
        dashboard.update(news(1, 0.2))
        raise error
    assert word in written(console)


def test_the_picture_shows_what_it_was_told() -> None:
    dashboard = Dashboard(INFO, console=terminal())
    for iteration in range(41):
        dashboard.update(news(iteration, 0.1 * iteration, 2.0 / (iteration + 1) if iteration != 40 else 0.0625))
    text = picture(dashboard)
    for part in ("leduc_psro", "classic/leduc_poker", "iteration 40 of 1,000", "−0.0856", "34 players", "1 player "):
        assert part in text
    for part in ("NashConv 0.0625", "best 0.05 at 39", "target 0.02", "payoffs 1,681 of 1,688 pairings", "steps 1,234"):
        assert part in text


@pytest.mark.parametrize(("width", "height"), [(200, 60), (120, 40), (80, 24), (60, 18), (40, 12)])
def test_the_picture_fits_the_terminal(width: int, height: int) -> None:
    dashboard = Dashboard(INFO, console=terminal(width, height))
    for iteration in range(30):
        dashboard.update(news(iteration, 0.1 * iteration, 2.0 / (iteration + 1)))
    assert max(len(line) for line in picture(dashboard, width, height).splitlines()) <= width


@pytest.mark.parametrize("nash_conv", [None, 0.0, -1e-17, 1e-300])
def test_any_nash_conv_can_be_drawn(nash_conv: float | None) -> None:
    dashboard = Dashboard(INFO, console=terminal())
    picture(dashboard)
    for iteration in range(3):
        dashboard.update(news(iteration, 0.1 * iteration, nash_conv))
        picture(dashboard)
    unlimited = Dashboard(RunInfo("run", "env", ("a",)), console=terminal())
    unlimited.update(Progress(0, 0.0))
    assert "not foreseeable" in picture(unlimited)


def test_markup_in_names_is_only_text() -> None:
    dashboard = Dashboard(RunInfo("[red]x[/red]", "[/]", ("[bold]a", "b")), console=terminal())
    dashboard.update(news(1, 0.1))
    assert all(part in picture(dashboard) for part in ("[red]x[/red]", "[/]", "[bold]a"))


def test_an_update_is_no_more_work_after_a_long_run() -> None:
    with Dashboard(INFO, console=terminal()) as dashboard:
        early = [_calls(dashboard, iteration) for iteration in range(1_000)]
        for iteration in range(1_000, 10_000):
            dashboard.update(news(iteration, 0.02 * iteration, 1 / (iteration + 1)))
        late = [_calls(dashboard, iteration) for iteration in range(10_000, 11_000)]
    assert sum(late) < 1.5 * sum(early)
    assert len(dashboard.history.points) <= LONGEST


def _calls(dashboard: Dashboard, iteration: int) -> int:
    """How many functions an update calls; what the display draws meanwhile, in its own thread, does not count."""
    seen = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal seen
        seen += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        dashboard.update(news(iteration, 0.02 * iteration, 1 / (iteration + 1)))
    finally:
        sys.setprofile(None)
    return seen


def test_a_resumed_run_keeps_its_past() -> None:
    past = [
        Iteration(i, ((1.0,), (1.0,)), {"nash_conv": Value.exact(1 / (i + 1))}, (0.0, 0.0), 0.1 * i) for i in range(20)
    ]
    dashboard = Dashboard(INFO, history=past, console=terminal())
    dashboard.update(news(20, 2.0, 0.9))
    assert "best 0.05 at 19" in picture(dashboard)
    assert len(dashboard.history.points) == 21


def test_news_of_one_iteration_is_one_point() -> None:
    history = History.of([Point(0, 0.1, 1.0), Point(1, 0.2, None), Point(1, 0.3, 0.5), Point(1, 0.4, None)])
    assert history.points == [Point(0, 0.1, 1.0), Point(1, 0.3, 0.5)]


def test_an_exponential_fall_is_foreseen() -> None:
    points = [Point(i, 0.1 * i, 10 ** (-0.01 * i)) for i in range(101)]
    left = estimate(points, RunInfo("", "", ("a",), headline=toward(0.01)), 10.0)
    assert left is not None and left.toward == "NashConv 0.01"
    assert left.seconds == pytest.approx(10.0, rel=1e-6)


def test_a_fall_by_a_power_of_time_is_foreseen_as_one() -> None:
    points = [Point(i, 0.1 * i, 1 / (0.1 * i)) for i in range(1, 101)]
    left = estimate(points, RunInfo("", "", ("a",), headline=toward(0.05)), 10.0)
    assert left is not None and left.seconds == pytest.approx(10.0, rel=1e-6)


def test_iterations_that_slow_down_are_foreseen_as_slowing() -> None:
    points = [Point(i, 0.001 * i**2, None) for i in range(101)]
    left = estimate(points, RunInfo("", "", ("a",), iterations=200), 10.0)
    assert left is not None and left.seconds == pytest.approx(30.0, rel=1e-6)


def test_the_nearest_stop_condition_is_the_one_named() -> None:
    points = [Point(i, 0.1 * i, 10 ** (-0.01 * i)) for i in range(101)]
    left = estimate(points, RunInfo("", "", ("a",), headline=toward(0.01), iterations=1000, seconds=12.0), 10.0)
    assert left is not None and (left.toward, left.seconds) == ("the limit of 12 s", 2.0)


@pytest.mark.parametrize("nash_conv", [0.5, None])
def test_nothing_is_promised_where_nothing_falls(nash_conv: float | None) -> None:
    points = [Point(i, 0.1 * i, nash_conv and nash_conv + 0.01 * (-1) ** i) for i in range(101)]
    assert estimate(points, RunInfo("", "", ("a",), headline=toward(0.01)), 10.0) is None


def test_a_measure_of_which_more_is_better_is_drawn_on_its_own_scale() -> None:
    rating = Headline("elo", About("Elo", better="more"), Bound(above=90.0))
    dashboard = Dashboard(RunInfo("run", "env", ("a", "b"), headline=rating), console=terminal())
    for iteration in range(12):
        dashboard.update(Progress(iteration, 0.1 * iteration, Value.around(100.0 - 10 * abs(9 - iteration), 12.0)))
    text = picture(dashboard)
    assert all(part in text for part in ("Elo 80 ± 12", "best 100 at 9", "target 90", "10 ┤"))
    assert "target 90 ✓" not in text  # the best was luck: what ends the league is the newest with its whole interval
    dashboard.update(Progress(12, 1.2, Value.around(103.0, 12.0)))
    assert "target 90 ✓" in picture(dashboard)


def test_milestones() -> None:
    assert [milestone(i) for i in (0, 1, 2, 4, 5, 9, 10, 19, 20, 99, 100, 5000)] == [
        0,
        1,
        2,
        2,
        5,
        5,
        10,
        10,
        20,
        50,
        100,
        5000,
    ]


def test_braille_draws_a_diagonal_from_corner_to_corner() -> None:
    lines = braille([1.0, 0.0], 2, 1, 0.0, 1.0)
    assert lines == ["⠑⢄"]
    assert braille([0.0], 3, 2, 0.0, 1.0) == ["   ", "⣀⣀⣀"]


def test_a_flat_curve_has_a_range() -> None:
    low, high = log_bounds([0.5, 0.5], None)
    assert low < high


def test_a_job_shows_its_time_while_it_works_and_waits_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    jobs = (
        JobProgress("player_0", 2, 3.0, finished=True),
        JobProgress("player_1", 2, started=now - 75),
        JobProgress("x", 2),
    )
    dashboard = Dashboard(INFO, console=terminal())
    dashboard.update(Progress(1, 80.0, jobs=jobs))
    lines = picture(dashboard).splitlines()
    done, works, waits = (next(line for line in lines if said in line) for said in ("3.00 s", "75.0 s", "waits"))
    assert "✓" in done and "player_0" in done and "player_1" in works and "✓" not in works + waits


def test_few_iterations_foresee_the_end_and_fill_the_bar() -> None:
    """Five of six iterations took 60 s each, and the sixth has begun: a minute is left."""
    info = RunInfo("run", "env", ("a", "b"), iterations=6)
    points = [Point(n, 1.0 + 60 * n, None) for n in range(6)]
    left = estimate(points, info, now=301.0)
    assert left is not None and left.seconds == pytest.approx(60) and left.toward == "iteration 6"
    assert estimate(points, info, now=331.0).seconds == pytest.approx(30)  # type: ignore[union-attr]
    assert estimate(points[:1], info, now=31.0) is None
    dashboard = Dashboard(info, console=terminal())
    dashboard.update(Progress(0, 1.0))
    assert "not foreseeable" in picture(dashboard) and "━" not in picture(dashboard)
    for number in range(1, 4):
        dashboard.update(Progress(number, 1.0 + 60 * number))
    text = picture(dashboard)
    bar = next(line for line in text.splitlines() if "━" in line)
    assert bar.count("━") == pytest.approx(bar.count("─"), rel=0.1)  # three of six


def test_a_job_shows_its_returns_in_training_and_values_their_intervals() -> None:
    dashboard = Dashboard(INFO, console=terminal())
    values = ((0.0303, 0.41), (-0.0303, None))
    dashboard.update(
        Progress(3, 9.0, None, (4, 4), (1, 1), values, learning=(-1.0, 0.0, 0.5), paid=(("game", 0.25), ("team", 2.0)))
    )
    text = picture(dashboard)
    assert "return in training 0.5    paid per row  game 0.25  team 2" in text
    assert "0.0303 ± 0.41" in text and "−0.0303 ± ?" in text
