"""The backend that a scenario's `compute` names."""

from __future__ import annotations

from collections.abc import Mapping

from marl.compute import Compute
from marl.env import EnvSpec
from marl.training.backend import Backend
from marl.training.hyper import Hyper
from marl.training.modules import ModuleSpec
from marl.training.parts import Parts


def connect(spec: EnvSpec, parts: Parts, modules: Mapping[str, ModuleSpec], hyper: Hyper, compute: Compute) -> Backend:
    """The backend that `compute` names, for an algorithm of these parts. Only `ray` starts Ray."""
    if compute.backend == "ray":
        from marl.training.backends.ray_backend import RayBackend

        return RayBackend(spec, parts, modules, hyper, compute)
    from marl.training.update import Local

    return Local(spec, parts, modules, hyper)
