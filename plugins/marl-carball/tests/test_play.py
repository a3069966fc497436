"""Scripts, columns and observations as docs/carball.md says, pictures, and sentences for what cannot be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.arena import Arena, Pairings
from marl.errors import UserError
from marl.registry import ENVIRONMENTS, POLICIES, load_registry
from marl.scenario import load_scenario
from marl_carball.carball import Params
from marl_carball.control import CHOICES, nearest_choice
from marl_carball.cooperative import Cooperative, CooperativeParams
from marl_carball.policies import Scripted
from marl_carball.scripts import SCRIPTS
from marl_carball.sight import AT, Layout
from marl_carball.two_team import TwoTeam

PLUGIN = Path(__file__).parents[1]


def test_whoever_aims_beats_whoever_does_not() -> None:
    env = TwoTeam(24, Params(ticks=75, hold=4))
    players = [Scripted(SCRIPTS[name], env.spec) for name in ("idle", "chaser", "aimer")]
    returns = Arena(env).play(players, Pairings.repeat([[2, 0], [2, 1]], 24, seed=4)).returns
    np.testing.assert_array_equal(returns.sum(axis=1), 0)
    assert returns[:24, 0].mean() > 1 and returns[24:, 0].mean() > 0


@pytest.mark.parametrize("control", ["discrete", "continuous"])
@pytest.mark.parametrize("script", ["striker", "rotation"])
def test_scripts_do_the_same_inside_the_environment_and_as_policies(control: str, script: str) -> None:
    inside = Cooperative(4, CooperativeParams(2, control, 40, opponent=script))  # type: ignore[arg-type]
    outside, lanes = TwoTeam(4, Params(2, control, 40)), np.arange(4)  # type: ignore[arg-type]
    mine, theirs = Scripted(SCRIPTS["aimer"], inside.spec), Scripted(SCRIPTS[script], outside.spec)
    (rows,), (both,) = (env.reset(lanes, rng.mix(2, lanes)) for env in (inside, outside))
    for _ in range(40):
        assert rows is not None and both is not None
        first = mine.act(rows, None, rng.mix(lanes)).action
        second = theirs.act(both, None, rng.mix(lanes)).action.reshape(4, 4, -1)
        second[:, :2] = first.reshape(4, 2, -1)
        (rows,), (both,) = (
            env.step(lanes, [chosen]).turn
            for env, chosen in ((inside, first), (outside, second.reshape(16, -1).squeeze()))
        )
        for name in ("x", "y", "hx", "tank"):
            np.testing.assert_array_equal(getattr(inside, name), getattr(outside, name))


def test_choices_are_the_controls_that_the_page_lists() -> None:
    assert CHOICES[[0, 4, 8, 9]].tolist() == [[-1, -1, -1], [0, 0, -1], [1, 1, -1], [1, -1, 1]]
    np.testing.assert_array_equal(nearest_choice(CHOICES), np.arange(12))


def test_a_car_sees_what_the_page_lists() -> None:
    """A car at (0, -10) that looks up the field, the ball 5 m to its right: by hand."""
    env = TwoTeam(1)
    env.reset(np.arange(1), rng.mix(0))
    env.x[0], env.y[0], env.vx[0], env.vy[0] = [5, 0, -10], [-10, -10, 5], [0, 0, 0], [0, 10, 0]
    env.hx[0], env.hy[0] = [0, 1], [1, 0]
    (rows,) = env.turn(np.arange(1))
    assert rows is not None
    own = {name: float(rows.observation[0, number]) for name, number in AT.items()}
    goal = np.hypot(15, 10) / 20
    known = {
        "x": 0, "y": -0.5, "heading_y": 1, "speed": 0.5, "slide": 0, "boost": 1 / 3, "ball_ahead": 0,
        "ball_left": -0.25, "ball_speed_ahead": -0.5, "way_x": 0.75, "way_y": 0.5, "goal_left": -1, "home_left": 1,
        "ball_distance": 0.25, "goal_distance": goal, "alignment": 0.75 / goal, "approach": 0, "ball_approach": 0,
        "pad_ahead": 0, "pad_left": 0,
    }  # fmt: skip
    assert {name: own[name] for name in known} == pytest.approx(known, abs=1e-6)
    assert rows.observation[0, 31:].tolist() == pytest.approx([0.75, 0.5, -0.5, 0, 0, -1, 1 / 3], abs=1e-6)


def test_columns_tell_touches_pushes_and_pads() -> None:
    env = TwoTeam(1)
    env.reset(np.arange(1), rng.mix(0))
    env.x[0], env.y[0], env.vx[0], env.vy[0] = [2.0, 0, -12], [0, 0, -9], [0, 10, 0], [0, 0, 0]
    env.hx[0], env.hy[0] = [1, 1], [0, 0]
    info = env.step(np.arange(1), [np.array([4, 4])]).info
    assert info["touches"].tolist() == [[1, 0]] and info["pads"].tolist() == [[0, 1]]
    assert info["push"][0, 0] == pytest.approx(1.6 * 10 / (1 + 0.05 * 4 / 3), rel=1e-3)  # a coasting car's hit at rest
    assert info["goal_distance"][0].sum() == pytest.approx(40) and info["goals"].tolist() == [[0, 0]]
    assert env.tank[0].tolist() == pytest.approx([1 / 3, 5 / 6])
    assert env.wait[0].tolist() == [0, 0, 0, 40, 0, 0]


def test_a_picture_has_the_ball_the_cars_and_the_score() -> None:
    env = TwoTeam(1, Params(2))
    env.reset(np.arange(1), rng.mix(0))
    env.score[0] = [2, 1]
    text, svg = env.render(0)
    assert text.startswith("2 : 1, 30.0 s to go") and text.count(">") == 2 and text.count("<") == 2
    assert svg.count("<polygon") == 3 + 2 * 4 and svg.count("</svg>") == 1


@pytest.mark.parametrize(
    ("params", "said"),
    [({"team": 4}, "1, 2 or 3 cars, not 4"), ({"ticks": 0}, "ticks must be 1"), ({"hold": 0}, "from 1 to 10")],
)
def test_a_match_that_cannot_be_is_refused_with_a_sentence(params: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Params(**params)


def test_scripts_refuse_another_game() -> None:
    registry = load_registry()
    env = registry.make(ENVIRONMENTS, "classic/foraging", {}, lanes=1)
    with pytest.raises(UserError, match="plays carball"):
        registry.make(POLICIES, "carball/striker", {}, spec=env.spec, snapshot=None)


@pytest.mark.parametrize("name", ["carball_krc", "carball_scripts"])
def test_scenarios_are_what_their_plugins_take(name: str) -> None:
    pytest.importorskip("marl_rllib", reason="the learner is marl-rllib's")
    registry = load_registry()
    config = load_scenario(name, [], registry).config
    env = registry.make(ENVIRONMENTS, config.env.name, config.env.params, lanes=1)
    assert Layout.of(env.spec).team == 1


def test_listing_what_there_is_imports_no_numpy() -> None:
    code = (
        "import sys, marl_carball.plugin as p; "
        "print(len([*p.marl_environments(), *p.marl_policies()]), 'numpy' in sys.modules)"
    )
    assert _python(code).split() == ["8", "False"]


def test_the_snippet_of_the_readme_runs() -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (PLUGIN / "README.md").read_text(), re.DOTALL)
    assert "0 : 0, 29.9 s to go" in _python(snippet)


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
