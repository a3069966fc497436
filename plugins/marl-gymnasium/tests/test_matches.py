"""Spaces, illegal actions, endings, forks and drawing."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from marl import rng
from marl.errors import RunError, UserError
from marl.space import Box, Discrete, MultiDiscrete, Tree
from marl_gymnasium import environments
from marl_gymnasium.cartpole import CartPole
from marl_gymnasium.params import GymnasiumParams
from marl_gymnasium.pendulum import Pendulum
from marl_gymnasium.picture import png
from marl_gymnasium.spaces import action_space, observation_space, read_action
from marl_gymnasium.wrapped import GymnasiumEnvironment

ONE = np.arange(1)
SEED = rng.as_keys([5])


def test_spaces_keep_types_and_shapes_and_count_from_zero(oddities):
    env = GymnasiumEnvironment(oddities, 2, 10)
    assert env.spec.groups[0].action == MultiDiscrete((3, 2, 3, 4, 5, 2, 2))
    assert env.spec.groups[0].observation == Tree(
        {
            "bits": MultiDiscrete((2, 2, 2, 2)),
            "number": Box((), -1.0, 1.0, "float64"),
            "pair": Tree({"0": Discrete(5), "1": MultiDiscrete((3, 4))}),
            "pixels": Box((2, 3), 0.0, 255.0, "uint8"),
        }
    )
    (rows,) = env.reset(np.arange(2), rng.as_keys([1, 2]))
    seen, _ = oddities().reset(seed=2)
    assert rows.observation["pixels"][1].tolist() == seen["pixels"].tolist()
    assert rows.observation["pixels"].dtype == np.uint8
    assert rows.observation["pair"]["0"][1] == seen["pair"][0] + 2
    assert rows.observation["pair"]["1"].tolist() == [[2, 3], [2, 3]]
    assert rows.observation["number"].shape == (2,)
    step = env.step(np.arange(2), [np.array([[2, 1, 2, 3, 4, 0, 1], [0] * 7])])
    assert step.rewards.tolist() == [[10.0], [0.0]]


def test_an_end_both_ways_is_a_termination_with_a_final_observation(oddities):
    env = GymnasiumEnvironment(lambda: oddities(length=1), 1, 10)
    env.reset(ONE, SEED)
    step = env.step(ONE, [np.zeros((1, 7), dtype=np.int64)])
    assert step.done[0] and step.terminated[0, 0] and not step.truncated[0, 0]
    assert step.turn == (None,) and len(step.final[0]) == 1
    with pytest.raises(ValueError, match="over or was never started: reset the lane first"):
        env.step(ONE, [np.zeros((1, 7), dtype=np.int64)])


def test_real_parts_are_one_flat_box_and_arrive_in_their_places():
    parts = spaces.Dict({"arm": spaces.Box(-2, 2, (2, 1), np.float32), "grip": spaces.Box(0, 1, (), np.float64)})
    assert action_space(parts, "it") == Box((3,), -1, 1, "float64")
    given = read_action(parts, "it")(np.array([-1, 0.5, 1.0]))
    assert given["arm"].tolist() == [[-2], [1]] and given["arm"].dtype == np.float32
    assert given["grip"] == 1 and parts.contains(given)
    assert action_space(spaces.Tuple((parts["arm"], parts["arm"])), "it") == Box((4,), -2, 2)
    with pytest.raises(UserError, match="it wants actions of the space Tuple"):
        action_space(spaces.Tuple((parts["arm"], spaces.Discrete(2))), "it")


def test_an_environment_of_several_agents_is_pointed_to_where_it_is_played(uneven):
    env = GymnasiumEnvironment(lambda: uneven(reward=[0.0, 1.0]), 1, 10)
    env.reset(ONE, SEED)
    with pytest.raises(RunError, match=r"pays each of 2 agents, .* pettingzoo/any with target: 'gymnasium:make'"):
        env.step(ONE, [np.zeros((1, 2), np.float32)])


def test_a_limit_truncates_and_shows_the_last_observation():
    env = environments.make("CartPole-v1", 1, params=GymnasiumParams(max_steps=3))
    assert env.spec.max_length == 3
    env.reset(ONE, SEED)
    for tick in range(3):
        step = env.step(ONE, [np.array([tick % 2])])
    assert step.truncated[0, 0] and not step.terminated[0, 0] and step.done[0]
    theirs = gymnasium.make("CartPole-v1")
    theirs.reset(seed=5)
    assert step.final[0].observation[0].tolist() == [theirs.step(tick % 2)[0] for tick in range(3)][-1].tolist()


def test_a_limit_holds_where_the_wrapped_environment_has_none(uneven):
    env = GymnasiumEnvironment(uneven, 1, 2)
    env.reset(ONE, SEED)
    assert not env.step(ONE, [np.zeros((1, 2), np.float32)]).done[0]
    assert env.step(ONE, [np.zeros((1, 2), np.float32)]).truncated[0, 0]


def test_uneven_bounds_are_stretched(uneven):
    env = GymnasiumEnvironment(uneven, 1, 10)
    assert env.spec.groups[0].action == Box((2,), -1.0, 1.0, "float32")
    env.reset(ONE, SEED)
    for action, given in (([-1, -1], [-1, 0]), ([1, 1], [1, 4]), ([0.5, -0.5], [0.5, 1.0])):
        env.step(ONE, [np.array([action], np.float32)])
        assert env.games[0].given[-1].tolist() == given


def test_uneven_bounds_that_are_not_finite_are_clipped(uneven):
    env = GymnasiumEnvironment(lambda: uneven((0.0, -np.inf), (1.0, np.inf)), 1, 10)
    env.reset(ONE, SEED)
    env.step(ONE, [np.array([[-3, -3]], np.float32)])
    assert env.games[0].given[-1].tolist() == [0, -3]


@pytest.mark.parametrize("action", [np.nan, 2.5, -2.5, np.inf])
def test_actions_outside_a_box_are_faults_and_no_escape(action):
    for env in (environments.make("Pendulum-v1", 2), Pendulum(2)):
        env.reset(np.arange(2), rng.as_keys([1, 2]))
        env.step(np.arange(2), [np.zeros((2, 1), np.float32)])
        step = env.step(np.arange(2), [np.array([[action], [0.0]], np.float32)])
        assert step.fault.tolist() == [0, -1] and step.done.tolist() == [True, False]
        if isinstance(env, Pendulum):
            assert step.terminated[0, 0] and step.rewards[0, 0] == pytest.approx(-16.2736044 * 199)
        else:
            assert step.truncated[0, 0] and step.rewards[0, 0] == 0
        assert step.turn[0].lane.tolist() == [1] and step.final[0].lane.tolist() == [0]


def test_a_fault_in_cartpole_ends_its_rewards():
    env = CartPole(1)
    env.reset(ONE, SEED)
    step = env.step(ONE, [np.array([2])])
    assert step.fault[0] == 0 and step.terminated[0, 0] and step.rewards[0, 0] == 0


def test_an_environment_that_a_reset_does_not_clean_is_made_anew(uneven):
    class Counting(uneven):
        ticks = 0

        def step(self, action):
            self.ticks += 1
            return 1, self.ticks, False, False, {}

    for fresh, second in ((False, 2.0), (True, 1.0)):
        env = GymnasiumEnvironment(Counting, 1, 10, fresh=fresh)
        for expected in (1.0, second):
            env.reset(ONE, SEED)
            assert env.step(ONE, [np.zeros((1, 2), np.float32)]).rewards[0, 0] == expected


class Masked(gymnasium.Env):
    """Shows a mask in one of several ways; pays 1 for each choice that the mask allowed."""

    def __init__(self, where, choices, mask, first=True):
        self.where, self.mask, self.first = where, mask, first
        self.action_space = spaces.Discrete(choices[0]) if len(choices) == 1 else spaces.MultiDiscrete(choices)
        self.observation_space = seen = spaces.Box(-1, 1, (2,), np.float32)
        if where != "infos":
            mask_space = spaces.Box(0, 1, (sum(choices),), np.int8)
            self.observation_space = spaces.Dict({"action_mask": mask_space, where: seen})

    def _shown(self, show=True):
        seen, mask = np.zeros(2, np.float32), np.concatenate([np.ravel(part) for part in self.mask])
        if self.where != "infos":
            return {self.where: seen, "action_mask": mask}, {}
        return seen, {"action_mask": tuple(self.mask) if len(self.mask) > 1 else mask} if show else {}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._shown(self.first)

    def step(self, action):
        seen, info = self._shown()
        return seen, 1.0, False, False, info


@pytest.mark.parametrize("where", ["infos", "observation", "observations"])
@pytest.mark.parametrize(
    ("choices", "mask", "wanted"),
    [
        ([3], [np.array([1, 0, 1], np.int8)], [True, False, True]),
        ([2, 2], [np.array([1, 0], np.int8), np.array([0, 1], np.int8)], [True, False, False, True]),
        ([2, 2], [np.array([1, 0], np.int8), np.array([0, 0], np.int8)], [True, False, True, True]),
    ],
)
def test_masks_are_found_where_people_put_them(where, choices, mask, wanted):
    env = GymnasiumEnvironment(lambda: Masked(where, choices, mask), 1, 10)
    plain = Box((2,), -1, 1)
    assert env.spec.groups[0].observation == (Tree({where: plain}) if where == "observations" else plain)
    (rows,) = env.reset(ONE, SEED)
    assert rows.mask.tolist() == [wanted]
    wrong = np.array([1]) if len(choices) == 1 else np.array([[1, 1]])
    assert env.step(ONE, [wrong]).fault[0] == 0


def test_masks_may_come_at_some_ticks_only():
    env = GymnasiumEnvironment(lambda: Masked("infos", [3], [np.array([1, 0, 1], np.int8)], first=False), 2, 10)
    (rows,) = env.reset(np.arange(2), rng.as_keys([1, 2]))
    assert rows.mask is None
    (rows,) = env.step(ONE, [np.array([1])]).turn
    assert rows.mask.tolist() == [[True, False, True]]
    assert env.turn(np.arange(2))[0].mask.tolist() == [[True, False, True], [True] * 3]


def test_masks_are_those_of_the_infos():
    env = environments.make("Taxi-v3", 3)
    (rows,) = env.reset(np.arange(3), rng.as_keys([1, 2, 3]))
    theirs = gymnasium.make("Taxi-v3")
    for lane in range(3):
        assert rows.mask[lane].tolist() == theirs.reset(seed=lane + 1)[1]["action_mask"].astype(bool).tolist()
    assert not rows.mask.all()


def test_an_environment_that_raises_names_its_seed(uneven):
    env = GymnasiumEnvironment(lambda: uneven(raises=True), 1, 10, "Broken-v0")
    env.reset(ONE, rng.as_keys([2**40 + 9]))
    with pytest.raises(RunError, match=r"Broken-v0 failed at tick 0 of .* reset\(seed=9\): .*the engine broke"):
        env.step(ONE, [np.zeros((1, 2), np.float32)])


def test_rewards_that_are_no_numbers_are_reported(uneven):
    env = GymnasiumEnvironment(lambda: uneven(reward=np.nan), 1, 10)
    env.reset(ONE, SEED)
    with pytest.raises(RunError, match="it gives a reward of nan"):
        env.step(ONE, [np.zeros((1, 2), np.float32)])


def test_observations_of_a_wrong_shape_are_reported(uneven):
    class Misshapen(uneven):
        observation_space = spaces.Box(0, 1, (3,))

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

    with pytest.raises(RunError, match=r"observation of shape \(1,\), but its space says \(3,\)"):
        GymnasiumEnvironment(Misshapen, 1, 10).reset(ONE, SEED)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (spaces.Text(5), "observations of the space Text"),
        (spaces.Sequence(spaces.Discrete(2)), "observations of the space Sequence"),
        (spaces.Dict({"a/b": spaces.Discrete(2)}), "a part called 'a/b'"),
    ],
)
def test_observations_without_a_fixed_size_are_refused(space, message):
    with pytest.raises(UserError, match=message):
        observation_space(space, "It")


def test_actions_of_several_kinds_at_once_are_refused():
    with pytest.raises(UserError, match=r"It wants actions of the space Tuple.*in a Box or in discrete choices"):
        action_space(spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 1))), "It")


def test_saved_matches_of_another_environment_are_refused():
    lake, taxi = environments.make("FrozenLake-v1", 1), environments.make("Taxi-v3", 1)
    lake.reset(ONE, SEED)
    with pytest.raises(UserError, match="holds 1 matches of FrozenLake-v1, not 1 of Taxi-v3"):
        taxi.load(ONE, lake.save(ONE))
    for env in (taxi, CartPole(1)):
        with pytest.raises(UserError, match="holds no saved matches of"):
            env.load(ONE, b"nonsense")


def test_new_seeds_redraw_what_chance_still_decides():
    """On slippery ice the same actions lead elsewhere after new seeds, and nowhere else without."""
    env = environments.make("FrozenLake8x8-v1", 1)
    env.reset(ONE, SEED)
    env.step(ONE, [np.array([2])])
    blob = env.save(ONE)

    def future(seeds):
        (rows,) = env.load(ONE, blob, seeds)
        seen = [int(rows.observation[0])]
        for _ in range(12):
            step = env.step(ONE, [np.array([2])])
            seen.append(int((step.final[0] or step.turn[0]).observation[0]))
            if step.done[0]:
                break
        return seen

    usual = future(None)
    assert future(None) == usual
    others = [future(rng.as_keys([seed])) for seed in range(5)]
    assert {tuple(other) for other in others} != {tuple(usual)}
    assert {other[0] for other in others} == {usual[0]}


def test_drawing():
    lake = environments.make("FrozenLake-v1", 1)
    lake.reset(ONE, SEED)
    assert "SFFF\nFHFH\nFFFH\nHFFG" in lake.render(0).text
    cart = environments.make("CartPole-v1", 1)
    cart.reset(ONE, SEED)
    assert cart.render(0).text.startswith("CartPole-v1, tick 0: observation [")


def test_drawing_pixels():
    pytest.importorskip("pygame")
    env = environments.make("CartPole-v1", 1, params=GymnasiumParams(parameters={"render_mode": "rgb_array"}))
    env.reset(ONE, SEED)
    assert 'width="600" height="400"' in env.render(0).svg


def test_pictures_are_png_files():
    image = pytest.importorskip("PIL.Image")
    import io

    pixels = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    assert np.array_equal(np.asarray(image.open(io.BytesIO(png(pixels)))), pixels)
