"""`marl plugins`, on healthy and on broken plugins."""

from __future__ import annotations

import json


def test_list_shows_every_state_and_a_broken_plugin_stops_nobody(marl):
    done = marl("plugins", "list", MARL_DISABLE="lazy")
    assert done.returncode == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "ok" in lines["lab"] and "dist-lab 0.3" in lines["lab"] and "1 runner, 3 commands" in lines["lab"]
    assert "broken" in lines["broken"] and "RuntimeError: no luck" in lines["broken"]
    assert "disabled" in lines["lazy"]
    assert "ok" in lines["marl"]


def test_list_as_json(marl):
    rows = json.loads(marl("plugins", "list", "--json").stdout)
    found = {row["name"]: row for row in rows}
    assert found["broken"]["state"] == "broken"
    assert found["lab"]["file"].endswith("lab.py")
    assert "runners: lab/lab" in found["lab"]["provides"]


def test_safe_mode_is_a_global_option(marl):
    rows = json.loads(marl("--safe-mode", "plugins", "list", "--json").stdout)
    assert {row["name"] for row in rows if row["state"] == "disabled"} >= {"lab", "broken", "lazy"}
    assert "hello" not in marl("--safe-mode", "--help").stdout
    assert marl("--safe-mode", "hello", "you").returncode == 2


def test_info_shows_what_a_plugin_brings(marl):
    done = marl("plugins", "info", "lab")
    assert done.returncode == 0
    for part in ("dist-lab 0.3", "lab.py", ">=2,<3", "lab/hello", "Greet somebody."):
        assert part in done.stdout
    details = json.loads(marl("plugins", "info", "lab", "--json").stdout)
    runner = next(item for item in details["descriptors"] if item["kind"] == "runners")
    assert (runner["full_name"], runner["target"], runner["params"]) == ("lab/lab", "lab:run", "lab:Config")


def test_info_on_one_thing_shows_its_parameters(marl):
    done = marl("plugins", "info", "lab/odd")
    assert done.returncode == 0 and "plays oddly" in done.stdout and "nowhere" in done.stdout
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines() if line.strip()}
    assert rows["width"] == rows["shape.width"] == "7 int in cells"
    assert rows["mood"] == "good good | bad How it feels."
    assert rows["seed"] == "null int | None"
    assert rows["rivals"] == "[marl/random] policies who else plays"
    (described,) = json.loads(marl("plugins", "info", "lab/odd", "--json").stdout)
    assert described["parameters"][0] == {"name": "width", "type": "int", "default": "7", "meaning": "in cells"}
    assert "It takes no parameters." in marl("plugins", "info", "lab/hello").stdout


def test_info_on_something_that_nobody_brings(marl):
    done = marl("plugins", "info", "lab/labb")
    assert done.returncode == 2
    assert done.stderr == "error: no plugin brings 'lab/labb'; did you mean 'lab/lab'?\n"


def test_info_shows_the_traceback_of_a_broken_plugin(marl):
    done = marl("plugins", "info", "broken")
    assert done.returncode == 0
    assert "Traceback" in done.stdout and "broken.py" in done.stdout and "no luck" in done.stdout
    assert "no luck" in json.loads(marl("plugins", "info", "broken", "--json").stdout)["traceback"]


def test_info_on_an_unknown_plugin(marl):
    done = marl("plugins", "info", "lazi")
    assert done.returncode == 2
    assert done.stderr == "error: no plugin 'lazi' is installed; did you mean 'lazy'?\n"


def test_check_passes_a_good_plugin(marl):
    done = marl("plugins", "check", "lab")
    assert done.returncode == 0, done.stdout
    assert "0 failed" in done.stdout


def test_check_says_what_a_command_is_called_and_which_cannot_be_one(marl):
    assert "the command 'run' is marl's own, so this one is `marl lab/run`" in marl("plugins", "check", "lab").stdout
    done = marl("plugins", "check", "clumsy")
    assert done.returncode == 1
    assert "command 'clumsy/strange' (plugin 'clumsy' of dist-clumsy 0.3) failed in building the command" in done.stdout
    assert marl("lab/run", "you").stdout == "hello you\n"
    assert "lab/run" in marl("--help").stdout


