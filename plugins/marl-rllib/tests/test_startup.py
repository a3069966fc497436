"""What it takes to read a scenario: no torch, so that a league's own process, whose workers learn, begins at once."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from marl.registry import load_registry
from marl.scenario import load_scenario

for name in ("ppo", "a2c", "mmd", "dqn", "sac"):
    load_scenario("kuhn_pfsp_ppo", [f"strategy.algorithm={{name: rllib/{name}}}"], load_registry())
print([name for name in ("torch", "ray") if name in sys.modules])
"""


def test_reading_a_scenario_imports_neither_torch_nor_ray() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr
