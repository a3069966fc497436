"""Install, upgrade and remove, in an environment of their own, from wheels made here; no network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import click
import packaging
import pip
import pluggy
import pytest
from click.testing import CliRunner

import marl as marl_package
from marl.cli.plugins import app
from marl.errors import UserError

PLUGIN = """
from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

@hookimpl
def marl_policies():
    return [Descriptor("bot", "marl.policies.random:Random", "plays at random")]

@hookimpl
def marl_commands():
    return [Descriptor("quack", "pond:quack", "Quack.")]

def quack() -> None:
    "Quack."
"""


def wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    """A wheel as builders make them."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    file = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return file


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """An environment with the little that `marl plugins` needs, and a folder of wheels: its Python, and the folder."""
    folder = tmp_path_factory.mktemp("install")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    (packages,) = (folder / "env").glob("lib/*/site-packages")
    shared = folder / "shared"
    shared.mkdir()
    for module in (click, marl_package, packaging, pip, pluggy):
        found = Path(module.__file__).parent
        (shared / found.name).symlink_to(found)
    (packages / "shared.pth").write_text(f"{shared}\n")
    wheels = folder / "wheels"
    wheels.mkdir()
    points = {"entry_points.txt": "[marl]\npond = pond\n"}
    for version in ("1.0", "1.1"):
        info = f"dist_pond-{version}.dist-info"
        files = {"pond.py": PLUGIN + f"\nVERSION = {version!r}\n"} | {f"{info}/{k}": v for k, v in points.items()}
        wheel(wheels, "dist-pond", version, files)
    wheel(wheels, "dist-plain", "1.0", {"plain.py": ""})
    wheel(wheels, "dist-user", "1.0", {"user.py": ""}, ("dist-pond<1.1", "dist-gone>=2"))
    return python, wheels


@pytest.fixture
def marl(place, tmp_path):
    python, wheels = place
    assert "wheels" in str(wheels)

    def marl(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MARL_", "PIP_"))}
        kept |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
        kept |= {"MARL_CONFIG": str(python.parents[2] / "config.json"), "COLUMNS": "200"}
        command = [python, "-m", "marl", "plugins", *words]
        return subprocess.run(command, env=kept | settings, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return marl


def test_install_says_what_came_and_nothing_that_would_break_others_is_done(marl, place):
    python, wheels = place
    file = wheels / "dist_pond-1.0-py3-none-any.whl"
    done = marl("install", str(file))
    assert done.returncode == 0, done.stderr
    for part in ("pond (dist-pond 1.0) is installed. It brings:", "pond/bot", "  evaluation: {against: [pond/bot]}"):
        assert part in done.stdout
    assert "\nOn the command line:\n  marl quack\n" in done.stdout
    told = json.loads(marl("info", "pond", "--json").stdout)
    assert told["origin"] == f"installed by pip from file://{file}"
    module = Path(told["file"])
    (row,) = [row for row in told["files"] if row["path"] == "pond.py"]
    assert row == {
        "path": "pond.py",
        "sha256": hashlib.sha256(module.read_bytes()).hexdigest(),
        "now": row["sha256"],
        "changed": False,
    }
    user = module.with_name("dist_user-1.0.dist-info")
    with zipfile.ZipFile(wheels / "dist_user-1.0-py3-none-any.whl") as archive:
        archive.extract(f"{user.name}/METADATA", module.parent)
    refused = marl("upgrade", "pond")
    assert refused.returncode == 2 and refused.stderr.splitlines()[-1] == (
        "error: not installed, since it would break what is here: "
        "dist-user 1.0 needs dist-pond<1.1, and dist-pond would go from 1.0 to 1.1"
    )
    assert "dist-pond is needed by dist-user: remove it first" in marl("remove", "pond").stderr
    shutil.rmtree(user)
    module.write_text("raise SystemExit('never to be imported')\n")
    assert "of which 1 changed since: pond.py" in marl("info", "pond").stdout
    off = marl("disable", "pond")
    assert off.stdout.startswith(f"pond is disabled (in {python.parents[2] / 'config.json'})"), off.stderr
    assert off.stderr == "" and marl("enable", "pond").returncode == 0
    gone = marl("remove", "pond")
    assert gone.stdout == "dist-pond 1.0 is removed, and with it the plugin pond\n" and not module.exists()


@pytest.mark.slow
def test_a_dry_run_changes_nothing_and_an_upgrade_says_what_was_there(marl):
    tried = marl("install", "dist-pond<1.1", "--dry-run")
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout == "  dist-pond  1.0  new\nNothing has changed: this was a dry run.\n"
    assert "no plugin 'pond' is installed" in marl("info", "pond").stderr
    assert marl("install", "dist-pond<1.1").returncode == 0
    newer = marl("upgrade", "pond")
    assert newer.returncode == 0 and "dist-pond  1.1  instead of 1.0" in newer.stdout, newer.stderr
    assert "nothing changes" in marl("upgrade", "pond").stdout
    assert marl("remove", "dist-pond").returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("uv"), reason="uv is not here")
def test_uv_does_the_same_where_it_made_the_environment(marl, place):
    python, wheels = place
    config = python.parents[1] / "pyvenv.cfg"
    before = config.read_text()
    config.write_text(before + "uv = 0.9\n")
    settings = {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels)}
    try:
        tried = marl("install", "dist-pond<1.1", "--dry-run", **settings)
        assert tried.stderr.startswith("asking uv") and "dist-pond  1.0  new" in tried.stdout, tried.stderr
        assert "pond (dist-pond 1.0) is installed" in marl("install", "dist-pond<1.1", **settings).stdout
        assert "dist-pond  1.1  instead of 1.0" in marl("upgrade", "pond", **settings).stdout
        assert "nothing changes" in marl("upgrade", "pond", **settings).stdout
        assert marl("remove", "pond", **settings).stdout.startswith("dist-pond 1.1 is removed")
        lost = marl("install", "dist-nowhere", **settings)
        assert lost.returncode == 1 and "dist-nowhere was not found" in lost.stderr
    finally:
        config.write_text(before)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("install", "./nowhere"), "there is no ./nowhere"),
        (("install", "mine.py"), "mine.py is a single file, which need not be installed: `marl --plugin-dir mine.py"),
        (("install", "."), ". is a folder without a pyproject.toml: `marl plugins new` writes a distribution"),
        (("install", "-e", "dist-pond"), "'dist-pond' is no folder with a pyproject.toml: only those can be editable"),
        (("remove", "league"), "'league' comes with marl itself (marl-league)"),
        (("upgrade", "lague"), "no plugin 'lague' is installed; did you mean 'league'?"),
        (("remove", "pond"), "'pond' is not installed: it is read from"),
    ],
)
def test_what_cannot_be_is_a_sentence(words, sentence, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "pond.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("MARL_PLUGIN_DIR", str(tmp_path / "pond.py"))
    with pytest.raises(UserError, match=re.escape(sentence)):
        CliRunner().invoke(app, list(words), catch_exceptions=False)


@pytest.mark.slow
def test_what_brings_no_plugin_is_told(marl, place):
    done = marl("install", "dist-plain")
    assert "dist-plain is installed, but it brings no plugin of marl" in done.stdout, done.stderr
