"""The engine: what plays is what was asked, what is frozen stays frozen, and a resumed run is the same run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.env import EnvSpec, Group, Rows
from marl.errors import RunError, UserError
from marl.games import ForkableOneByOne, Match, OneByOne, Outcome, View
from marl.job import SELF, Job
from marl.space import Box, Discrete
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import Pennies, matching_pennies
from marl.testing.games.skirmish import skirmish
from marl.training.networks import ModelConfig

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

SMALL = {"lanes": 8, "rows": 128, "minibatch": 64, "env_steps": 512, "epochs": 2}


def same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


def job(side: int, *opponents: Any, **more: Any) -> Job:
    return Job("test/gradient", side, tuple(opponents), **{"seed": 3, **more})


SELF_PLAY = job(0, (), ((SELF, 1.0),))


def keep(services: Any, trained: Any) -> str:
    """Store what was trained, as the league does."""
    services.snapshots[trained.snapshot.id] = trained.snapshot
    services.checkpoints[trained.snapshot.id] = trained.checkpoint
    return str(trained.snapshot.id)


@pytest.mark.parametrize("game", [kuhn, skirmish])
@pytest.mark.parametrize("sharing", ["all", "side", "none"])
@pytest.mark.parametrize("normalised", [False, True])
def test_four_slices_are_two_and_two_more(
    services: Any, gradient: Any, game: Any, sharing: str, normalised: bool
) -> None:
    from marl.training.networks import ModelConfig

    model = ModelConfig(hidden=[16], normalise_observations=normalised, normalise_returns=normalised)
    params = {**SMALL, "sharing": sharing, "model": model}
    whole = gradient(**params)
    host = services(game)
    engine = whole.engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    for _ in range(4):
        engine.update()
    straight = engine.save()

    first, host = gradient(**params).engine(SELF_PLAY, host), services(game)
    first.begin(SELF_PLAY, host)
    first.update(), first.update()
    host.checkpoints["half"] = first.save()
    second = gradient(**params).engine(SELF_PLAY, host)
    second.begin(replace(SELF_PLAY, parent="half"), host)
    second.update(), second.update()
    resumed = second.save()
    assert (
        any(name.endswith("returns.var") and (array != 1).all() for name, array in resumed.arrays.items()) == normalised
    )
    assert same(straight.arrays, resumed.arrays)
    assert straight.meta["progress"].pop("budget") == 512 == resumed.meta["progress"].pop("budget") / 2  # of two jobs
    assert straight.meta == resumed.meta


def two_slices(algorithm: Any, host: Any, elsewhere: Any = None) -> list[Any]:
    """The outcomes of two jobs, the second going on from the first; `elsewhere` works on the second one."""
    first = algorithm.train(SELF_PLAY, host)
    second = replace(SELF_PLAY, seed=4, parent=keep(host, first))
    return [first, (elsewhere or algorithm).train(second, host)]


@pytest.mark.parametrize("game", [kuhn, skirmish])
def test_matches_that_go_on_from_slice_to_slice_are_those_that_would_be_loaded(
    services: Any, gradient: Any, game: Any
) -> None:
    params = {**SMALL, "model": ModelConfig(kind="gru", hidden=[8], memory=8)}
    loads: list[int] = []

    def counted(lanes: int) -> Any:
        environment = game(lanes)
        load = environment.load
        environment.load = lambda *arguments: loads.append(1) or load(*arguments)
        return environment

    kept = two_slices(gradient(**params), services(counted))[1].checkpoint
    assert not loads  # nobody played anything again
    loaded = two_slices(gradient(**params), services(counted), gradient(**params))[1].checkpoint
    assert loads
    assert same(kept.arrays, loaded.arrays) and kept.meta == loaded.meta


def test_an_older_state_is_loaded_and_a_newer_one_is_not_gone_on_with(services: Any, gradient: Any) -> None:
    host, algorithm = services(kuhn), gradient(**SMALL)
    first, second = two_slices(algorithm, host)
    again = algorithm.train(replace(SELF_PLAY, seed=4, parent=first.snapshot.id), host)
    assert same(again.checkpoint.arrays, second.checkpoint.arrays)


def test_matches_that_cannot_be_saved_go_on_within_a_process_and_start_anew_elsewhere(
    services: Any, gradient: Any
) -> None:
    def unsaved(lanes: int) -> Any:
        return OneByOne(ALONE, lanes, Remember)

    cold, params = job(0, (), seed=3), {**SMALL, "lanes": 7}
    host, algorithm = services(unsaved), gradient(**params)
    parent = keep(host, algorithm.train(cold, host))
    play = algorithm.engine(cold, host).backend.samplers[0].rollout.sampler.play
    clock, ticks = play.clock, play.ticks.copy()
    assert ticks.any()
    algorithm.engine(cold, host).begin(replace(cold, seed=4, parent=parent), host)
    after = algorithm.engine(cold, host).backend.samplers[0].rollout.sampler.play
    assert after.clock == clock and (after.ticks == ticks).all() and not host.warnings
    gradient(**params).train(replace(cold, seed=4, parent=parent), host)
    assert host.warnings == ["this environment cannot save matches in progress, so new ones start where others were"]


def test_recurrent_runs_resume_to_the_bit(services: Any, gradient: Any) -> None:
    params = {**SMALL, "model": ModelConfig(kind="lstm", hidden=[8], memory=8), "sequence": 5}
    host = services(kuhn)
    engine = gradient(**params).engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    engine.update()
    host.checkpoints["half"] = engine.save()
    engine.update()
    straight = engine.save()
    engine.begin(replace(SELF_PLAY, parent="half"), host)  # an older state, into the live engine
    engine.update()
    assert same(straight.arrays, engine.save().arrays)


def test_a_checkpoint_from_before_budgets_were_kept_is_gone_on_from_for_a_whole_job(
    services: Any, gradient: Any
) -> None:
    host = services(kuhn)
    parent = keep(host, gradient(**SMALL).train(SELF_PLAY, host))
    before = host.checkpoints[parent].meta["progress"]
    del before["budget"]
    after = gradient(**SMALL).train(replace(SELF_PLAY, parent=parent), host).checkpoint.meta["progress"]
    assert after["env_steps"] >= before["env_steps"] + 512


def test_another_number_of_lanes_starts_new_matches(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    parent = keep(host, gradient(**SMALL).train(SELF_PLAY, host))
    wider = gradient(**{**SMALL, "lanes": 12}).train(replace(SELF_PLAY, parent=parent), host)
    assert wider.checkpoint.meta["matches"]["lanes"] == 12
    assert wider.checkpoint.meta["progress"]["env_steps"] > host.checkpoints[parent].meta["progress"]["env_steps"]


def test_chained_jobs_need_to_know_where_their_schedules_end(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    parent = keep(host, gradient(**SMALL, lr_end=0.0).train(SELF_PLAY, host))
    with pytest.raises(UserError, match=r"schedules \(lr\) would start anew .* set `horizon`"):
        gradient(**SMALL, lr_end=0.0).train(replace(SELF_PLAY, parent=parent), host)
    gradient(**SMALL, lr_end=0.0, horizon=2048).train(replace(SELF_PLAY, parent=parent), host)


def test_a_job_gives_the_same_result_whatever_the_engine_did_before(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    used, fresh = gradient(**SMALL), gradient(**SMALL)
    used.train(job(1, (("random", 1.0),), (), seed=9), host)
    again, once = used.train(SELF_PLAY, host), fresh.train(SELF_PLAY, services(kuhn))
    assert again.snapshot.id == once.snapshot.id
    assert same(again.checkpoint.arrays, once.checkpoint.arrays)


def test_frozen_opponents_are_frozen(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    algorithm = gradient(**SMALL)
    frozen = keep(host, algorithm.train(SELF_PLAY, host))
    policy = host.policy(frozen)
    (rows,) = host.environment(3).reset(np.arange(3), rng.as_keys([1, 2, 3]))
    before = policy.act(rows, None, rng.as_keys([4, 5, 6]))
    opponent = None

    engine = algorithm.engine(job(0, (), ((frozen, 1.0),)), host)
    engine.begin(job(0, (), ((frozen, 1.0),)), host)
    opponent = engine.backend.samplers[0].rollout.sampler.play.policies[1]
    weights = opponent.snapshot().arrays
    while not engine.done:
        engine.update()
    assert same(opponent.snapshot().arrays, weights)
    assert opponent.snapshot().id == frozen  # and they were the ones that were asked for
    after = host.policy(frozen).act(rows, None, rng.as_keys([4, 5, 6]))
    assert np.array_equal(before.action, after.action)
    assert np.array_equal(before.logp, after.logp)
    assert not same(engine.backend.policy.snapshot().arrays, weights)


def test_what_plays_is_what_was_asked(services: Any, gradient: Any) -> None:
    """Side 0 meets "random" in three of four matches, "first" in the others, and never itself."""
    host = services(kuhn)
    mixture = (("random", 0.75), ("first", 0.25))
    engine = gradient(**SMALL).engine(job(0, (), mixture), host)
    engine.begin(job(0, (), mixture), host)
    play = engine.backend.samplers[0].rollout.sampler.play
    seen = []
    for _ in range(300):
        play.tick()
        seen.append(play.drain().players)
    players = np.concatenate(seen)
    assert (players[:, 0] == 0).all() and (players[:, 1] > 0).all()
    assert [type(policy).__name__ for policy in play.policies] == ["NetworkPolicy", "Random", "First"]
    assert abs((players[:, 1] == 1).mean() - 0.75) < 5 * np.sqrt(0.75 * 0.25 / len(players))


def test_the_live_policy_plays_the_newest_weights(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    engine = gradient(**SMALL).engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    engine.update()
    trained, playing = engine.backend.learner.weights(), engine.backend.policy.snapshot().arrays
    assert same(trained, playing)


def test_an_algorithm_says_what_it_needs_of_a_run(gradient: Any) -> None:
    from marl.algorithm import Planned

    assert isinstance(gradient(**SMALL), Planned)
    assert gradient(**SMALL).for_run(50_000, 2) == {"horizon": 50_000}
    assert gradient(**SMALL, horizon=5).for_run(50_000, 2) == {}
    with pytest.raises(UserError, match=r"algorithm.rows: an update of .* is more than the whole run, env_steps: 7"):
        gradient(**SMALL).for_run(7, 2)


def test_snapshots_carry_averaged_weights_and_training_goes_on_from_the_newest(services: Any, gradient: Any) -> None:
    from marl.training.checkpoint import part

    plain, averaged = gradient(**SMALL), gradient(**SMALL, average=0.5)
    newest, mean = plain.train(SELF_PLAY, services(kuhn)), averaged.train(SELF_PLAY, services(kuhn))
    weights = part(mean.checkpoint.arrays, "weights/")
    assert same(weights, newest.snapshot.arrays)  # what is learned is the same
    assert same(mean.snapshot.arrays, part(mean.checkpoint.arrays, "average/"))
    assert not same(mean.snapshot.arrays, weights)


def test_the_names_of_metrics_do_not_depend_on_who_had_rows(services: Any, gradient: Any) -> None:
    host, against = services(kuhn), (("random", 0.95), (SELF, 0.05))
    engine = gradient(**{**SMALL, "lanes": 4, "rows": 16}, sharing="side").engine(job(0, (), against), host)
    engine.begin(job(0, (), against), host)
    names = [frozenset(name for name in engine.update() if name.endswith("loss")) for _ in range(6)]
    assert {name.partition("/")[0] for found in names for name in found} == {"side0.players", "side1.players"}
    assert len(set(names)) > 1  # some updates had rows of one side only


@pytest.mark.parametrize(
    ("number", "sentence"), [(np.nan, r"'\w+' an observation that is not a number"), (np.inf, "that is not finite")]
)
def test_observations_that_are_not_finite_are_named(services: Any, gradient: Any, number: float, sentence: str) -> None:
    class Blind(Pennies):
        def views(self) -> Any:
            return {agent: View(np.full(1, number, dtype=np.float32)) for agent in super().views()}

    spec = matching_pennies(1).spec
    host = services(lambda lanes: OneByOne(spec, lanes, Blind))
    with pytest.raises(RunError, match=f"the environment shows .*{sentence}"):
        gradient(**SMALL).train(SELF_PLAY, host)


def test_only_the_sides_that_learn_have_modules_and_rows(services: Any, gradient: Any) -> None:
    host = services(skirmish)
    against = (("random", 1.0),)
    engine = gradient(**SMALL, sharing="side").engine(job(1, against, ()), host)
    engine.begin(job(1, against, ()), host)
    batch = engine.backend.samplers[0].play(200, {})
    assert set(batch.columns) == {"side1.scouts", "side1.tanks"}
    assert sum(len(columns["logp"]) for columns in batch.columns.values()) == 200 == batch.rows


def test_masks_are_never_violated_while_learning(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    trained = gradient(**{**SMALL, "env_steps": 4000}).train(SELF_PLAY, host)
    assert all(values["faults"] == 0 for _, values in host.logged if "faults" in values)
    assert trained.metrics["rows"] == 128


def test_env_steps_count_ticks_over_lanes(services: Any, gradient: Any) -> None:
    host = services(skirmish)  # four agents act at each tick
    engine = gradient(**SMALL).engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    metrics = engine.update()
    clock = engine.backend.samplers[0].rollout.sampler.play.clock
    assert metrics["env_steps"] == 8 * clock and metrics["rows"] == 128 > metrics["env_steps"]


def test_a_warm_start_keeps_the_weights_and_takes_up_new_opponents(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    algorithm = gradient(**SMALL)
    parent = keep(host, algorithm.train(job(0, (), (("random", 1.0),)), host))
    warm = job(0, (), (("first", 1.0),), parent=parent)
    engine = algorithm.engine(warm, host)
    engine.begin(warm, host)
    assert engine.backend.policy.snapshot().id == parent
    assert engine.progress.env_steps >= 512 and not engine.done  # its own budget comes on top


def test_a_warm_start_on_the_other_side_begins_new_matches(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    algorithm = gradient(**SMALL)
    parent = keep(host, algorithm.train(job(0, (), (("random", 1.0),)), host))
    other = job(1, (("random", 1.0),), (), parent=parent)
    engine = algorithm.engine(other, host)
    engine.begin(other, host)
    assert (engine.backend.samplers[0].rollout.sampler.play.players == [1, 0]).all()  # "random", and the learner


def test_a_job_that_names_nobody_to_play_is_refused(services: Any, gradient: Any) -> None:
    host = services(kuhn)
    with pytest.raises(UserError, match="side 1 has no opponent"):
        gradient(**SMALL).train(job(0, (), ()), host)
    with pytest.raises(UserError, match="3 mixtures"):
        gradient(**SMALL).train(job(0, (), (), ()), host)


def test_matching_pennies_against_one_who_always_shows_heads_is_won(services: Any, gradient: Any) -> None:
    host = services(matching_pennies)
    params = {**SMALL, "env_steps": 4000, "lr": 1e-2}
    gradient(**params).train(job(0, (), (("first", 1.0),)), host)
    assert host.logged[-1][1]["return"] > 0.9


class Remember(Match):
    """Shown +1 or -1 at the first of four turns; at the last, naming it earns 1. Nothing else is told."""

    def start(self) -> None:
        self.turn, self.sign = 0, 1 if self.chance() < 0.5 else -1

    def views(self) -> Mapping[int, View]:
        return {0: View(self.observe(0))}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        self.turn += 1
        if self.turn < 4:
            return Outcome()
        return Outcome({0: float(actions[0] == (self.sign > 0))}, done=True)

    def observe(self, agent: int) -> Any:
        return np.array([self.sign if self.turn == 0 else 0, self.turn / 4], dtype=np.float32)


ALONE = EnvSpec(("one",), (Group("players", (0,), Box((2,)), Discrete(2)),), ((0,),), "turns", 4)


@pytest.mark.parametrize(("kind", "low", "high"), [("gru", 0.95, 1.0), ("mlp", 0.35, 0.65)])
def test_a_memory_learns_what_no_network_without_one_can(
    services: Any, gradient: Any, kind: Any, low: float, high: float
) -> None:
    host = services(lambda lanes: OneByOne(ALONE, lanes, Remember))
    params = {"lanes": 32, "rows": 512, "minibatch": 128, "env_steps": 16000, "lr": 1e-2, "sequence": 8}
    gradient(**params, model=ModelConfig(kind=kind, hidden=[16], memory=16)).train(job(0, (), seed=0), host)
    assert low <= np.mean([values["return"] for _, values in host.logged[-5:]]) <= high


class Apart(Match):
    """Both must choose at once and see nothing: they get 1 together if they chose differently."""

    def start(self) -> None:
        pass

    def views(self) -> Mapping[int, View]:
        return {agent: View(self.observe(agent)) for agent in (0, 1)}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        return Outcome(dict.fromkeys((0, 1), 0.5 * (actions[0] != actions[1])), done=True)

    def observe(self, agent: int) -> Any:
        return np.zeros(1, dtype=np.float32)


PAIR = EnvSpec(("ann", "bob"), (Group("pair", (0, 1), Box((1,)), Discrete(2)),), ((0, 1),), "simultaneous", 1)


@pytest.mark.parametrize(("identity", "low", "high"), [(False, 0.3, 0.7), (True, 0.95, 1.0)])
def test_a_shared_network_can_be_told_which_agent_it_is(
    services: Any, gradient: Any, identity: bool, low: float, high: float
) -> None:
    host = services(lambda lanes: OneByOne(PAIR, lanes, Apart))
    params = {"lanes": 32, "rows": 256, "minibatch": 128, "env_steps": 8000, "lr": 1e-2}
    trained = gradient(**params, model=ModelConfig(hidden=[16], identity=identity)).train(job(0, ()), host)
    assert low <= np.mean([values["return"] for _, values in host.logged[-5:]]) <= high
    policy = host.policy(keep(host, trained))
    (rows,) = host.environment(32).reset(np.arange(1), rng.as_keys([1]))
    table = policy.probabilities(rows)
    assert (np.abs(table[0] - table[1]).max() > 0.9) == identity


def test_values_after_the_window_are_the_live_policys(services: Any, gradient: Any) -> None:
    from marl.training.experience.on_policy import last_values

    host = services(skirmish)
    engine = gradient(**SMALL).engine(SELF_PLAY, host)
    engine.begin(SELF_PLAY, host)
    rollout = engine.backend.samplers[0].rollout
    _, tanks = rollout.sampler.collect(400)
    values = last_values(tanks, rollout.live)
    rows = np.flatnonzero((tanks.last_row >= 0) & ~tanks.terminated)
    assert len(rows)
    for row in rows.tolist():
        place = tanks.last_row[row]
        one = slice(place, place + 1)
        seen = Rows(tanks.lane[row : row + 1], tanks.agent[row : row + 1], tanks.last.observation[one], None,
                    np.zeros(1, bool), 1)  # fmt: skip
        alone = rollout.live.act(seen, None, rng.as_keys([0])).value
        assert values[place] == pytest.approx(float(alone[0]), abs=1e-5)


class Watch(Match):
    """One agent sees an image, the other a number."""

    def start(self) -> None:
        self.tick = 0

    def views(self) -> dict[int, View]:
        return {agent: View(self.observe(agent)) for agent in range(2)}

    def observe(self, agent: int) -> Any:
        return np.full(1 if agent else (1, 3, 3), self.tick, dtype=np.float32)

    def play(self, actions: Any) -> Outcome:
        self.tick += 1
        return Outcome({0: float(actions[0] == 1), 1: float(actions[1] == 0)}, done=self.tick == 4)


WATCH = EnvSpec(
    ("eye", "ear"),
    (Group("eyes", (0,), Box((1, 3, 3)), Discrete(2)), Group("ears", (1,), Box((1,)), Discrete(2))),
    ((0, 1),),
    "simultaneous",
    4,
)


@pytest.mark.parametrize("ears", [{"kind": "gru", "memory": 4, "normalise_observations": True}, {"hidden": [8]}])
def test_each_group_may_have_a_model_of_its_own(services: Any, gradient: Any, ears: dict[str, Any]) -> None:
    from marl.training.networks import ModelConfig

    host = services(lambda lanes: ForkableOneByOne(WATCH, lanes, Watch))
    models = {"eyes": ModelConfig(kind="cnn", channels=[2], kernels=[3], strides=[1], hidden=[8])}
    params = {**SMALL, "model": ModelConfig(**ears), "models": models}
    algorithm, task = gradient(**params), job(0, ())
    first = algorithm.train(task, host)
    described = first.snapshot.meta["modules"]
    assert [described[name]["config"]["kind"] for name in ("eyes", "ears")] == ["cnn", ears.get("kind", "mlp")]
    on = replace(task, parent=keep(host, first))
    one, other = algorithm.train(on, host), gradient(**params).train(on, host)
    assert same(one.checkpoint.arrays, other.checkpoint.arrays)
    assert len(host.policy(first.snapshot.id).networks) == 2


def test_models_of_groups_that_are_not_there_and_cnns_without_images_are_refused(services: Any, gradient: Any) -> None:
    from marl.training.networks import ModelConfig

    host = services(lambda lanes: OneByOne(WATCH, lanes, Watch))
    with pytest.raises(UserError, match=r"group 'ears' shows only .* models: \{ears: \{kind: mlp\}\}"):
        gradient(**SMALL, model=ModelConfig(kind="cnn")).train(job(0, ()), host)
    with pytest.raises(UserError, match="no group is called 'ear'; did you mean 'ears'"):
        gradient(**SMALL, models={"ear": ModelConfig()}).train(job(0, ()), host)
