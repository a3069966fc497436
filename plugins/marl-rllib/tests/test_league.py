"""Learned players in a league: best responses in PSRO, and self-play as a chain of slices."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from league.ledger import Ledger
from league.ledger.orders import Orders
from league.manager import Manager
from league.runner import build, mend
from marl.blobs import Blobs
from marl.errors import UserError
from marl.metrics import Metrics, read
from marl.registry import load_registry
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic, for Kuhn poker")

Make = Callable[..., Manager]
SMALL = "lanes: 32, rows: 512, minibatch: 128, lr: 0.003, env_steps"
SELF_PLAY = (
    f"env: classic/kuhn_poker\nstrategy: {{name: league/self_play, algorithm: {{name: rllib/mmd, {SMALL}: 4000}}}}\n"
)
PSRO = f"env: classic/kuhn_poker\nstrategy: {{name: league/psro, oracle: {{name: rllib/ppo, {SMALL}: 1000}}}}\n"


@pytest.fixture
def league(tmp_path: Path) -> Iterator[Make]:
    opened: list[Any] = []

    def make(text: str, iterations: int | None, where: str = "run") -> Manager:
        path, out = tmp_path / "scenario.yaml", tmp_path / where
        path.write_text(f"kind: league\nstop: {{iterations: {'null' if iterations is None else iterations}}}\n" + text)
        out.mkdir(exist_ok=True)
        registry = load_registry()
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(load_scenario(str(path), [], registry).config, registry, ledger, Blobs(out / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()


def test_self_play_is_one_chain_whose_snapshots_join_every_side(league: Make) -> None:
    manager = league(SELF_PLAY, 3)
    iterations = list(manager.run())
    first, second = ([player for _, player in side] for side in manager.population.members)
    assert [player.snapshot for player in first] == [player.snapshot for player in second]
    assert [player.parent for player in first] == ["", "", "player_0/1", "player_0/2"]
    assert not any(player.opponents for player in first)
    assert len({player.snapshot for player in first}) == 4
    assert iterations[-1].mixtures == ((0, 0, 0, 1), (0, 0, 0, 1))
    assert iterations[-1].measures["nash_conv"].value < iterations[0].measures["nash_conv"].value


def test_the_league_of_the_readme_runs(league: Make) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    kept = [line for line in text.splitlines(keepends=True) if not line.startswith(("kind:", "stop:"))]
    iterations = list(league("".join(kept), 3).run())
    assert (
        len(iterations) == 4 and iterations[-1].measures["nash_conv"].value < iterations[0].measures["nash_conv"].value
    )


@pytest.mark.parametrize(
    ("text", "horizon"),
    [
        (SELF_PLAY, 12000),  # three iterations of 4,000 env steps
        (PSRO.replace("league/psro,", "league/psro, warm: true,"), 3000),
        (PSRO, None),  # each best response starts cold: its own budget
        (SELF_PLAY.replace("mmd,", "mmd, horizon: 99,"), 99),
    ],
)
def test_schedules_run_over_a_whole_chain_of_jobs(league: Make, text: str, horizon: int | None) -> None:
    manager = league(text, 3)
    list(itertools.islice(manager.run(), 1))
    assert {order.job.params["horizon"] for order in manager.strategy.next(manager.view(), [])} == {horizon}


def test_a_chain_spends_its_schedule_though_updates_go_beyond_each_job(league: Make) -> None:
    """Updates of about 700 env steps, jobs of 1,000: without an account they would come to 8,400 instead of 6,000."""
    text = SELF_PLAY.replace("rllib/mmd", "rllib/ppo").replace("4000", "1000, lr_end: 0.0")
    manager = league(text.replace("rows: 512", "rows: 700"), 6)
    assert len(list(manager.run())) == 7  # nobody ran out of learning rate, and the league did not stop for it
    newest = manager.population.members[0][-1][1].checkpoint
    assert newest is not None
    progress = manager.services.checkpoint(newest).meta["progress"]
    assert progress["budget"] == 6000 <= progress["env_steps"] < 6800


def test_an_update_larger_than_its_job_is_refused(league: Make) -> None:
    with pytest.raises(UserError, match="an update of rows: 512 is more than the whole job, env_steps: 100, can bring"):
        list(league(PSRO.replace("env_steps: 1000", "env_steps: 100"), 3).run())


def test_a_schedule_that_would_start_anew_is_refused_before_it_is_ordered_and_a_horizon_mends_it(league: Make) -> None:
    text = (
        "env: classic/kuhn_poker\nstrategy: {name: league/pfsp, lineages: 1, "
        "algorithm: {name: rllib/ppo, lr_end: 0.0001, lanes: 32, rows: 128, env_steps: 300}}\n"
    )
    chain = text.replace("env_steps: 300", "env_steps: 300, horizon: 900")
    manager = league(text, None)
    with pytest.raises(UserError, match=r"^strategy 'league/pfsp' .*next\(view, running\).*\(lr\) would start anew"):
        list(manager.run())
    assert len(manager.iterations) == 2 and Orders(manager.ledger).open() == []
    again = league(chain, 3)
    list(again.run())
    assert len(again.iterations) == 4 and next(iter(again.view().lineages.values())).done == 3


@pytest.mark.parametrize(
    "text", [SELF_PLAY.replace("4000", "1000"), PSRO, PSRO.replace("league/psro,", "league/psro, warm: true,")]
)
def test_a_league_that_is_stopped_and_resumed_is_the_same_league(league: Make, text: str) -> None:
    whole = league(text, 3, "whole")
    list(whole.run())
    list(itertools.islice(league(text, 3, "halves").run(), 2))  # killed after the founders and an iteration
    resumed = league(text, 3, "halves")
    list(resumed.run())
    assert whole.ledger.digest() == resumed.ledger.digest()


def test_the_curves_of_jobs_that_were_finished_before_a_kill_stay(
    league: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def finish_and_die(self: Orders, *job: Any) -> bool:
        finish(self, *job)
        raise Killed

    whole = league(PSRO, 2, "whole")
    list(whole.run())
    finish = Orders.finish
    for _ in range(4):  # dies after each of the two jobs of both iterations
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Orders, "finish", finish_and_die)
            killed = league(PSRO, 2, "killed")
            mend(killed.metrics, killed)
            list(killed.run())
    last = league(PSRO, 2, "killed")
    mend(last.metrics, last)
    list(last.run())
    one, other = (
        [(event["step"], event["loss"]) for event in read(manager.metrics.path) if event["event"] == "train"]
        for manager in (whole, last)
    )
    assert one == other != []
    assert whole.log.steps == last.log.steps


@pytest.mark.slow
def test_best_responses_that_are_learned_lower_nash_conv(league: Make) -> None:
    iterations = list(league(PSRO.replace("1000", "16000"), 5).run())
    assert min(iteration.measures["nash_conv"].value for iteration in iterations) < 0.4  # uniform play: 0.917


@pytest.mark.parametrize(
    ("oracle", "params"),
    [
        ("ppo", "samplers: 2, rows: 200"),
        ("dqn", "rows: 64, updates: 4, learning_starts: 200"),
        ("sac", "rows: 64, updates: 4, learning_starts: 200, model: {hidden: [16]}"),
    ],
)
def test_a_league_is_the_same_wherever_its_jobs_are_done(league: Make, oracle: str, params: str) -> None:
    strategy = f"{{name: league/psro, oracle: {{name: rllib/{oracle}, lanes: 16, env_steps: 600, {params}}}}}"
    text = f"env: classic/kuhn_poker\nstrategy: {strategy}\n"
    found = []
    for backend in ("local", "ray") if oracle == "ppo" else ("local", "local"):
        manager = league(f"{text}compute: {{backend: {backend}}}\n", 2, f"run{len(found)}")
        done = list(manager.run())
        snapshots = [[player.snapshot for _, player in side] for side in manager.population.members]
        found.append((snapshots, done[-1].mixtures))
    assert found[0] == found[1] and len(found[0][0][0]) == 3
