"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_ALGORITHMS = (
    (
        "iql",
        "iql:IQL",
        "independent Q-learning: each agent learns by itself what the team earns",
        "Tan, Multi-agent reinforcement learning: independent vs. cooperative agents, ICML 1993",
    ),
    (
        "vdn",
        "vdn:VDN",
        "value decomposition networks: a team's value is the sum of its agents' values",
        "Sunehag et al., Value-decomposition networks for cooperative multi-agent learning, 2017",
    ),
    (
        "qmix",
        "qmix:QMIX",
        "a team's value is mixed from its agents' values, monotonically, by the true state",
        "Rashid et al., QMIX: Monotonic value function factorisation, ICML 2018",
    ),
    (
        "qplex",
        "qplex:QPLEX",
        "a team's value is that of its agents' best choices, less weighed advantages of others",
        "Wang et al., QPLEX: Duplex dueling multi-agent Q-learning, ICLR 2021",
    ),
    (
        "ow_qmix",
        "weighted_qmix:OWQMIX",
        "QMIX whose error counts fully where the team's value is too low (optimistic weighting)",
        "Rashid et al., Weighted QMIX, NeurIPS 2020",
    ),
    (
        "cw_qmix",
        "weighted_qmix:CWQMIX",
        "QMIX whose error counts fully where a joint action may be the best (central weighting)",
        "Rashid et al., Weighted QMIX, NeurIPS 2020",
    ),
    (
        "qtran",
        "qtran:QTRAN",
        "a joint value without a limit, to whose best choice the sum of the agents' values is bound",
        "Son et al., QTRAN: Learning to factorize with transformation, ICML 2019",
    ),
    (
        "gmah",
        "gmah:GMAH",
        "agents choose sub-goals that are found on the way, and act for them; QMIX's mixer of the values of sub-goals",
        "Xu et al., Subgoal-based hierarchical reinforcement learning for multi-agent collaboration, 2024",
    ),
    (
        "pqn_vdn",
        "pqn_vdn:PQNVDN",
        "VDN without a replay and target networks: many matches side by side, lambda-returns, layer norm",
        "Gallici et al., Simplifying deep temporal difference learning, ICLR 2025",
    ),
    (
        "pqn_qmix",
        "pqn_vdn:PQNQMIX",
        "QMIX without a replay and target networks: many matches side by side, lambda-returns, layer norm",
        "Gallici et al., Simplifying deep temporal difference learning, ICLR 2025; Rashid et al., QMIX, ICML 2018",
    ),
)
_SHARED = {"ow_qmix": "WeightedQMIX", "cw_qmix": "WeightedQMIX"}  # whose parameters have another name


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms for teams."""
    for name, target, summary, source in _ALGORITHMS:
        own = target.split(":")[1]
        yield Descriptor(
            name,
            f"marl_values.{target}",
            summary,
            params=f"marl_values.params:{_SHARED.get(name, own)}Params",
            source=source,
            tags=("networks", "teams") if name.startswith("pqn_") else ("networks", "replay", "teams"),
        )


@hookimpl
def marl_models() -> Iterable[Descriptor]:
    """Networks that stay stable without target networks."""
    yield Descriptor(
        "normed",
        "marl_values.normed:normed",
        "dense layers with layer normalisation, and a GRU behind them if asked for",
        params="marl_values.params:NormedParams",
        source="Ba et al., Layer normalization, 2016",
        tags=(),
    )
    yield Descriptor(
        "goals",
        "marl_values.goals:goals",
        "dense layers, and sub-goals that are chosen now and then: for values/gmah",
        params="marl_values.params:GoalsParams",
        source="Xu et al., Subgoal-based hierarchical reinforcement learning for multi-agent collaboration, 2024",
        tags=(),
    )
