"""The report: complete, truthful, self-contained, safe to open, and drawn from any league there can be."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from league.iteration import Iteration
from league.measures import About, Value
from league.measures.effective_players import effective
from league.measures.nash_conv import NashConv
from league.payoffs import Payoffs
from league.player import Player
from league.report import read_learning, render, write
from league.report.heatmap import choose_tables
from league.report.raster import packed
from league.report.standing import final_weights, returns_against
from league.view import LeagueView
from marl.page.text import embed
from marl.types import Array
from marl.words import duration, number

NASH_CONV = NashConv.about
HOSTILE = "<script>alert('x')</script>\"&"


def players(sides: tuple[str, ...], sizes: tuple[int, ...]) -> tuple[Player, ...]:
    def opponents(side: int, born: int) -> tuple[str, ...]:
        other = (side + 1) % len(sides)
        return tuple(f"{sides[other]}/{k}" for k in range(min(born, sizes[other]) - 1, -1, -1))[:9]

    return tuple(
        Player(f"{sides[s]}/{k}", (s,), f"snapshot{s}{k}", k, "main" if k else "founder", opponents(s, k))
        for s in range(len(sides))
        for k in range(sizes[s])
    )


def league(
    sizes: tuple[int, ...] = (4, 4),
    *,
    exact: bool = True,
    zero_sum: bool = True,
    counts: Array | None = None,
    **changes: object,
) -> LeagueView:
    """A league of random payoffs in which every iteration adds a player to every side."""
    rng = np.random.default_rng(0)
    sides = tuple(f"player_{s}" for s in range(len(sizes)))
    iterations = tuple(
        Iteration(
            number=i,
            mixtures=tuple(tuple(rng.dirichlet(np.full(min(i + 1, n), 0.5))) for n in sizes),
            measures={"nash_conv": Value.exact(3.0 / (i + 1) ** 0.9)} if exact else {},
            values=tuple(float(v) for v in rng.normal(size=len(sizes))),
            seconds=0.37 * (i + 1),
        )
        for i in range(max(sizes))
    )
    means = [rng.normal(size=sizes) for _ in sizes]
    if zero_sum and len(sizes) == 2:
        means[1] = -means[0]
    view = {
        "name": "a_run",
        "env": "classic/leduc_poker",
        "sides": sides,
        "players": players(sides, sizes),
        "iterations": iterations,
        "payoffs": Payoffs.of(means, counts),
        "scenario": "kind: league\nseed: 7\n",
        "finished": True,
        "measured": {"nash_conv": NASH_CONV},
    }
    return LeagueView(**(view | changes))  # type: ignore[arg-type]


def unplayed() -> LeagueView:
    hole = np.full((4, 4), np.nan)
    return league(payoffs=Payoffs.of((hole, hole), np.zeros((4, 4))), exact=False)


CASES = {
    "small": lambda: league(),
    "one iteration": lambda: league((1, 1)),
    "no iteration": lambda: league(iterations=(), finished=False),
    "nobody yet": lambda: league((0, 0), iterations=(), players=(), finished=False),
    "unequal sides": lambda: league((2, 30)),
    "general sum": lambda: league(zero_sum=False),
    "one side": lambda: league((5,)),
    "three sides": lambda: league((3, 4, 5)),
    "not exact": lambda: league(exact=False, finished=False),
    "nothing played": unplayed,
    "an equilibrium": lambda: league(iterations=(*league().iterations[:3], equilibrium())),
    "only zeros": lambda: league(iterations=(equilibrium(),)),
    "negative by rounding": lambda: league(iterations=(equilibrium(-1e-17),)),
    "no scenario": lambda: league(scenario=""),
}


def equilibrium(nash_conv: float = 0.0) -> Iteration:
    return Iteration(3, ((0.25,) * 4, (0.25,) * 4), {"nash_conv": Value.exact(nash_conv)}, (0.0, -0.0), 2.0)


@pytest.mark.parametrize("case", CASES)
def test_every_league_gives_a_well_formed_page(checked: Any, case: str) -> None:
    page = checked(render(CASES[case]()))
    assert {"curve-nash_conv", "measures"} & set(page.texts)
    assert {"payoffs", "mixtures", "players", "births", "reading", "again"} <= set(page.texts)


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_fetched_from_anywhere(checked: Any, case: str) -> None:
    text = render(CASES[case]())
    for tag, attributes in checked(text).tags:
        for name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
            assert (attributes.get(name) or "data:").startswith(("data:", "#")), (tag, attributes)
    style = text[text.index("<style>") : text.index("</style>")]
    assert re.findall(r"url\((?!#)", style) == [] and "@import" not in style
    assert "default-src 'none'" in text


@pytest.mark.parametrize("case", CASES)
def test_no_number_is_printed_raw_when_it_is_none(case: str) -> None:
    """A stray NaN in a coordinate or a label would be a hole in the picture."""
    assert (
        re.findall(r"\bnan\b", re.sub(r"<script.*?</script>|<style.*?</style>", "", render(CASES[case]()), flags=re.S))
        == []
    )


def test_headline_numbers_are_the_views(checked: Any) -> None:
    view = league((6, 6))
    page, last = checked(render(view)), view.iterations[-1]
    assert page.value("measure-nash_conv") == last.measures["nash_conv"].value
    assert page.value("measure-nash_conv-per-side") == last.measures["nash_conv"].value / 2
    assert page.value("iterations") == last.number == 5
    assert page.value("value") == last.values[0]
    assert page.texts["players-now"] == "6 + 6"
    assert page.texts["run-time"] == "2.22 s"


def test_exploitability_is_divided_by_three_among_three(checked: Any) -> None:
    view = league((2, 2, 2))
    third = view.iterations[-1].measures["nash_conv"].value / 3
    assert checked(render(view)).value("measure-nash_conv-per-side") == pytest.approx(third)


def test_the_best_is_named_where_the_last_is_worse() -> None:
    worse = Iteration(4, ((1.0,),) * 2, {"nash_conv": Value.exact(2.5)}, (0.0, 0.0), 9.0)
    assert "best 0.8615 at iteration 3" in re.sub("<.*?>", "", render(league(iterations=(*league().iterations, worse))))


def test_a_league_that_was_not_measured_says_why(checked: Any) -> None:
    page = checked(render(league(exact=False)))
    assert "Nothing was measured" in page.texts["measures"] and "measure-nash_conv" not in page.texts


def test_every_measure_has_a_curve_and_a_tile_with_its_interval(checked: Any) -> None:
    rating = About("Elo <of> them", "A rating.", better="more")
    few = tuple(
        replace(it, measures={**it.measures, "elo": Value.around(10.0 * it.number, 5.0)}) for it in league().iterations
    )
    page = checked(render(league(iterations=few, measured={"nash_conv": NASH_CONV, "elo": rating})))
    assert page.value("measure-elo") == 30.0
    assert "A rating." in page.texts["curve-elo"] and "95 % intervals" in page.texts["curve-elo"]
    assert "Elo <of> them" in page.texts["curve-elo"] and "curve-nash_conv" in page.texts


def test_some_measured_iterations_are_enough_for_a_curve(checked: Any) -> None:
    first, *rest = league().iterations
    partly = (first, *(Iteration(i.number, i.mixtures, {}, i.values, i.seconds) for i in rest))
    page = checked(render(league(iterations=partly)))
    assert page.value("measure-nash_conv") == first.measures["nash_conv"].value
    assert "the last measured" in render(league(iterations=partly))


def test_hostile_names_stay_text(checked: Any) -> None:
    sides = (HOSTILE, "b")
    view = league(name=HOSTILE, env=HOSTILE, sides=sides, players=players(sides, (4, 4)), scenario=f"name: {HOSTILE}")
    text = render(view)
    page = checked(text)
    assert "alert(" not in "".join(re.findall(r"<script>(.*?)</script>", text, flags=re.S))
    assert text.count("<script>") == 1
    assert HOSTILE in page.texts["again"] and HOSTILE in page.texts["payoffs"]


def test_embedded_json_cannot_end_its_block() -> None:
    block = embed({"name": "</script><!--<script>\u2028"})
    inside = block.removeprefix('<script type="application/json">').removesuffix("</script>")
    assert "<" not in inside and json.loads(inside) == {"name": "</script><!--<script>\u2028"}


def test_commands_name_the_run_and_no_machine_path(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(league(name="my run"), path)
    text = path.read_text()
    assert "marl resume &#x27;runs/my run&#x27;" in text
    assert str(tmp_path) not in text and str(Path(__file__).parents[2]) not in text


def test_the_scenario_is_shown_as_it_is(checked: Any) -> None:
    assert "kind: league\nseed: 7" in checked(render(league())).texts["again"]


def test_writing_replaces_the_old_report_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.html"
    write(league(name="first"), path)
    write(league(name="second"), path)
    assert "<title>second" in path.read_text() and [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_a_failed_write_leaves_the_old_report(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(league(), path)
    before = path.read_text()
    with pytest.raises(AttributeError):
        write(None, path)  # type: ignore[arg-type]
    assert path.read_text() == before and len(list(tmp_path.iterdir())) == 1


def test_four_hundred_players_a_side_fit_in_two_megabytes(checked: Any) -> None:
    rng = np.random.default_rng(1)
    view = league((400, 400), counts=rng.integers(1000, 200_000, size=(400, 400)).astype(float))
    page = render(view)
    checked(page)
    assert len(page.encode()) < 2_000_000


def test_thousands_of_players_are_binned() -> None:
    view = league((3, 1500))
    page = render(view)
    assert "player_1/0 to player_1/2" in page and len(page.encode()) < 2_000_000


def test_packed_tables_come_back() -> None:
    table = np.array([[0.5, np.nan, -3.0], [2.25, 0.0, 7.0]])
    data = packed(table)
    high, low = np.frombuffer(zlib.decompress(base64.b64decode(data["steps"])), np.uint8).reshape(2, 2, 3)
    steps = 256 * high.astype(int) + low
    back = np.where(steps == 65535, np.nan, data["low"] + data["step"] * steps)
    np.testing.assert_allclose(back, table, atol=10 / 131068)


def test_three_sides_are_sliced_by_marginal_means() -> None:
    view = league((2, 3, 4))
    tables = choose_tables(view)
    assert [(t.rows, t.columns) for t in tables] == [(0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose(tables[2].means, view.payoffs[1].mean(axis=0))


def test_a_marginal_mean_leaves_unknown_pairings_out() -> None:
    payoff = np.arange(8.0).reshape(2, 2, 2)
    payoff[0, 0, 1] = payoff[1, 1, :] = np.nan
    means = choose_tables(league((2, 2, 2), payoffs=Payoffs.of([payoff] * 3)))[0].means
    np.testing.assert_array_equal(means, [[0.0, 2.5], [4.5, np.nan]])


def test_returns_against_the_final_mixture_of_rock_paper_scissors() -> None:
    game = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
    mixtures = Iteration(0, ((1 / 3,) * 3, (1.0, 0.0, 0.0)), 1.0, (0.0, 0.0), 1.0)
    view = league((3, 3), payoffs=Payoffs.of((game, -game)), iterations=(mixtures,))
    rows, columns = returns_against(view, final_weights(view))
    np.testing.assert_allclose(rows, [0, 1, -1], atol=1e-12)
    np.testing.assert_allclose(columns, [0, 0, 0], atol=1e-12)
    assert effective(final_weights(view)[0]) == pytest.approx(3.0)


def test_unknown_pairings_spread_only_where_they_carry_weight() -> None:
    game = np.array([[1.0, np.nan], [np.nan, 5.0]])
    only = Iteration(0, ((1.0, 0.0), (1.0, 0.0)), None, (0.0, 0.0), 1.0)
    view = league((2, 2), payoffs=Payoffs.of((game, -game)), iterations=(only,))
    np.testing.assert_array_equal(returns_against(view, final_weights(view))[0], [1.0, np.nan])


def sampled(margin: float = 0.5) -> LeagueView:
    """A league of sampled payoffs, 100 matches each, whose 95 % intervals are `margin` to either side."""
    means = np.random.default_rng(0).normal(size=(2, 4, 4))
    m2 = np.full(means.shape, 99 * 100 * (margin / 1.959964) ** 2)
    payoffs = Payoffs(means, np.full((4, 4), 100.0), m2, (np.arange(4), np.arange(4)))
    last = Iteration(4, ((0, 0, 0, 1.0),) * 2, {}, (0.25, -0.25), 2.0, margins=(margin, margin))
    return league(payoffs=payoffs, iterations=(*league(exact=False).iterations, last))


def test_sampled_payoffs_carry_their_intervals_everywhere(checked: Any) -> None:
    page = checked(render(sampled()))
    assert "to player_0, ± 0.5 (95 %)" in re.sub("<.*?>", "", render(sampled()))  # the value
    assert page.texts["payoffs"].count("± 0.5") >= 16  # every cell
    assert "± 0.5 at the widest" in page.texts["payoffs"]
    assert page.texts["players"].count("± 0.5") == 2  # the return of the one player that each side uses
    assert "±" not in checked(render(league())).texts["payoffs"]


def test_jobs_learning_curves_are_in_the_report(checked: Any, tmp_path: Path) -> None:
    events = [
        {"event": "train", "time": 0, "step": 100, "job": str(n // 2), "side": f"player_{n // 2 % 2}",
         "return": n - 3.5, "env_steps": 100}
        for n in range(8)
    ]  # fmt: skip
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    learning = read_learning(tmp_path)
    assert [(point.at, point.value) for point in learning.series["player_0/return"]] == [
        (100, -3.5), (200, -2.5), (300, 0.5), (400, 1.5)
    ]  # fmt: skip
    page = checked(render(league(), learning))
    assert "Return in training" in page.texts["learning"] and "player_1" in page.texts["learning"]
    assert "learning" not in checked(render(league())).texts
    more = '<section id="more">of a plugin</section>'
    assert checked(render(league(), learning, more)).texts["more"] == "of a plugin"


def test_numbers_read_well() -> None:
    assert [number(x) for x in (0.018814, -0.0856, 12345678.0, float("nan"), None)] == [
        "0.01881",
        "−0.0856",
        "12,345,678",
        "–",
        "–",
    ]
    times = [0.011, 0.42, 13.24, 99.0, 125.0, 3720.0, 200_000.0]
    assert [duration(t) for t in times] == ["11 ms", "0.42 s", "13.2 s", "99.0 s", "2 min 5 s", "1 h 2 min", "2 d 7 h"]


def test_a_browser_runs_the_page_without_a_problem(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write(league(counts=np.full((4, 4), 1000.0)), path)
    tips = browser(path)
    assert any("iteration 3, 1.48 s\nNashConv 0.8615, the best so far" in tip for tip in tips)
    corner = number(float(league().payoffs[0][3, 3]))
    heat = next(tip for tip in tips if "against player_1/3" in tip and "1,000 matches" in tip)
    assert corner[:5] in heat
    assert any("born 3, main, weight" in tip and "trained against player_0/2" in tip for tip in tips)
    assert sum("weight" in tip for tip in tips) >= 2
