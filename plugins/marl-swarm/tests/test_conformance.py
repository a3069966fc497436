from __future__ import annotations

from functools import partial

from marl.testing import conformance_tests
from marl_swarm.kuramoto import Kuramoto, KuramotoParams
from marl_swarm.mean_field import MeanField
from marl_swarm.rule import RuleParams
from marl_swarm.vicsek import Vicsek, VicsekParams

kuramoto = partial(Kuramoto, params=KuramotoParams(agents=3, max_length=5, coupling=0.1))
vicsek = partial(Vicsek, params=VicsekParams(agents=3, max_length=5, places=2, features="histogram", radius=1.0))


def as_one(lanes: int) -> MeanField:
    return MeanField(kuramoto(lanes), RuleParams(centres=2))


test_conformance = conformance_tests({"kuramoto": kuramoto, "vicsek": vicsek, "as one": as_one}, chance=True, ticks=12)
