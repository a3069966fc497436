"""`marl plugins new`: what it writes works, for every kind, before anything is changed or installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from marl.cli.plugins import app
from marl.cli.plugins.new import KINDS, written
from marl.errors import UserError
from marl.registry import load_registry

HEAVY = {"algorithm", "model"}  # they import torch


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, in which we are; what is imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("MARL_PLUGIN_DIR", "")
    monkeypatch.setenv("MARL_CONFIG", str(tmp_path / "config.json"))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def marl(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_passes_its_check_by_its_path(kind, here, monkeypatch):
    name = f"some_{kind}"
    said = marl("new", name, "--kind", kind)
    folder = here / f"marl-some-{kind}"
    assert f"brings {'an' if kind[0] in 'ae' else 'a'} {kind}, {name}/{name}" in said
    assert (folder / re.search(r"Change (\S+) first", said)[1]).is_file()
    assert not re.search(r"\{\{\w+\}\}", "".join(file.read_text() for file in folder.rglob("*") if file.is_file()))
    if kind in HEAVY:
        monkeypatch.setenv("MARL_PLUGIN_DIR", str(folder))
        (found,) = load_registry().plugin(name).descriptors
        assert found.full_name == f"{name}/{name}"
        for file in folder.rglob("*.py"):
            compile(file.read_text(), str(file), "exec")
        return
    findings = json.loads(marl("check", str(folder), "--json"))
    doubtful = {"measure"} if find_spec("torch") else {"measure", "reward"}  # rewards are tried by training
    assert {finding["status"] for finding in findings} <= {"pass", "skip"} | ({"warn"} if kind in doubtful else set())
    assert any(finding["subject"] == f"{name}/{name} ({kind})" for finding in findings)


@pytest.mark.skipif(not shutil.which("ruff"), reason="ruff is not here")
@pytest.mark.parametrize("name", ["nim", "a_long_name_of_a_plugin"])
def test_what_is_written_is_formatted_and_has_no_lint(name, tmp_path):
    for kind in KINDS:
        for path, text in written(name, kind).items():
            file = tmp_path / kind / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    commands = [["check"], ["format", "--check"]] if name == "nim" else [["check"]]  # lines break where names are long
    for command in commands:
        done = subprocess.run(["ruff", *command, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("3x", "'3x' is no name for a plugin"),
        ("Nim", "'Nim' is no name for a plugin"),
        ("league", "the plugin name 'league' is taken by marl-league"),
        ("pond", "marl-pond is there already, and not empty: nothing was written"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name, sentence, here):
    (here / "marl-pond").mkdir()
    (here / "marl-pond" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=sentence):
        marl("new", name)
    assert [file.name for file in here.rglob("*")] == ["marl-pond", "mine.txt"]


def test_dashes_and_the_prefix_are_understood(here):
    marl("new", "marl-my-game")
    assert (here / "marl-my-game" / "marl_my_game" / "plugin.py").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_installed_tested_and_used(kind, here):
    pytest.importorskip("marl_classic")
    if kind in HEAVY | {"reward"}:
        pytest.importorskip("marl_rllib")
    name, folder = f"some_{kind}", here / f"marl-some-{kind}"
    marl("new", name, "--kind", kind)
    venv.create(here / "env", with_pip=False)
    python = here / "env" / "bin" / "python"
    (packages,) = (here / "env").glob("lib/*/site-packages")
    shared = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "shared.pth").write_text("\n".join(shared))
    env = {key: value for key, value in os.environ.items() if key not in ("MARL_PLUGIN_DIR",)}
    env |= {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}

    def call(*words: str | Path, cwd: Path = here) -> str:
        done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    assert f"{name}/{name}" in call(python, "-m", "marl", "plugins", "install", folder)
    (here / "elsewhere").mkdir()
    call(python, "-m", "marl", "plugins", "check", name, "--strict", cwd=here / "elsewhere")
    call(python, "-m", "marl", "run", folder / "scenario.yaml", "--out", here / "run", cwd=here / "elsewhere")
    assert f"# uses marl-some-{kind} 0.1.0: marl_{name}" in (here / "run" / "scenario.yaml").read_text()
    call(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    call(python, "-m", "mypy", "--cache-dir", here / "mypy", cwd=folder)
