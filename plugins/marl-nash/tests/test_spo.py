"""What a judge that is not transitive teaches, and one that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytest.importorskip("marl_classic", reason="the games are marl-classic's")

from marl.blobs import Blobs
from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, Component, load_registry
from marl.services import RunServices, train

CIRCLE = [[0.5, 0.1, 0.9], [0.9, 0.5, 0.1], [0.1, 0.9, 0.5]]  # each is mostly preferred to the one before
UNEVEN = [[0.5, 0.4, 0.9], [0.6, 0.5, 0.2], [0.1, 0.8, 0.5]]  # nothing is preferred to 3/8, 4/8, 1/8 of each
# what a Bradley-Terry model makes of scores 0, 1 and 2: one score says it all, so it cannot go round
SCORES = (1 / (1 + np.exp(np.arange(3)[None] - np.arange(3)[:, None]))).tolist()


def judged(folder: Path, prefers: Any, steps: int = 80_000) -> Any:
    """How a policy of three answers chooses, that knows nothing but what a judge prefers."""
    registry = load_registry()
    nothing = Component("classic/matrix", {"payoffs": [[0], [0], [0]]})  # the second player has no choice
    services = RunServices(registry, nothing, Blobs(folder), lambda step, values: None)
    reward = {"channels": {"judge": {"name": "nash/spo", "prefers": prefers}}, "weights": {"game": 0.0, "judge": 4.0}}
    given = {"lanes": 128, "rows": 512, "minibatch": 256, "lr": 0.005, "lr_end": 0.0005, "model": {"hidden": [16]}}
    given |= {"reference_every": 10, "alpha": 1.0, "reward": reward}
    job = Job("nash/nash_pg", 0, ((), ((SELF, 1.0),)), 5, budget={"env_steps": steps}, params=given)
    done = train(registry, registry.make(ALGORITHMS, job.algorithm, given), job, services)
    return services.exact().plan(0, services.blobs.put_snapshot(done.snapshot))[1:]


@pytest.mark.slow
@pytest.mark.parametrize(("prefers", "winner"), [(CIRCLE, [1 / 3] * 3), (UNEVEN, [3 / 8, 4 / 8, 1 / 8])])
def test_a_judge_that_goes_round_in_circles_gives_the_mixture_that_nothing_is_preferred_to(
    tmp_path: Path, prefers: Any, winner: Any
) -> None:
    assert 0.5 * np.abs(judged(tmp_path, prefers) - np.array(winner)).sum() < 0.1  # total variation


@pytest.mark.slow
def test_a_judge_that_has_scores_gives_the_best_answer(tmp_path: Path) -> None:
    assert judged(tmp_path, SCORES)[2] > 0.9


def test_wins_are_shares_of_all_other_matches() -> None:
    """By a table, and by what was earned; matches of other agents are not compared."""
    registry = load_registry()
    from marl.registry import ENVIRONMENTS, REWARDS

    spec = registry.make(ENVIRONMENTS, "classic/rock_paper_scissors", {}, lanes=1).spec
    rows = window(spec, agent=[0, 1, 0, 1, 0, 1], action=[0, 1, 2, 1, 2, 0], reward=[-1, 1, 0, 0, 3, -3])
    table = registry.make(REWARDS, "nash/spo", {"prefers": CIRCLE}, spec=spec)(rows)["wins"]
    assert table == pytest.approx([0.9, (0.5 + 0.9) / 2, (0.1 + 0.5) / 2, (0.5 + 0.9) / 2, 0.3, 0.1])
    earned = registry.make(REWARDS, "nash/spo", {}, spec=spec)(rows)["wins"]
    assert earned == pytest.approx([0.0, 1.0, 0.5, 0.5, 1.0, 0.0])


def window(spec: Any, agent: list[int], action: list[int], reward: list[float]) -> Any:
    """Matches of one tick, of two rows each."""
    from types import SimpleNamespace

    from marl.reward import Window

    count = len(agent)
    rows = SimpleNamespace(
        match=np.arange(count) // 2,
        agent=np.array(agent),
        action=np.array(action),
        reward=np.array(reward, dtype=float),
        next_row=np.full(count, -1),
        terminated=np.ones(count, dtype=bool),
        truncated=np.zeros(count, dtype=bool),
        task=None,
        __len__=lambda: count,
    )

    class Rows(SimpleNamespace):
        def __len__(self) -> int:
            return count

        def lives(self) -> Any:
            return np.arange(count)  # all lives have one row

    return Window(Rows(**vars(rows)), spec, 1.0)


def test_judges_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"\[i\]\[j\] \+ \[j\]\[i\] must be 1"):
        judged(tmp_path, [[0.5, 0.9], [0.9, 0.5]])
    with pytest.raises(UserError, match="prefers has 2 rows, one for each action"):
        judged(tmp_path, [[0.5, 0.9], [0.1, 0.5]])
