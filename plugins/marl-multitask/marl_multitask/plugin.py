"""What the plugin registers. Importing this file imports neither numpy nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"
_SOURCE = "Wang et al., Multi-task multi-agent shared layers are universal cognition of multi-agent coordination, 2023"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """Several environments as one."""
    yield Descriptor(
        "several",
        "marl_multitask.several:several",
        "Several environments as one: each match is of one of them, its task",
        params="marl_multitask.params:SeveralParams",
        tags=("team", "tasks", "multi-task"),
    )


@hookimpl
def marl_models() -> Iterable[Descriptor]:
    """Networks with layers for each task and layers for all."""
    yield Descriptor(
        "shared",
        "marl_multitask.shared:shared",
        "each task perceives by layers of its own; layers that all share decide",
        params="marl_multitask.params:SharedParams",
        source=_SOURCE,
        tags=("multi-task",),
    )
