"""What the plugin registers: PettingZoo's environments, and `pettingzoo/any` for every other one."""

from __future__ import annotations

from collections.abc import Iterable

from marl.registry import Descriptor, hookimpl
from marl_pettingzoo.catalogue import ENTRIES

MARL_API = ">=2,<3"
_SOURCE = "PettingZoo (arXiv:2009.14471)"
_MPE = "MPE (arXiv:1706.02275), mpe2"


@hookimpl
def marl_environments() -> Iterable[Descriptor]:
    """One descriptor for each entry of the catalogue; PettingZoo itself is not imported."""
    for entry in ENTRIES:
        yield Descriptor(
            entry.name,
            f"marl_pettingzoo.games:{entry.name}",
            entry.summary,
            params="marl_pettingzoo.params:Params",
            source=_MPE if "mpe" in entry.tags else _SOURCE,
            tags=entry.tags,
        )
    yield Descriptor(
        "any",
        "marl_pettingzoo.games:any_game",
        "Any PettingZoo environment that can be imported: target: 'package.module:parallel_env'",
        params="marl_pettingzoo.params:AnyParams",
        source=_SOURCE,
    )