def test_check_of_one_thing_takes_its_parameters(marl):
    done = marl("plugins", "check", "lab/odd", "width=x")
    assert done.returncode == 1 and "width: 'x' is text" in done.stdout
    assert "lab/hello" not in done.stdout
    assert marl("plugins", "check", "lab/odd", "width=3", "shape.width=2").returncode == 0
    assert "no plugin brings 'lab/od'; did you mean 'lab/odd'?" in marl("plugins", "check", "lab/od").stderr
    assert "parameters are for one thing" in marl("plugins", "check", "lab", "width=3").stderr


def test_strict_fails_on_a_warning(marl):
    done = marl("plugins", "check", "lazy", "--json")
    warned = [row for row in json.loads(done.stdout) if row["status"] == "warn"]
    assert warned, "the probe declares no hook API"
    assert marl("plugins", "check", "marl/random", "--strict").returncode == 0
    assert marl("plugins", "check", "bare").returncode == 0
    assert marl("plugins", "check", "bare", "--strict").returncode == 1


def test_check_imports_lazy_targets_and_shows_their_traceback(marl):
    done = marl("plugins", "check", "lazy")
    assert done.returncode == 1
    assert "missing_module" in done.stdout and "Traceback" in done.stdout and "1 failed" in done.stdout
    findings = json.loads(marl("plugins", "check", "lazy", "--json").stdout)
    failed = [finding for finding in findings if finding["status"] == "fail"]
    assert [finding["subject"] for finding in failed] == ["lazy/doomed (command)"]
    assert "No module named 'missing_module'" in failed[0]["traceback"]
    warned = next(finding for finding in findings if finding["status"] == "warn")
    assert "MARL_API" in warned["hint"]


def test_check_fails_a_broken_plugin(marl):
    done = marl("plugins", "check", "broken")
    assert done.returncode == 1
    assert "no luck" in done.stdout


def test_disable_and_enable(marl):
    assert marl("plugins", "disable", "broken").returncode == 0
    states = {row["name"]: row["state"] for row in json.loads(marl("plugins", "list", "--json").stdout)}
    assert states["broken"] == "disabled"
    assert marl("plugins", "enable", "broken").returncode == 0
    states = {row["name"]: row["state"] for row in json.loads(marl("plugins", "list", "--json").stdout)}
    assert states["broken"] == "broken"
    assert marl("plugins", "disable", "marl").returncode == 2


def test_list_by_kind_and_tag(marl):
    done = marl("plugins", "list", "--kind", "policy")
    assert done.returncode == 0 and "lab/odd" in done.stdout and "lab/hello" not in done.stdout
    rows = json.loads(marl("plugins", "list", "--kind", "commands", "--json").stdout)
    assert {row["full_name"] for row in rows} >= {"lab/hello", "lazy/doomed"}
    assert "there is no kind 'polcy'; did you mean 'policy'?" in marl("plugins", "list", "--kind", "polcy").stderr
    assert "nothing here has the tag 'zzz'" in marl("plugins", "list", "--tag", "zzz").stderr


def test_a_folder_of_files_is_named_on_the_command_line(marl, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "duck.py").write_text(
        "from marl.registry import Descriptor, hookimpl\nMARL_API = '>=2,<3'\n@hookimpl\ndef marl_commands():\n"
        "    return [Descriptor('quack', 'duck:quack', 'Quack.')]\ndef quack(): print('quack')\n"
    )
    assert marl("--plugin-dir", str(mine), "quack").stdout == "quack\n"
    assert marl("quack", MARL_PLUGIN_DIR=str(mine / "duck.py")).stdout == "quack\n"
    assert "is neither a folder nor a .py file" in marl("--plugin-dir", "nowhere", "quack").stderr
    done = marl("plugins", "check", str(mine))
    assert done.returncode == 0 and done.stdout.endswith("checks of duck: 0 failed\n"), done.stdout
    (mine / "duck.py").write_text("x = 1")
    assert "holds no plugin" in marl("plugins", "check", str(mine)).stderr
    assert "parameters are for one thing" in marl("plugins", "check", str(mine), "x=1").stderr


def test_search_looks_into_what_is_installed_and_into_the_catalogue(marl):
    done = marl("plugins", "search", "ODDLY")
    assert done.returncode == 0 and "lab/odd" in done.stdout and "lab/hello" not in done.stdout
    assert "pypi.org has no search for programs" in done.stdout
    found = json.loads(marl("plugins", "search", "kuhn", "--json", MARL_PLUGINS="marl").stdout)
    assert [row["distribution"] for row in found["catalogue"]] in (["marl-classic"], [])  # where it is installed
    assert "or that marl knows of, has 'zzz' and 'y'" in marl("plugins", "search", "zzz", "y").stdout
