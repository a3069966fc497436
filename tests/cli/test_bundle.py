"""A bundle has what somebody else needs to repeat a run, and --locked holds them to it."""

from __future__ import annotations

import json
import shutil
import zipfile

SOLO = """
from dataclasses import dataclass

from marl.registry import Descriptor, hookimpl
from solo_helper import LUCKY

MARL_API = ">=2,<3"

@dataclass
class Config:
    seed: int = 0

@hookimpl
def marl_runners():
    return [Descriptor("solo", "solo:run", "says a number", params=Config)]

def run(scenario, registry, out, resume):
    from marl.scenario import write
    write(scenario, registry, out)
    print(f"the number is {scenario.config.seed + LUCKY}")
"""


def test_a_run_is_repeated_elsewhere_from_its_bundle(marl, tmp_path):
    work, mine = tmp_path / "work", tmp_path / "mine"
    mine.mkdir()
    (mine / "solo.py").write_text(SOLO)
    (mine / "solo_helper.py").write_text("LUCKY = 35\n")
    (work / "solo.yaml").write_text("kind: solo\nseed: 7\n")
    first = marl("run", "solo.yaml", MARL_PLUGIN_DIR=str(mine))
    assert first.stdout == "the number is 42\n", first.stderr
    done = marl("scenarios", "bundle", "runs/solo", "--out", "gift.zip", MARL_PLUGIN_DIR=str(mine))
    assert done.returncode == 0 and "README.md says how to repeat" in done.stdout, done.stderr
    zipfile.ZipFile(work / "gift.zip").extractall(work)
    gift = work / "gift"
    names = {path.relative_to(gift).as_posix() for path in gift.rglob("*") if path.is_file()}
    assert names == {
        *("README.md", "lock.json", "requirements.txt", "scenario.yaml"),
        *("plugins/solo.py", "plugins/solo_helper.py"),
    }
    shutil.rmtree(mine)
    command = "MARL_PLUGIN_DIR=plugins marl run --locked scenario.yaml --out run"
    assert f"    {command}\n" in (gift / "README.md").read_text()
    words = [word if word != "scenario.yaml" else "gift/scenario.yaml" for word in command.split()[2:-1]]
    again = marl(*words, "again", MARL_PLUGIN_DIR="gift/plugins")
    assert again.stdout == first.stdout, again.stderr
    assert "numpy==" in (gift / "requirements.txt").read_text()
    taken = marl("scenarios", "bundle", "again", "--out", "gift.zip", MARL_PLUGIN_DIR="gift/plugins")
    assert taken.returncode == 2 and "gift.zip is there already" in taken.stderr

    with (gift / "plugins" / "solo.py").open("a") as file:
        file.write("# changed\n")
    refused = marl("run", "--locked", "gift/scenario.yaml", "--out", "other", MARL_PLUGIN_DIR="gift/plugins")
    assert refused.returncode == 2 and not (work / "other").exists()
    assert "solo.py has other code here (solo is " in refused.stderr
    unlocked = marl("run", "gift/scenario.yaml", "--out", "other", MARL_PLUGIN_DIR="gift/plugins")
    assert (
        unlocked.returncode == 0
        and "solo.py has changed since gift/scenario.yaml was written (its code)" in unlocked.stderr
    )
    absent = marl("resume", "--locked", "again")
    assert absent.returncode == 2 and "solo.py (plugin 'solo') is not here: it was read from" in absent.stderr


def test_what_cannot_be_bundled_or_locked_is_a_sentence(marl, tmp_path):
    assert "there is no lock.json: --locked is for what a run" in marl("run", "--locked", "probe.yaml").stderr
    assert "nowhere is not a run directory" in marl("scenarios", "bundle", "nowhere").stderr
    assert marl("run", "probe.yaml").returncode == 0
    lock = json.loads((tmp_path / "work/runs/probe/lock.json").read_text())
    assert {"marl", "lab"} <= {one["name"] for one in lock["plugins"] if one["used"]}
    (lab,) = [one for one in lock["plugins"] if one["name"] == "lab"]
    assert lab["version"] == "0.3" and lab["source"] == lab["folder"] == ""
    (work := tmp_path / "work/runs/probe/lock.json").unlink()
    assert "runs/probe has no lock.json: an older marl began it" in marl("scenarios", "bundle", "runs/probe").stderr
    assert not work.exists()
