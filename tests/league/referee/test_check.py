"""What an author is told before submitting."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from league.referee import Clocks
from league.referee.check import check
from league.sandbox import Limits
from marl.registry import ENVIRONMENTS, load_registry

BOTS = Path(__file__).parents[3] / "bots"
ROCK = "classic/rock_paper_scissors"
GOOD = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        print('{"type":"ready"}', flush=True)
    elif message["type"] == "act":
        print(json.dumps({"id": message["id"], "action": 0}), flush=True)
"""


@pytest.fixture(scope="module")
def registry():
    registry = load_registry()
    if ROCK not in {found.full_name for found in registry.all(ENVIRONMENTS)}:
        pytest.skip("needs the plugin classic")
    return registry


@pytest.fixture
def tried(tmp_path, registry, sandbox):
    """The report about a bot of these lines."""

    def one(program, yaml="", game=None, **settings):
        folder = tmp_path / "bot"
        folder.mkdir(exist_ok=True)
        (folder / "bot.py").write_text(textwrap.dedent(program))
        (folder / "bot.yaml").write_text(yaml or f"name: ann\ncommand: [python3, bot.py]\ngames: [{ROCK}]\n")
        return check(folder, registry, sandbox, game, **settings)

    return one


def test_a_good_bot(tried):
    report = tried(GOOD)
    assert report.ok, report.text()
    for words in ("bot.yaml: ann", f"{ROCK}, side 0", f"{ROCK}, side 1", "to get ready", "of memory", "its input ends"):
        assert words in report.text()
    assert '"type":"hello"' in report.transcript and "== classic/rock_paper_scissors, side 1" in report.transcript


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('Hello!', flush=True)\n" + GOOD, "protocol error: 'Hello!\\n' is not one JSON object"),
        (GOOD.replace('"hello"', '"hallo"'), "no start: it was not ready within 1 s"),
        (GOOD.replace('"action": 0', '"action": 7'), "illegal move: the action 7 is not legal here"),
        ("raise ValueError('no licence')", "| ValueError: no licence"),
        (
            GOOD.replace("print(json", "import time; time.sleep(3); print(json"),
            "timeout: it did not answer within 0.5 s",
        ),
    ],
)
def test_what_would_go_wrong(tried, program, words):
    report = tried(program, clocks=Clocks(start=1, move=0.5))
    assert not report.ok
    assert words in report.text() and "fix: " in report.text()


def test_what_might_go_wrong(tried):
    slow = GOOD.replace("print(json", "import time; time.sleep(0.4); print(json")
    report = tried("hoard = bytearray(90 << 20)\n" + slow, clocks=Clocks(move=0.6), limits=Limits(memory_mb=128))
    assert report.ok
    notes = [finding.text for finding in report.findings if finding.level == "note"]
    assert any("for its slowest move" in note for note in notes) and any("of memory" in note for note in notes)


def test_more_than_was_asked_and_staying_after_the_end(tried):
    chatty = GOOD.replace('"action": 0}), flush=True)', '"action": 0}) + "\\nthank you", flush=True)')
    report = tried(chatty + "\nimport time\ntime.sleep(20)")
    assert report.ok
    assert "more bytes than it was asked for" in report.text()
    assert "still running 1 s after its input ended" in report.text()


def test_wrong_files_and_games(tried):
    yaml = f"name: ann\ncommand: [python3, bot.py]\ngames: [{ROCK}]\n"
    assert "did you mean 'games'" in tried(GOOD, yaml.replace("games", "game")).text()
    assert "did you mean 'classic/rock_paper_scissors'" in tried(GOOD, yaml.replace("rock_", "rok_")).text()
    assert "no program 'pyhton3'" in tried(GOOD, yaml.replace("python3", "pyhton3")).text()
    assert "does not play classic/kuhn_poker" in tried(GOOD, yaml, game="classic/kuhn_poker").text()
    assert "does not build it" in tried(GOOD, yaml + "build: ['false']\n").text()


@pytest.mark.parametrize("bot", ["bash-first", "c-first", "javascript-random", "python-connect-four", "python-random"])
def test_the_example_bots_pass(bot, registry, bubblewrap):
    import shutil

    if not BOTS.is_dir():
        pytest.skip("the example bots are not part of the installation")
    for language, program in {"c-": "cc", "javascript-": "node"}.items():
        if bot.startswith(language) and shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    game = "classic/connect_four" if bot.endswith("four") else "classic/tic_tac_toe"
    report = check(BOTS / bot, registry, bubblewrap, game, clocks=Clocks(move=0.5))
    notes = [
        f for f in report.findings if f.level == "note" and "slowest move" not in f.text
    ]  # the machine may be busy
    assert report.ok and not notes, report.text()
