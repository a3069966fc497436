import shutil
import sys
from pathlib import Path

import pytest

from league.sandbox import Limits
from league.sandbox.bubblewrap import BubblewrapSandbox
from league.sandbox.plain import LimitsSandbox, NoSandbox


@pytest.fixture(scope="session")
def bubblewrap():
    sandbox = BubblewrapSandbox()
    probe = sandbox.probe()
    if not probe.ok:
        pytest.skip(f"bubblewrap: {probe.reason}")
    return sandbox


@pytest.fixture(params=["none", "limits", "bubblewrap"])
def sandbox(request):
    tiers = {"none": NoSandbox, "limits": LimitsSandbox}
    return request.getfixturevalue("bubblewrap") if request.param == "bubblewrap" else tiers[request.param]()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "bot"
    made.mkdir()
    return made


@pytest.fixture
def python(folder):
    """Run a text as a Python program in a sandbox, to its end."""

    def run(sandbox, text, *arguments, limits=None, seconds=10.0, **more):
        (folder / "bot.py").write_text(text)
        command = [sys.executable, "bot.py", *map(str, arguments)]
        return sandbox.run(command, folder, limits or Limits(), seconds, **more)

    return run


@pytest.fixture
def start(folder, tmp_path):
    """Start a text as a Python program; killed at the end."""
    children = []

    def begin(sandbox, text, limits=None):
        (folder / "bot.py").write_text(text)
        child = sandbox.start([sys.executable, "-u", "bot.py"], folder, limits or Limits(), tmp_path / "log")
        children.append(child)
        return child

    yield begin
    for child in children:
        child.kill()


def _alive(marker):
    """The pids of processes that have a word in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if marker.encode() in words and state != "Z":
                found.append(int(entry.name))
    return found


@pytest.fixture
def alive():
    return _alive


@pytest.fixture
def compiler():
    return shutil.which("cc") or pytest.skip("no C compiler")
