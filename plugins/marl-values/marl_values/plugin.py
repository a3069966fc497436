"""What the plugin registers. Importing this file imports neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"


@hookimpl
def marl_algorithms() -> Iterable[Descriptor]:
    """Algorithms for teams."""
    yield Descriptor(
        "vdn",
        "marl_values.algorithms:VDN",
        "value decomposition networks: a team's value is the sum of its agents' values",
        params="marl_values.algorithms:VDNParams",
        source="Sunehag et al., Value-decomposition networks for cooperative multi-agent learning, 2017",
        tags=("networks", "replay", "teams"),
    )
    yield Descriptor(
        "qmix",
        "marl_values.algorithms:QMIX",
        "a team's value is mixed from its agents' values, monotonically, by the true state",
        params="marl_values.algorithms:QMIXParams",
        source="Rashid et al., QMIX: Monotonic value function factorisation, ICML 2018",
        tags=("networks", "replay", "teams"),
    )
