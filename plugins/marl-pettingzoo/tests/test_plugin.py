"""What the plugin lists is what PettingZoo has, and listing is cheap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from marl.registry import ENVIRONMENTS
from marl_pettingzoo.catalogue import ENTRIES


def test_every_environment_of_the_four_families_is_listed_at_its_latest_version():
    from mpe2.all_modules import mpe_environments
    from pettingzoo.butterfly.all_modules import butterfly_environments
    from pettingzoo.classic.all_modules import classic_environments
    from pettingzoo.sisl.all_modules import sisl_environments

    known = {**classic_environments, **butterfly_environments, **sisl_environments, **mpe_environments}
    listed = {entry.module.rsplit(".", 1)[-1] for entry in ENTRIES}
    assert listed == {name.split("/")[1] for name in known}
    assert len(ENTRIES) == 26


def test_listing_imports_neither_pettingzoo_nor_numpy():
    code = (
        "import sys, marl_pettingzoo.plugin as plugin; list(plugin.marl_environments());"
        "sys.exit(any(name in sys.modules for name in ('pettingzoo', 'mpe2', 'pygame', 'numpy', 'gymnasium')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_registry_makes_environments():
    from marl.registry import load_registry

    registry = load_registry()
    env = registry.make(ENVIRONMENTS, "pettingzoo/simple_spread", {"parameters": {"N": 2}, "teams": "each"}, lanes=2)
    assert len(env.spec.sides) == 2 and env.lanes == 2
    teams = [["adversary_0", "adversary_1"], ["adversary_2", "agent_0"]]
    assert len(registry.make(ENVIRONMENTS, "pettingzoo/simple_tag", {"teams": teams}, lanes=1).spec.sides) == 2
    own = {"target": "marl_pettingzoo_tiny:Mixed", "max_length": 3}
    assert registry.make(ENVIRONMENTS, "pettingzoo/any", own, lanes=1).spec.max_length == 3


def test_the_readme_runs(capsys):
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    snippets = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), {})
    assert "3 agents" in capsys.readouterr().out
