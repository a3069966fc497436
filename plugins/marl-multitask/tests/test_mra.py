"""A set of policies for any number of agents: relations, modes, what an action tells of them, and what is learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")
pytest.importorskip("marl_rllib", reason="PPO is marl-rllib's")

import torch

from marl.errors import UserError
from marl.job import SELF, Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
from marl.space import Box
from marl.training.model import ModelConfig
from marl.training.modules import module_specs
from marl.training.networks import Network, networks, player
from marl_multitask.mra import MRALearner, information
from marl_multitask.nash_gap import nash_gap
from marl_multitask.params import MRAParams, ResourcesParams
from marl_multitask.population import LOT, OTHERS, SIZE
from marl_multitask.relations import RelationsEncoder, named
from marl_multitask.resources import Resources

GAME = ResourcesParams(sizes=[2, 4], most=5)
PLAIN: dict[str, Any] = {"kind": "multitask/relations", "params": {"modes": 3, "width": 8}}
MODEL = ModelConfig(**PLAIN)


class Services:
    """What an algorithm asks for."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.make = lambda lanes: load_registry().make(ENVIRONMENTS, "multitask/resources", params, lanes=lanes)
        self.spec = self.make(1).spec

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def log(self, step: int, **values: float) -> None:
        pass


@pytest.fixture
def network() -> Network:
    """One whose modes differ: a new one hardly prefers anything."""
    torch.manual_seed(0)
    made = networks(Resources(1, GAME).spec, MODEL)["agents"]
    for name, parameter in made.named_parameters():
        torch.nn.init.normal_(parameter, std=1.5 if "relations" in name else 0.6)
    return made


@pytest.fixture
def seen() -> dict[str, torch.Tensor]:
    """What agents of 40 matches of two and of four see."""
    lanes = np.arange(40)
    (rows,) = Resources(40, GAME).reset(lanes, np.arange(40, dtype=np.uint64), lanes % 2)
    assert rows is not None
    return {name: torch.from_numpy(leaf) for name, leaf in rows.observation.items()}  # type: ignore[union-attr]


def encoder(network: Network) -> RelationsEncoder:
    assert isinstance(network.encoder, RelationsEncoder)
    return network.encoder


def test_the_order_of_the_others_does_not_matter(network: Network, seen: dict[str, torch.Tensor]) -> None:
    turned = {**seen, OTHERS: seen[OTHERS].flip(1)}
    moved = {**seen, OTHERS: seen[OTHERS] + 0.1 * (seen[OTHERS][..., :1] > 0)}
    with torch.no_grad():
        before = network(seen).inputs
        assert torch.allclose(network(turned).inputs, before, atol=1e-5)
        assert not torch.allclose(network(moved).inputs, before, atol=1e-2)


def test_attention_is_paid_to_those_who_are_there(network: Network, seen: dict[str, torch.Tensor]) -> None:
    own = 0.1 * torch.randn(len(seen[SIZE]), encoder(network).relations.query.in_features)
    paid = encoder(network).relations(own, seen[OTHERS], torch.zeros(len(own), dtype=torch.int64))
    there = seen[OTHERS][..., 0] > 0
    assert (paid[~there] == 0).all() and (paid[there] > 0).all() and (paid.sum(1) < 1).all()
    nobody = encoder(network).relations(own, torch.zeros_like(seen[OTHERS]), torch.zeros(len(own), dtype=torch.int64))
    assert (nobody == 0).all()


def test_modes_are_drawn_by_lots_as_often_as_is_said(network: Network, seen: dict[str, torch.Tensor]) -> None:
    lots = ((torch.arange(4000) + 0.5) / 4000)[:, None]
    for size in (2.0, 4.0):
        sizes = torch.full_like(lots, size)
        modes = encoder(network).mode({LOT: lots, SIZE: sizes})
        found = torch.bincount(modes, minlength=3) / len(modes)
        assert torch.allclose(found, encoder(network).log_chances(sizes[:1]).exp()[0], atol=1e-3)
    drawn = encoder(network).mode(seen)
    assert len(drawn.unique()) == 3
    assert (encoder(network).mode(named(seen, drawn)) == drawn).all()  # type: ignore[arg-type]
    with torch.no_grad():
        assert torch.equal(network(named(seen, drawn)).inputs, network(seen).inputs)
        alike = [network(named(seen, mode)).inputs for mode in range(3)]
        assert all((one - alike[0]).abs().max() > 0.01 for one in alike[1:])


