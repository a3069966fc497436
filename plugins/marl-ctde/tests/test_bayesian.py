"""The graph of the context-aware Bayesian network: without cycles, what it says is what counts, and it goes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from marl.registry import ALGORITHMS, ParameterError, load_registry
from marl.training.networks.team_model import TeamSize
from marl_ctde.bayesian import BayesianNetwork
from marl_ctde.drawing import graph

FEATURES, CHOICES = 5, 3


def looked(seed: int, agents: int, left: float, equal: bool = False) -> Any:
    """A network of which about half of all edges are there, what it makes of 20 teams, and who acts in them."""
    torch.manual_seed(seed)
    network = BayesianNetwork(TeamSize(agents, CHOICES), FEATURES)
    for parameter in network.edge.parameters():
        torch.nn.init.normal_(parameter, std=3.0)
    if equal:
        torch.nn.init.zeros_(network.priority.weight)
    network.left.fill_(left)
    acts = torch.rand(20, agents) < 0.8
    features = torch.randn(20, agents, FEATURES) * acts[..., None]
    return network, network.look(features, acts, None)[0], acts


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.sampled_from([1.0, 0.5]), st.booleans())
def test_there_are_no_cycles_and_everybody_comes_after_all_it_goes_by(
    seed: int, agents: int, left: float, equal: bool
) -> None:
    network, graph, acts = looked(seed, agents, left, equal)
    edges = (graph.edges.detach() > 0).float()
    assert not torch.linalg.matrix_power(edges, agents).any()
    stages = network.stages(graph, acts)
    later = stages[:, :, None] > stages[:, None]
    assert later[edges.bool()].all() and stages.max() < agents
    assert not edges[~(acts[:, :, None] & acts[:, None])].any()


@pytest.mark.parametrize("agents", [2, 4])
def test_a_choice_counts_for_those_whom_an_edge_leads_to_and_for_nobody_else(agents: int) -> None:
    network, graph, acts = looked(3, agents, 1.0)
    chosen = torch.nn.functional.one_hot(torch.randint(0, CHOICES, acts.shape), CHOICES).float() * acts[..., None]
    before, edges = network.decide(graph, chosen), graph.edges > 0
    assert 0.05 < edges.float().mean() < 0.5
    for parent in range(agents):
        other = chosen.clone()
        other[:, parent] = torch.roll(other[:, parent], 1, -1)
        changed = (network.decide(graph, other) != before).any(2)
        assert torch.equal(changed, edges[:, :, parent] & acts[:, parent, None])


def test_weak_edges_go_first_and_in_the_end_there_are_none() -> None:
    known = [looked(5, 4, left) for left in (1.0, 0.6, 0.2, 0.0)]
    edges = [graph.edges > 0 for _, graph, _ in known]
    assert all((fewer <= more).all() and fewer.sum() < more.sum() for more, fewer in itertools.pairwise(edges))
    graph = known[1][1]
    assert graph.soft[edges[1]].min() > 0 and not edges[3].any()


def test_an_edge_that_is_not_there_can_come_into_being() -> None:
    network, graph, acts = looked(7, 3, 1.0)
    chosen = torch.rand(*acts.shape, CHOICES) * acts[..., None]
    absent = (graph.edges.detach() == 0) & (acts[:, :, None] & acts[:, None])
    (slope,) = torch.autograd.grad(network.decide(graph, chosen).square().sum(), graph.soft)
    assert (slope[absent].abs() > 0).float().mean() > 0.9


@pytest.mark.parametrize(("left", "alone"), [(1.0, False), (0.0, True)])
def test_without_edges_each_acts_by_what_it_sees_alone(
    begun: Any, batch: Any, kinds: Any, left: float, alone: bool
) -> None:
    make, sharing = kinds["at once"]
    engine, _ = begun(make, "ctde/bnac", sharing=sharing)
    learner, columns = batch(engine, 100)
    learner.network("g0").team.left.fill_(left)
    seen = columns["agents"]["g0"]["observation"].requires_grad_()
    learner.joint("side0", columns)
    inputs = learner.inputs_of("side0", {}, learns=True)
    slopes = torch.autograd.grad(inputs[:, :, 1].masked_fill(inputs[:, :, 1] < -1e8, 0.0).square().sum(), seen)[0]
    assert slopes[:, :, 1].abs().max() > 0
    action = columns["agents"]["g0"]["action"]
    action[:, :, [0, 2]] = (action[:, :, [0, 2]] + 1) % 3
    learner.joint("side0", columns)
    again = learner.inputs_of("side0", {})[:, :, 1]
    assert torch.equal(again, inputs[:, :, 1]) == alone


def test_what_a_team_agreed_upon_stays_when_edges_are_gone(begun: Any, returns: Any) -> None:
    """8 where both choose 0, -12 where one does: who chooses by itself leaves it (see `test_known_answers`)."""
    small = {"lanes": 64, "rows": 512, "minibatch": 64, "lr": 2e-3, "sharing": "none", "model": {"hidden": [32]}}
    engine, services = begun(
        "classic/team_matrix", "ctde/bnac", seed=0, game={"game": "non_monotonic"}, env_steps=6_000, **small
    )
    told = []
    while not engine.done:
        told.append(engine.update())
    assert told[0]["side0/edges"] == 1.0 and told[-1]["side0/edges"] == 0.0 == told[-1]["edges_left"]
    assert told[0]["side0/edge_0_to_1"] + told[0]["side0/edge_1_to_0"] == 1.0
    assert returns(engine, services) == 8.0


@pytest.mark.slow
def test_there_are_edges_where_agents_have_to_agree(begun: Any, returns: Any, contexts: Any) -> None:
    """By what they see: where the choice of each counts by itself, an edge costs more than it brings. Once they agree,
    no edge is worth anything, so they are looked for while agents learn."""
    small = {"lanes": 64, "rows": 512, "minibatch": 64, "lr": 2e-3, "sharing": "none", "model": {"hidden": [32]}}
    late = {"edges_until": 0.9, "edges_gone": 1.0, "edge_cost": 0.02}
    engine, services = begun(contexts, "ctde/bnac", seed=1, env_steps=6_000, **small, **late)
    while engine.progress.env_steps < 2_000:
        engine.update()
    team, acts = engine.backend.learner.together("side0"), torch.ones(1, 2, dtype=torch.bool)
    edges = []
    for context in ([1.0, 0.0], [0.0, 1.0]):
        features = torch.stack([team.network(name).encoded(torch.tensor([context])) for name in ("a", "b")], 1)
        edges.append(float(team.model.look(features, acts, None)[0].soft.detach().sum()))
    assert edges[0] > 0.2 and edges[0] > 3 * edges[1]
    while not engine.done:
        engine.update()
    assert returns(engine, services) == 8.0


def test_a_graph_is_drawn() -> None:
    update = {"side0/edge_0_to_1": 0.81, "side0/edge_1_to_0": 0.0, "side0/edges": 0.81, "event": "train"}
    assert graph(update, ("one", "other")) == "one -> other  ################----  0.81"
    assert graph({"edges": 0.0}, ("one", "other")).startswith("no edges")


def test_edges_cannot_be_gone_before_they_begin_to_go() -> None:
    with pytest.raises(ParameterError, match="edges_gone must be above edges_until"):
        load_registry().make(ALGORITHMS, "ctde/bnac", {"edges_until": 0.5, "edges_gone": 0.4})
