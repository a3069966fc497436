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
)
_TEAMS: tuple[str, ...] = ()  # that learn what a team earns together


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
