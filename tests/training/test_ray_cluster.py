"""Several nodes: actors are placed by Ray, nothing is shared but its object store, and a node may go."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

CODE = """
import os, warnings
warnings.filterwarnings("ignore")
os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
import ray
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
os.environ["RAY_ADDRESS"] = cluster.address

from marl.compute import Compute
from marl.job import SELF, Job
from marl.testing.games.kuhn import kuhn
from marl.training.algorithm import Engine
from marl.training.hyper import OnPolicyHyper
from marl.training.learner import ColumnLearner
from marl.training.modules import module_specs
from marl.training.parts import Parts

class Learner(ColumnLearner):
    def loss(self, module_id, batch, inputs, value):
        logp = self.distribution(module_id).logp(inputs, batch["action"])
        return (value - batch["target"]).square().mean() - (logp * batch["advantage"]).mean(), {}

class Services:
    make = staticmethod(kuhn)
    def environment(self, lanes): return kuhn(lanes)

spec = kuhn(1).spec
hyper = OnPolicyHyper(lanes=64, rows=20_000, minibatch=5_000, samplers=2)
engine = Engine(spec, Parts(Learner), module_specs(spec, hyper.model, "all", (0, 1)), hyper, Compute("ray"))
engine.begin(Job("test", 0, ((), ((SELF, 1.0),)), 1), Services())
where = lambda runner: ray.get_runtime_context().get_node_id()
samplers = engine.backend.samplers
before = [result.get() for result in samplers._manager.foreach_actor(where)]
assert len(set(before)) == 2, before
assert engine.update()["rows"] == 20_000
real, outcomes = engine.backend.learners.fit, []

def fit(parts, plan, seen):
    if not outcomes:  # the rows of the second sampler go with its node
        gone = next(node for node in nodes if node.node_id == before[1])
        cluster.remove_node(gone, allow_graceful=False)
        cluster.add_node(num_cpus=1)
    outcomes.append("lost")
    stats = real(parts, plan, seen)
    outcomes[-1] = "fitted"
    return stats

engine.backend.learners.fit = fit
assert engine.update()["rows"] == 20_000 and engine.update()["rows"] == 20_000
assert outcomes == ["lost", "fitted", "fitted"], outcomes
after = [result.get() for result in samplers._manager.foreach_actor(where)]
assert after[0] == before[0] and after[1] not in before, (before, after)
engine.backend.close()
ray.shutdown()
cluster.shutdown()
print("fine")
"""


@pytest.mark.slow
def test_samplers_spread_over_nodes_and_survive_the_loss_of_one_with_its_rows() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip().endswith("fine"), done.stderr[-3000:]
