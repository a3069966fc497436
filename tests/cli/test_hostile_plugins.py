"""Eighty plugins that misbehave: each is told of in a sentence, none hangs, and everything else is there and works.

One process lists them all, one is the doctor: they would take the output and the signals of this one.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

hostile = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("hostile_plugins.py"))))

SECONDS = "0.5"  # what they are given; three of them take all of it, twice
DAMAGED = {
    "dist-mangled": ("broken", "its entry_points.txt cannot be read"),
    "binary_metadata": ("ok", "dist_binary_metadata-1.0.dist-info is damaged"),
    "no_metadata": ("ok", "dist_no_metadata-1.0.dist-info is damaged"),
    "odd_version": ("ok", ""),
    "odd_needs": ("ok", ""),
    "two_versions": ("ok", "here in two versions (1.0 and 1.1)"),
}


def marl(site: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """marl with these plugins and those of the core, as a user starts it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MARL_")}
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    env = kept | {"PYTHONPATH": path, "MARL_PLUGIN_TIMEOUT": SECONDS, "MARL_CONFIG": str(site / "config.json")}
    return subprocess.run(
        [sys.executable, "-m", "marl", *words],
        env=env | settings,
        cwd=site.parent,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=300,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "site"
    hostile.written(folder)
    return folder


@pytest.fixture(scope="module")
def listed(site):
    done = marl(site, "plugins", "list", "--json")
    assert done.returncode == 0, done.stderr
    return {(one["name"], one["distribution"]): one for one in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def diagnosed(site):
    done = marl(site, "plugins", "doctor", "--json")
    assert done.returncode == 1, done.stderr
    return {one["plugin"]: one for one in json.loads(done.stdout)}


@pytest.mark.parametrize("plugin", hostile.CASES)
def test_each_is_told_of_in_one_sentence(plugin, listed, diagnosed):
    _, state, words = hostile.CASES[plugin]
    one = listed[plugin, f"dist-{plugin}".replace("_", "-")]
    assert one["state"] == state, one
    sentence = one["error"] if state != "ok" else "; ".join(one["notes"])
    for word in words:
        assert word in sentence
    assert len(sentence) < 500 and bool(sentence) == bool(words)
    if state != "ok":  # and the doctor says what to do about it
        assert diagnosed[plugin]["mend"] and diagnosed[plugin]["message"]


@pytest.mark.parametrize("plugin", DAMAGED)
def test_what_is_damaged_before_it_is_imported_stops_nobody(plugin, listed):
    (one,) = [one for (name, _), one in listed.items() if name == plugin]
    state, words = DAMAGED[plugin]
    assert one["state"] == state and words in "; ".join([one["error"], *one["notes"]])


def test_everything_else_is_there(listed):
    assert listed["marl", "marl-league"]["provides"] and listed["league", "marl-league"]["state"] == "ok"
    assert listed["fine", "dist-fine"]["provides"] == ["policies: fine/bot"]
    assert "claims the plugin name 'taken', which a-first 1.0 has" in listed["taken", "z-other"]["error"]
    assert listed["taken", "a-first"]["state"] == "ok"


def test_everything_else_works_among_them(site):
    done = marl(site, "plugins", "check", "fine/bot", "--json", MARL_PLUGIN_TIMEOUT="0.2")
    findings = json.loads(done.stdout)
    assert {one["subject"] for one in findings} >= {"fine/bot (policy)"}
    assert "fail" not in {one["status"] for one in findings}, findings


CHECK = """
import json, sys
from marl.cli.check import check_plugin
from marl.registry import load_registry
registry = load_registry()
found = {name: list(check_plugin(registry, registry.plugin(name))) for name in sys.argv[1:]}
failed = {name: [one for one in all if one.status == "fail"] for name, all in found.items()}
print(json.dumps({name: [f"{one.subject}: {one.message}" for one in all] for name, all in failed.items()}))
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """What `check` says of those that misbehave in use, in one process, which they would like to end."""
    pytest.importorskip("marl_classic", reason="payoff sources are tried in games of marl-classic")
    site = tmp_path_factory.mktemp("used") / "site"
    site.mkdir()
    for plugin, (source, _) in hostile.IN_USE.items():
        hostile.install(site, plugin, source)
    path = os.pathsep.join(filter(None, (str(site), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *hostile.IN_USE],
        env=os.environ | {"PYTHONPATH": path, "MARL_PLUGIN_TIMEOUT": "6"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("plugin", hostile.IN_USE)
def test_what_misbehaves_in_use_is_told_of_by_its_check(plugin, used):
    (said,) = used[plugin]
    assert hostile.IN_USE[plugin][1] in said and said.startswith(f"{plugin}/it (")
    assert len(said) < 600 and "\n" not in said


def test_one_that_crashes_the_interpreter_is_found_by_the_doctor(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    hostile.install(site, "crashes", "import ctypes\nctypes.string_at(0)\n")
    hostile.install(site, "fine", hostile.GOOD)
    done = marl(site, "plugins", "doctor", "--json", MARL_PLUGINS="crashes,fine")
    (one,) = [one for one in json.loads(done.stdout) if one["cause"] not in ("disabled", "remark")]
    assert one["plugin"] == "crashes" and one["where"] == f"{site / 'crashes.py'}:2"
    assert one["message"] == "it ends the process (SIGSEGV) when it is imported, and was left out here"
    assert one["mend"] == "marl plugins disable crashes"


def test_one_that_does_not_let_go_takes_the_process_along_with_a_sentence(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    # what the alarm raises is caught wherever it may come
    source = (
        "import signal\nold = signal.getsignal(signal.SIGALRM)\n"
        "def late(*found):\n    try: old(*found)\n    except BaseException: pass\n"
        "signal.signal(signal.SIGALRM, late)\nwhile True: pass\n"
    )
    hostile.install(site, "clings", source)
    done = marl(site, "plugins", "list", MARL_PLUGINS="clings", MARL_PLUGIN_TIMEOUT="0.1")
    assert done.returncode == 1
    assert done.stderr == "failed: clings does not let go: `marl plugins disable clings`\n"


def test_a_person_stops_it_all_the_same(tmp_path):
    """Ctrl-C while a plugin is imported is no failure of the plugin's."""
    site = tmp_path / "site"
    site.mkdir()
    hostile.install(site, "slow", "import os, signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nos.write(2, b'here')\n"
                    "import subprocess, sys\n"
                    "subprocess.run([sys.executable, '-c', f'import os; os.kill({os.getpid()}, 2)'])\n"
                    "while True: pass\n")  # fmt: skip
    done = marl(site, "plugins", "list", MARL_PLUGINS="slow")
    assert done.returncode in (1, 130) and done.stdout == ""