def test_information_is_none_where_modes_are_alike_and_only_relations_make_it_greater(
    network: Network, seen: dict[str, torch.Tensor]
) -> None:
    chances = encoder(network).log_chances(seen[SIZE]).detach()
    known = information(network, seen, None, chances)
    mixture = -(chances.exp() * chances).sum(1).mean()
    assert 0.001 < float(known.detach()) < float(mixture)
    known.backward()
    learning = {name for name, weight in network.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert learning and all("relations" in name for name in learning)
    with torch.no_grad():
        for weight in encoder(network).relations.parameters():
            weight += 0.02 * torch.sign(weight.grad) if weight.grad is not None else 0.0
        assert information(network, seen, None, chances) > known
        for weight in encoder(network).relations.parameters():
            weight.copy_(weight[: len(weight) // 3].repeat(3, *[1] * (weight.dim() - 1)))
        assert float(information(network, seen, None, chances)) == pytest.approx(0.0, abs=1e-6)


def test_a_mode_that_earned_more_is_drawn_more_often_at_that_size(seen: dict[str, torch.Tensor]) -> None:
    hyper = MRAParams(model=MODEL, minibatch=1000, entropy=0.0, information=0.0)
    learner = MRALearner.make(module_specs(Resources(1, GAME).spec, MODEL, "all", range(5)), hyper)
    made, rows = encoder(learner.network("agents")), len(seen[SIZE])
    wanted = torch.where(seen[SIZE][:, 0] == 2, 0, 2)  # mode 0 among two, mode 2 among four
    columns: dict[str, Any] = {name: np.zeros(rows, np.float32) for name in ("value", "advantage")}
    columns |= {"action": np.zeros(rows, np.int64), "logp": np.full(rows, -np.log(3), np.float32)}
    for turn in range(12):  # a fit goes no further than its clip
        played = {**seen, LOT: torch.rand((rows, 1), generator=torch.Generator().manual_seed(turn))}
        columns["observation"] = {name: leaf.numpy() for name, leaf in played.items()}
        columns["target"] = np.where((made.mode(played) == wanted).numpy(), 1.0, -1.0).astype(np.float32)
        stats = learner.fit({"agents": columns}, 5, {"agents": 1}, turn, {"lr": 0.05, "entropy_weight": 0.0})["agents"]
    chances = made.log_chances(torch.tensor([[2.0], [4.0]])).exp()
    assert chances[0, 0] > 0.5 and chances[1, 2] > 0.5
    assert stats["information"] >= 0 and stats["mode_entropy"] < np.log(3)


def test_policies_play_and_are_measured_at_sizes_that_they_were_not_made_for() -> None:
    spec = Resources(1, GAME).spec
    policy = player(spec, networks(spec, MODEL), "all")
    for size in (1, 3, 5):
        game = Resources(50, ResourcesParams(sizes=[size], most=5))
        gap, _ = nash_gap(policy, game)
        assert gap > 0.05  # a new network chooses as if by chance


def test_what_it_cannot_learn_is_told() -> None:
    with pytest.raises(ValueError, match="staleness"):
        MRAParams(staleness=1)
    spec = Resources(1, GAME).spec
    with pytest.raises(UserError, match="not mlp"):
        MRALearner.make(module_specs(spec, ModelConfig(), "all", range(5)), MRAParams())
    real = replace(spec, groups=(replace(spec.groups[0], action=Box((2,), -1, 1)),))
    with pytest.raises(UserError, match="needs Discrete actions"):
        MRALearner.make(module_specs(real, MODEL, "all", range(5)), MRAParams())
    board: Any = load_registry().make(
        ENVIRONMENTS, "multitask/several", {"tasks": {"one": "multitask/resources"}}, lanes=1
    )
    with pytest.raises(UserError, match="needs to see size, lot, own and others"):
        networks(board.spec, MODEL)


def test_a_run_goes_on_from_a_checkpoint_to_the_bit() -> None:
    saved: dict[str, Any] = {}
    services: Any = Services({"sizes": [2, 4], "most": 5})
    services.checkpoint = saved.get
    others = (((SELF, 1.0),),) * 4
    results = []
    for _ in range(2):
        algorithm: Any = load_registry().make(ALGORITHMS, "multitask/mra", {"lanes": 8, "rows": 60, "model": PLAIN})
        if not results:
            first = Job("multitask/mra", 0, ((), *others), 5, budget={"env_steps": 60})
            saved["half"] = algorithm.train(first, services).checkpoint
        job = Job("multitask/mra", 0, ((), *others), 6, budget={"env_steps": 60}, parent="half")
        results.append(algorithm.train(job, services).checkpoint)
    one, two = (result.arrays for result in results)
    assert set(one) == set(two) and all(one[key].tobytes() == two[key].tobytes() for key in one)
    half = saved["half"].arrays
    learned = [key for key in one if "chances.bias" in key and "optimi" not in key]
    assert learned and any(one[key].tobytes() != half[key].tobytes() for key in learned)
