"""The particle worlds: mpe2's, tick by tick, from where its matches stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl_coop.particles.speaker_listener import SpeakerListener, SpeakerListenerParams
from marl_coop.particles.spread import SIZE, Spread, SpreadParams

MATCHES = 12
LANES = np.arange(MATCHES)
SEEDS = LANES.astype(np.uint64)


def theirs(module: str, seed: int, **params: Any) -> Any:
    mpe2 = pytest.importorskip("mpe2")
    __import__(f"mpe2.{module}")
    env = getattr(mpe2, module).parallel_env(**params)
    env.reset(seed=seed)
    return env


def world_of(env: Any) -> tuple[np.ndarray, np.ndarray]:
    """Places of agents and of landmarks."""
    world = env.unwrapped.world
    return tuple(np.array([one.state.p_pos for one in some]) for some in (world.agents, world.landmarks))


@pytest.mark.parametrize(("agents", "ratio"), [(3, 0.5), (1, 0.0), (5, 0.8)])
def test_spread_is_mpe2s_tick_by_tick(agents: int, ratio: float) -> None:
    """Rewards, ends, and what all agents see. Actions are drawn now and then, so that agents go far and meet."""
    peers = [theirs("simple_spread_v3", seed, N=agents, local_ratio=ratio) for seed in LANES.tolist()]
    ours = Spread(MATCHES, SpreadParams(agents=agents, local_ratio=ratio))
    ours.reset(LANES, SEEDS)
    for lane, peer in enumerate(peers):
        ours.place[lane], ours.landmark[lane] = world_of(peer)
    ours.place[::2, 1:] = ours.place[::2, :1] + np.linspace(0.1, 0.5, agents)[1:, None]  # some begin close together
    for lane, peer in enumerate(peers):
        for agent, one in enumerate(peer.unwrapped.world.agents):
            one.state.p_pos = ours.place[lane, agent].copy()
    draw, touched = np.random.default_rng(0), 0
    act = np.zeros((MATCHES, agents), np.int64)
    for tick in range(25):
        act = np.where(draw.random(act.shape) < 0.5, draw.integers(0, 5, act.shape), act)
        step = ours.step(LANES, [act.reshape(-1)])
        (rows,) = step.final if step.done.all() else step.turn
        seen = rows.observation.reshape(MATCHES, agents, -1)
        for lane, peer in enumerate(peers):
            said, rewards, _, truncated, _ = peer.step(dict(zip(peer.possible_agents, act[lane].tolist(), strict=True)))
            np.testing.assert_allclose(step.rewards[lane], list(rewards.values()), rtol=0, atol=1e-10)
            np.testing.assert_allclose(seen[lane], list(said.values()), rtol=0, atol=1e-6)
            assert step.truncated[lane].tolist() == list(truncated.values()) == [tick == 24] * agents
        apart = np.linalg.norm(ours.place[:, :, None] - ours.place[:, None], axis=-1)
        touched += int((apart < 2 * SIZE).sum()) - apart.shape[0] * agents
    assert touched > 20 or agents == 1


def test_speaker_and_listener_are_mpe2s_tick_by_tick() -> None:
    peers = [theirs("simple_speaker_listener_v4", seed) for seed in LANES.tolist()]
    ours = SpeakerListener(MATCHES)
    ours.reset(LANES, SEEDS)
    for lane, peer in enumerate(peers):
        places, ours.landmark[lane] = world_of(peer)
        ours.place[lane] = places[1]
        world = peer.unwrapped.world
        ours.meant[lane] = world.landmarks.index(world.agents[0].goal_b)
    assert len(set(ours.meant.tolist())) == 3
    draw = np.random.default_rng(0)
    for tick in range(25):
        speak, go = draw.integers(0, 3, MATCHES), draw.integers(0, 5, MATCHES)
        step = ours.step(LANES, [speak, go])
        told, heard = (rows.observation for rows in (step.final if step.done.all() else step.turn))
        for lane, peer in enumerate(peers):
            said, rewards, _, truncated, _ = peer.step({"speaker_0": int(speak[lane]), "listener_0": int(go[lane])})
            np.testing.assert_allclose(step.rewards[lane], list(rewards.values()), rtol=0, atol=1e-10)
            np.testing.assert_allclose(told[lane], said["speaker_0"], rtol=0, atol=1e-6)
            np.testing.assert_allclose(heard[lane], said["listener_0"], rtol=0, atol=1e-6)
            assert step.truncated[lane].tolist() == list(truncated.values()) == [tick == 24] * 2


def test_starts_are_anywhere_between_minus_one_and_one() -> None:
    env = Spread(4000)
    env.reset(np.arange(4000), np.arange(4000, dtype=np.uint64))
    for places in (env.place, env.landmark):
        assert -1 <= places.min() < -0.99 and 0.99 < places.max() < 1
        np.testing.assert_allclose(places.mean(axis=0), 0, atol=0.05)
        np.testing.assert_allclose(np.corrcoef(places.reshape(4000, -1).T), np.eye(6), atol=0.07)


def test_the_listener_hears_nothing_before_anything_was_said() -> None:
    env = SpeakerListener(MATCHES)
    _, listener = env.reset(LANES, SEEDS)
    assert listener is not None and not listener.observation[:, -3:].any()
    state = env.state(LANES)
    assert (state[:, 10:13].argmax(axis=1) == env.meant).all() and not state[:, 13:].any()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"agents": 0}, "agents must be between 1 and 20, not 0"),
        ({"local_ratio": 1.5}, "local_ratio must be between 0 and 1, not 1.5"),
        ({"steps": 0}, "steps must be between 1 and 10000, not 0"),
    ],
)
def test_parameters_that_make_no_game_are_a_sentence(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SpreadParams(**params)
    if "steps" in params:
        with pytest.raises(ValueError, match=words):
            SpeakerListenerParams(**params)


def test_pictures_show_where_everybody_is() -> None:
    spread, talk = Spread(1), SpeakerListener(1)
    for env in (spread, talk):
        env.reset(np.array([0]), np.array([3], np.uint64))
    spread.place[0] = [[-1.5, 1.5], [0, 0], [9, 9]]  # the last one is out of the picture
    lines = spread.render(0).text.splitlines()
    assert lines[0] == "tick 0 of 25" and lines[1][0] == "0" and "2" not in "".join(lines[1:])
    assert spread.render(0).svg.count("<circle") == 6
    assert all(f">{letter}<" in spread.render(0).svg for letter in "abc")
    assert "is meant, nothing was said" in talk.render(0).text
