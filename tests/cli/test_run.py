"""Running: exit codes and sentences; and the commands that plugins bring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_run_writes_and_resume_goes_on(marl, tmp_path):
    done = marl("run", "probe.yaml", "seed=4")
    assert (done.returncode, done.stdout) == (0, "probe 4 probe False\n"), done.stderr
    assert (tmp_path / "work/runs/probe/scenario.yaml").is_file()
    assert marl("resume", "runs/probe").stdout == "probe 4 probe True\n"
    assert marl("run", "probe.yaml", "--out", "else/where").stdout == "probe 0 where False\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("run", "probe.yaml", "fate=user"), 2, "error: that cannot be"),
        (("run", "probe.yaml", "fate=run"), 1, "failed: the disk is full"),
        (("run", "probe.yaml", "fate=3"), 2, "error: command line: fate: 3 is an integer, but text is needed"),
        (("run", "probe.yaml", "fat=x"), 2, "did you mean 'fate'?"),
        (("run", "prob.yaml"), 2, "did you mean 'probe.yaml'?"),
        (("run", "nothing_like_it"), 2, "there is no scenario 'nothing_like_it'"),
        (("resume", "nowhere"), 2, "nowhere is not a run directory: it does not exist"),
        (("report", "nowhere"), 2, "nowhere is not a run directory: it does not exist"),
        (("report", "."), 2, ". is not a run directory: it has no scenario.yaml"),
        (("report", "probe.yaml"), 2, "probe.yaml is not a run directory: it is a file"),
        (("doomed",), 2, "command 'lazy/doomed' (plugin 'lazy' of dist-lazy 0.3) cannot be loaded"),
        (("broken",), 2, "plugin 'broken' is broken; see `marl plugins info broken`"),
        (("scenario",), 2, "did you mean 'scenarios'?"),
        (("run",), 2, "Missing argument"),
    ],
)
def test_what_goes_wrong_is_a_sentence(arguments, code, sentence, marl):
    done = marl(*arguments)
    assert done.returncode == code
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr + done.stdout


def test_a_bug_is_a_sentence_and_its_traceback_is_kept(marl):
    done = marl("run", "probe.yaml", "fate=bug")
    assert done.returncode == 1
    assert "marl stopped on an unexpected KeyError: 'surprise'" in done.stderr
    assert "Traceback" not in done.stderr
    kept = Path(next(word for word in done.stderr.split() if "marl-traceback-" in word).rstrip(";"))
    assert "KeyError: 'surprise'" in kept.read_text()
    assert "Traceback" in marl("run", "probe.yaml", "fate=bug", MARL_DEBUG="1").stderr


def test_a_kind_of_run_may_have_no_report(marl):
    assert marl("run", "probe.yaml").returncode == 0
    done = marl("report", "runs/probe")
    assert done.returncode == 2
    assert "error: runs/probe is of kind 'lab', which has no report" in done.stderr


def test_a_plugin_says_who_writes_the_report_of_its_kind(marl, tmp_path):
    lab = tmp_path / "site/lab.py"
    brings = '[Descriptor("lab", "lab:page", "A page.")]'
    hook = f"@hookimpl\ndef marl_reports():\n    return {brings}\n\ndef page(run, out):\n    return run / 'page.html'\n"
    lab.write_text(lab.read_text() + hook)
    assert marl("run", "probe.yaml").returncode == 0
    assert marl("report", "runs/probe").stdout == "runs/probe/page.html\n"


def test_an_interrupt_exits_with_130(marl):
    assert marl("run", "probe.yaml", "fate=stop").returncode == 130


def test_commands_of_plugins_are_listed_and_loaded_when_used(marl):
    shown = marl("--help").stdout
    assert "Greet somebody." in shown and "Two tools." in shown and "Cannot be imported." in shown
    assert "lab/run" in shown  # a name that is marl's own is not taken away
    assert marl("hello", "you").stdout == "hello you\n"
    assert marl("tools", "hammer", "--times", "2").stdout.strip() == "bang bang"
    assert "hammer" in marl("tools", "--help").stdout
    assert marl("tools", "hammer", "--times", "x").returncode == 2


def test_version(marl):
    import marl as package

    assert marl("--version").stdout == f"marl {package.__version__}\n"


def test_scenarios_are_shown_as_they_would_run(marl):
    done = marl("scenarios", "show", "probe.yaml", "seed=9")
    assert done.returncode == 0
    assert "seed: 9" in done.stdout and "fate: well" in done.stdout
    shown = json.loads(marl("scenarios", "show", "probe.yaml", "--json").stdout)
    assert shown["config"] == {"fate": "well", "seed": 0}
    assert shown["uses"]["dist-lab"]["version"] == "0.3"
    assert isinstance(json.loads(marl("scenarios", "list", "--json").stdout), list)
    assert marl("scenarios", "list").returncode == 0
