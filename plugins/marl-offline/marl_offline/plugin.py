"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

_ALGORITHMS = (
    (
        "bc",
        "bc:BC",
        "behaviour cloning: a policy that does what was done, as often as it was done",
        "Pomerleau, ALVINN: An autonomous land vehicle in a neural network, NeurIPS 1988",
    ),
    (
        "cql",
        "cql:CQL",
        "conservative Q-learning: values of choices that were not made are held below those of choices that were",
        "Kumar et al., Conservative Q-learning for offline reinforcement learning, NeurIPS 2020",
    ),
    (
        "cql_sac",
        "cql_sac:CQLSAC",
        "conservative Q-learning on soft actor-critic, for real actions",
        "Kumar et al., Conservative Q-learning for offline reinforcement learning, NeurIPS 2020",
    ),
    (
        "iql",
        "iql:IQL",
        "implicit Q-learning (not independent): values of the best of what was done, and a policy that clones it",
        "Kostrikov et al., Offline reinforcement learning with implicit Q-learning, ICLR 2022",
    ),
    (
        "decentralised",
        "decentralised:Decentralised",
        "agents that learn each from its own log, weighing outcomes by how rare and how good they are",
        "Jiang and Lu, Offline decentralized multi-agent reinforcement learning, 2021",
    ),
    (
        "cql_vdn",
        "teams:CQLVDN",
        "conservative Q-learning of a team whose value is the sum of its agents' values",
        "Pan et al., Plan better amid conservatism, ICML 2022; Kumar et al., Conservative Q-learning, NeurIPS 2020",
    ),
    (
        "cql_qmix",
        "teams:CQLQMIX",
        "conservative Q-learning of a team whose value is mixed monotonically, by the true state",
        "Pan et al., Plan better amid conservatism, ICML 2022; Rashid et al., QMIX, ICML 2018",
    ),
)
_TEAMS = ("cql_vdn", "cql_qmix")  # that learn what a team earns together


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms that learn from recorded matches."""
    for name, target, summary, source in _ALGORITHMS:
        yield Descriptor(
            name,
            f"marl_offline.{target}",
            summary,
            params=f"marl_offline.params:{target.split(':')[1]}Params",
            source=source,
            tags=("networks", "offline", "teams") if name in _TEAMS else ("networks", "offline"),
        )
