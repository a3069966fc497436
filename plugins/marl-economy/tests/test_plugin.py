from __future__ import annotations

import subprocess
import sys


def test_listing_what_it_brings_imports_nothing_heavy() -> None:
    code = (
        "import sys, marl_economy.plugin as p; n = len(list(p.marl_environments())) + len(list(p.marl_policies())); "
        "print(n, [name for name in ('numpy', 'torch', 'requests', 'ray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split(" ", 1) == ["9", "[]\n"]
