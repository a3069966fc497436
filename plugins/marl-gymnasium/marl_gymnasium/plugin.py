"""What the plugin registers. Importing this file imports neither Gymnasium nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl
from marl_gymnasium.catalogue import LISTED

MARL_API = ">=2,<3"
_SOURCE = "Gymnasium (arXiv:2407.17032)"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """The native environments, Gymnasium's own by their ids, and `any` for whatever else is registered with it."""
    yield Descriptor(
        "cartpole",
        "marl_gymnasium.cartpole:CartPole",
        "CartPole-v1 as numpy arrays: the same physics, many lanes at once",
        params="marl_gymnasium.cartpole:CartPoleParams",
        source="Barto, Sutton, Anderson, IEEE Transactions on Systems, Man, and Cybernetics 13 (1983)",
        tags=("1 player", "native"),
    )
    yield Descriptor(
        "pendulum",
        "marl_gymnasium.pendulum:Pendulum",
        "Pendulum-v1 as numpy arrays: the same physics, many lanes at once; continuous actions",
        params="marl_gymnasium.pendulum:PendulumParams",
        source=_SOURCE,
        tags=("1 player", "native", "continuous"),
    )
    for entry in LISTED:
        yield Descriptor(
            entry.id,
            f"marl_gymnasium.environments:{entry.attribute}",
            entry.summary,
            params="marl_gymnasium.params:GymnasiumParams",
            source=_SOURCE,
            tags=("1 player", entry.extra) if entry.extra else ("1 player",),
        )
    yield Descriptor(
        "any",
        "marl_gymnasium.environments:any_environment",
        "Any environment registered with Gymnasium, by its id, such as 'my_package:MyGame-v0'",
        params="marl_gymnasium.params:AnyParams",
        source=_SOURCE,
    )
