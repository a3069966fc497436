"""`marl` as a process of its own, with a little plugin of every temper on its path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGINS = {
    "lab": """
from dataclasses import dataclass, field
from typing import Literal
from marl.registry import Component, Descriptor, component, hookimpl
from marl.errors import RunError, UserError

MARL_API = ">=2,<3"

@dataclass
class Config:
    fate: str = "well"
    seed: int = 0

@dataclass
class Shape:
    width: int = 7  # in cells

@dataclass
class Odd(Shape):
    mood: Literal["good", "bad"] = "good"
    '''How it
    feels.'''
    seed: int | None = None
    shape: Shape = field(default_factory=Shape)
    rivals: list[Component] = component("policies", default=["marl/random"], help="who else plays")

@hookimpl
def marl_runners():
    return [Descriptor("lab", "lab:run", "runs or fails as told", params=Config)]

@hookimpl
def marl_policies():
    return [Descriptor("odd", "lab:run", "plays oddly", params=Odd, source="nowhere")]

@hookimpl
def marl_commands():
    return [
        Descriptor("hello", "lab_commands:hello", "Greet somebody."),
        Descriptor("tools", "lab_commands:app", "Two tools."),
        Descriptor("run", "lab_commands:hello", "Would shadow a command of the core."),
    ]

def run(scenario, registry, out, resume):
    from marl.scenario import write
    match scenario.config.fate:
        case "user": raise UserError("that cannot be")
        case "run": raise RunError("the disk is full")
        case "bug": raise KeyError("surprise")
        case "stop": raise KeyboardInterrupt
    write(scenario, registry, out)
    print(f"{scenario.name} {scenario.config.seed} {out.name} {resume}")
""",
    "clumsy": """
from marl.registry import Descriptor, hookimpl

@hookimpl
def marl_commands():
    return [Descriptor("strange", "lab_commands:strange", "Takes what no command line can give.")]
""",
    "bare": "def marl_policies(): return []\n",
    "broken": "raise RuntimeError('no luck')\n",
    "lazy": """
from marl.registry import Descriptor, hookimpl

@hookimpl
def marl_commands():
    return [Descriptor("doomed", "missing_module:app", "Cannot be imported.")]
""",
}
COMMANDS = """
import typer
app = typer.Typer()

@app.command()
def hammer(times: int = 1):
    "Hit."
    print("bang " * times)

def strange(x: "nothing.like.this"):
    "Odd."

def hello(name: str):
    "Greet."
    print(f"hello {name}")
"""
Marl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def python() -> str:
    """Which Python runs `marl`; a module may say that it is one that starts quickly."""
    return sys.executable


@pytest.fixture
def marl(tmp_path: Path, python: str) -> Marl:
    """`marl("plugins", "list", MARL_DISABLE="x")` in an empty folder: its exit code, stdout and stderr."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    for name, source in PLUGINS.items():
        info = site / f"dist_{name}-0.3.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 0.3\n")
        (info / "entry_points.txt").write_text(f"[marl]\n{name} = {name}\n")
    (site / "lab_commands.py").write_text(COMMANDS)
    (work / "probe.yaml").write_text("# A probe.\nkind: lab\n")

    def marl(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MARL_")}
        path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
        env = kept | {"PYTHONPATH": path, "MARL_CONFIG": str(tmp_path / "config.json"), "TMPDIR": str(tmp_path)}
        return subprocess.run(
            [python, "-m", "marl", *arguments],
            env=env | {"COLUMNS": "120"} | settings,
            cwd=work,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return marl
