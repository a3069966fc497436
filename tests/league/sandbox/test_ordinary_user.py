"""The same sandbox for a host that is an ordinary user: no cgroups of its own, no rights to lend."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
HOSTILE = REPOSITORY / "tests" / "league" / "hostile"
PYTHON = "/usr/bin/python3"
ATTACKS = ["fork_bomb", "memory_hog", "memory_herd", "fills_tmp", "changes_devices", "kernel_settings", "namespaces"]
ATTACKS += ["exotic_calls", "zombies", "reads_shadow", "lists_processes", "writes_its_folder", "traces"]
HOST = """
import json, os, sys
from pathlib import Path
from league.sandbox.limits import Limits
from league.sandbox.bubblewrap import BubblewrapSandbox

sandbox, folder = BubblewrapSandbox(), Path(sys.argv[1])
probe = sandbox.probe()
said = {"uid": os.getuid(), "ok": probe.ok, "reason": probe.reason, "holds": probe.holds}
limits = Limits(memory_mb=256, processes=20, files_mb=32)
for name in sys.argv[2:] if probe.ok else ():
    done = sandbox.run([sys.executable, name + ".py", "now"], folder, limits, 15)
    said[name] = [done.output.decode(), done.reason]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said():
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv, to become somebody else")
    command = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        PYTHON,
        "-c",
        HOST,
        str(HOSTILE),
        *ATTACKS,
    ]
    environment = {"PATH": os.defpath, "HOME": "/tmp", "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, timeout=60)
    if "ModuleNotFoundError" in done.stderr or not done.stdout:
        pytest.skip(f"{PYTHON} cannot be used here by others than root: {done.stderr[-300:]}")
    answer = json.loads(done.stdout)
    if not answer["ok"]:
        pytest.skip(f"bubblewrap does not work for ordinary users here: {answer['reason']}")
    assert answer["uid"] == 65534
    return answer


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_for_an_ordinary_user(said, name):
    output, reason = said[name]
    assert "SUCCESS" not in output
    assert "FAILED" in output or reason in ("out of memory", "too many processes")


def test_the_probe_says_what_holds_without_cgroups(said):
    holds = " ".join(said["holds"])
    if "cgroup" not in holds:
        assert "looked at every 50 ms" in holds
