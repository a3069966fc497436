"""Plugins that are not installed: files, and checkouts, in the places that MARL_PLUGIN_DIR names."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from marl.registry import POLICIES, local
from marl.registry.discover import discover
from marl.registry.load import build
from marl.registry.local import local_plugins
from marl.registry.settings import read_settings

BOT = """
from marl.registry import Descriptor, hookimpl

MARL_API = ">=2,<3"

@hookimpl
def marl_policies():
    return [Descriptor("bot", "{name}:Bot", "a bot")]

class Bot:
    memory = act = None

    def __init__(self, spec=None):
        self.helped = __import__("helper").WORD
"""
PROJECT = '[project]\nname = "dist-yard"\nversion = "3.0"\n[project.entry-points.marl]\nyard = "yard_module"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a plugin, a module that it needs, and files that are none; it is the place."""
    here = tmp_path / "mine"
    here.mkdir()
    (here / "pond.py").write_text(BOT.format(name="pond"))
    (here / "helper.py").write_text("WORD = 'helped'\n")
    (here / "test_pond.py").write_text("from marl.registry import hookimpl\nraise RuntimeError('not to be imported')\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("MARL_PLUGIN_DIR", str(here))
    yield here
    for name in ("pond", "helper", "yard_module"):
        sys.modules.pop(name, None)


def loaded():
    settings = read_settings()
    return build(discover(settings.places), settings)


def test_a_file_with_hooks_is_a_plugin_named_after_it(folder):
    registry = loaded()
    local = {plugin.name: plugin for plugin in registry.plugins if plugin.place}
    assert list(local) == ["pond"], "neither the helper nor the test is one"
    assert (local["pond"].state, local["pond"].file, local["pond"].place) == (
        "ok",
        str(folder / "pond.py"),
        str(folder),
    )
    assert registry.make(POLICIES, "pond/bot", {}, spec=None).helped == "helped"


def test_a_file_alone_may_be_named(folder, monkeypatch):
    (folder / "other.py").write_text(BOT.format(name="other"))
    monkeypatch.setenv("MARL_PLUGIN_DIR", str(folder / "pond.py"))
    assert [plugin.name for plugin in loaded().plugins if plugin.place] == ["pond"]


def test_other_processes_can_import_from_there_before_they_load_plugins(folder):
    loaded()
    done = subprocess.run([sys.executable, "-c", "import pond; print(pond.__file__)"], capture_output=True, text=True)
    assert done.stdout.strip() == str(folder / "pond.py"), done.stderr


def test_no_file_stands_in_for_a_module_of_others_or_takes_a_plugins_name(folder, install):
    install("creek", BOT.format(name="creek_module"))
    (folder / "random.py").write_text(BOT.format(name="random"))
    (folder / "creek.py").write_text(BOT.format(name="creek"))
    (folder / "two words.py").write_text(BOT.format(name="x"))
    import random

    errors = {plugin.name: plugin.error for plugin in loaded().plugins if plugin.state == "broken"}
    assert random.random() < 1
    assert errors["random"] == f"its name is that of another module ({random.__file__}): rename {folder / 'random.py'}"
    assert "claims the plugin name 'creek', which dist-creek 1.2 has already" in errors["creek"]
    assert errors["creek"].endswith(f"rename {folder / 'creek.py'}")
    assert "cannot be imported under its name" in errors["two words"]
    assert loaded().find(POLICIES, "creek/bot").target == "creek_module:Bot"


@pytest.mark.parametrize("source", ["", "src"])
def test_a_checkout_goes_before_what_is_installed_of_it(source, folder, install, monkeypatch):
    site = install("yard", "", dist="dist-yard", module="yard_module")
    (folder / "pyproject.toml").write_text(PROJECT)
    code = folder / source
    code.mkdir(exist_ok=True)
    (code / "yard_module.py").write_text(BOT.format(name="yard_module"))
    registry = loaded()
    (plugin,) = [plugin for plugin in registry.plugins if plugin.name == "yard"]
    assert (plugin.state, plugin.origin, plugin.file) == ("ok", "dist-yard 3.0", str(code / "yard_module.py"))
    assert registry.find(POLICIES, "bot").plugin == "yard"
    monkeypatch.delenv("MARL_PLUGIN_DIR")
    assert {plugin.place for plugin in discover()} == {""} and site.exists()


@pytest.mark.parametrize(
    ("project", "sentence"),
    [('[project]\nname = "x"\n', "names no plugin: it needs [project.entry-points.marl]"), ("[", "cannot be read: ")],
)
def test_a_checkout_without_plugins_is_told(project, sentence, folder):
    (folder / "pyproject.toml").write_text(project)
    (plugin,) = [plugin for plugin in loaded().plugins if plugin.place]
    assert plugin.state == "broken" and sentence in plugin.error and str(folder / "pyproject.toml") in plugin.error


def test_a_place_that_is_not_there_is_a_remark_and_safe_mode_leaves_all_out(folder, monkeypatch):
    monkeypatch.setenv("MARL_PLUGIN_DIR", os.pathsep.join(["nowhere", str(folder)]))
    registry = loaded()
    assert registry.notes == ("MARL_PLUGIN_DIR names 'nowhere', which is neither a folder nor a .py file",)
    assert registry.plugin("pond").state == "ok"
    safe = read_settings(safe_mode=True)
    assert build(discover(safe.places), safe).plugin("pond").error == "safe mode loads built-in plugins only"


def test_a_checkout_may_not_stand_in_for_pythons_modules(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[project.entry-points.marl]\nx = "x_plugin"\n')
    (tmp_path / "statistics.py").write_text("")
    (found,) = local_plugins([str(tmp_path)])
    assert found.state == "broken" and str(tmp_path) not in sys.path
    assert found.error == f"{tmp_path / 'statistics.py'} would stand in for Python's own module 'statistics': rename it"


def test_a_command_that_comes_next_names_the_folder_that_was_typed(folder, monkeypatch):
    monkeypatch.setattr(local, "_used", [])
    assert local.again("marl resume runs/a") == "marl resume runs/a"  # the environment will name it again
    local.use(str(folder))
    assert local.again("marl resume runs/a") == f"marl --plugin-dir {folder} resume runs/a"
