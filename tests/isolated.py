"""Builds wheels and tries them in an empty environment outside the checkout: `python tests/isolated.py core|wheel`.

core:  the wheel of marl-league alone, and the core's tests with no plugin installed.
wheel: with the wheels of the plugins beside it, the main job.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    "marl-ctde",
    "marl-economy",
    "marl-manyagent",
    "marl-multitask",
    "marl-nash",
    "marl-offline",
    "marl-rllib",
    "marl-pettingzoo",
    "marl-gymnasium",
    "marl-rewards",
    "marl-search",
    "marl-swarm",
    "marl-values",
    "marl-vmas",
}  # built here, tried by `make unit`
# What Linux keeps from bots does not depend on what is installed: `make unit` tries it.
KERNEL = ("sandbox", "referee/test_hostile.py")


def call(*command: object, cwd: Path, **env: str) -> str:
    """Run a command outside the checkout, without anything of this environment; its standard output."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MARL_", "PYTHON", "VIRTUAL_ENV", "PYTEST"))}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=kept | env, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"failed ({done.returncode}): {' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def wheels(projects: list[Path], into: Path) -> list[Path]:
    """Build a wheel of each project, with the build backend that is installed here."""
    for project in projects:
        call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", into, cwd=project)
    return sorted(into.glob("*.whl"))


def environment(folder: Path) -> Path:
    """An empty environment: it has pip, which `marl plugins install` runs; its Python."""
    call(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    return folder / "venv" / "bin" / "python"


def install(python: Path, *what: object) -> None:
    """Install into the environment, with the project's versions.

    It is done by the pip that is installed here, and what is never imported is not compiled: both take seconds.
    """
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check"]
    call(*pip, "--no-compile", "-c", ROOT / "constraints.txt", *what, cwd=python.parent)


def core(folder: Path) -> None:
    """The core's tests pass with no plugin installed."""
    python = environment(folder)
    install(python, *wheels([ROOT], folder / "wheels"), "pytest", "pytest-xdist", "hypothesis", "hatchling", "typer")
    shutil.copytree(ROOT / "tests", folder / "tests")
    shutil.copytree(ROOT / "docs", folder / "docs")
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    plugins = json.loads(call(python, "-m", "marl", "plugins", "list", "--json", cwd=folder))
    found = {plugin["name"] for plugin in plugins}
    assert found == {"marl", "league"}, f"plugins are installed: {found}"
    args = ["-q", "-n", "3", "--dist", "worksteal", "-m", "not slow and not bench", "-p", "no:cacheprovider", "tests"]
    args += [f"--ignore=tests/league/{name}" for name in KERNEL]
    print(call(python, "-m", "pytest", *args, cwd=folder))


def wheel(folder: Path) -> None:
    """The wheels run the main job."""
    python = environment(folder)
    projects = [ROOT, *(path.parent for path in sorted((ROOT / "plugins").glob("*/pyproject.toml")))]
    built = wheels(projects, folder / "wheels")
    assert len(built) == len(projects), built
    light = [path for path in built if path.name.split("-")[0].replace("_", "-") not in HEAVY]
    install(python, *light)
    print(call(python.with_name("marl"), "run", "leduc_psro", cwd=folder))
    status = json.loads(call(python.with_name("marl"), "league", "status", "runs/leduc_psro", "--json", cwd=folder))
    assert status["measures"]["nash_conv"]["value"] < 0.02, status
    assert (folder / "runs" / "leduc_psro" / "report.html").stat().st_size > 100_000
    print(f"the wheels run the main job: NashConv {status['measures']['nash_conv']['value']:.4f}; 1 passed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        {"core": core, "wheel": wheel}[sys.argv[1]](Path(directory))
