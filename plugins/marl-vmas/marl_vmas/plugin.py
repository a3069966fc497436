"""What the plugin registers. Importing this file imports neither VMAS, torch nor numpy."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl
from marl_vmas.catalogue import LISTED

MARL_API = ">=2,<3"
_SOURCE = "VMAS (Bettini et al., DARS 2022)"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """The scenarios by their names, and `any` for VMAS's others."""
    tags = ("simultaneous", "team", "continuous", "chance")
    for name, summary in LISTED.items():
        params = "marl_vmas.params:VmasParams"
        yield Descriptor(name, f"marl_vmas.scenarios:{name}", summary, params=params, source=_SOURCE, tags=tags)
    yield Descriptor(
        "any",
        "marl_vmas.scenarios:any_scenario",
        "Any scenario of VMAS by its name, such as mpe/simple_spread",
        params="marl_vmas.params:AnyParams",
        source=_SOURCE,
        tags=tags,
    )
