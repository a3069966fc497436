"""What strangers wrote reaches terminals and pages as text: shown, never obeyed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from league.tournament.commands import app
from league.tournament.event import Event
from league.tournament.pgn import _quoted

BOT = r"""
import sys
sys.stderr.write("err \x1b[2J\x1b]0;pwned\x07 \u202e \x9b31m done\n\rok      all is well\n")
sys.stderr.flush()
print('{"type":"ready"}', flush=True)
sys.stdin.readline()
sys.stdin.readline()
sys.stdout.buffer.write(b"\x1b[31m\x9b31m \xe2\x80\xae {bad\r\n")
sys.stdout.flush()
sys.stdin.readline()
"""
YAML = 'name: esc\ncommand: [python3, bot.py, "\\e[31m\\nok      all is well"]\ngames: [classic/tic_tac_toe]\n'
YAML += 'author: "a\\e[31mB\\a\\x9b\\u202E\\r\\nok"\nversion: "1\\e]0;pwn\\a"\n'


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A bot whose author would like to steer the host's terminal."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "bot.py").write_text(BOT)
    (folder / "bot.yaml").write_text(YAML)
    return folder


def unprintable(text: str) -> set[str]:
    return {one for one in text if not one.isprintable() and one != "\n"}


def test_in_every_command_of_an_event(event: Callable[..., Event], odd: Path) -> None:
    made = event(overrides=("sandbox=league/limits",))
    cup = str(made.path)
    made.close()
    said = ""
    for arguments in (
        ["submit", cup, str(odd), "marl/first", "--trust", "--no-validate"],
        ["run", cup, "--trust", "--workers", "1"],
        ["standings", cup],
        ["standings", cup, "--json"],
        ["export", cup],
    ):
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        said += result.output
    assert unprintable(said) == set()
    assert r"esc (bot, by a\x1b[31mB\x07\x9b\u202e\r\nok) takes part" in said
    page = (made.path / "standings.html").read_text(encoding="utf-8")
    assert unprintable(page) == set()
    assert r"a\x1b[31mB\x07\x9b\u202e" in page


def test_in_what_check_says_and_in_the_transcript(odd: Path) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    command = [sys.executable, "-m", "marl", "tournament", "check", str(odd), "--sandbox", "limits", "--transcript"]
    done = subprocess.run(command, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode()
    assert unprintable(said) == set()
    assert r"| err \x1b[2J\x1b]0;pwned\x07 \u202e" in said
    assert r"0< \x1b[31m\x9b31m \u202e {bad\r" in said
    assert not [line for line in said.splitlines() if line.startswith("ok      all is well")]


def test_in_the_metadata_of_plugins(tmp_path: Path) -> None:
    package = tmp_path / "marl_odd-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: marl-odd\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[marl]\nodd = marl_odd\n")
    (tmp_path / "marl_odd.py").write_text(
        "from marl.registry import Descriptor, hookimpl\nMARL_API = '>=2,<3'\n\n@hookimpl\ndef marl_policies():\n"
        "    return [Descriptor('p', 'marl_odd:P', 'a \\x1b[31m summary \\u202e', source='\\x9b31m\\r\\nok')]\n"
    )
    (tmp_path / "marl_worse-1.dist-info").mkdir()
    (tmp_path / "marl_worse-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: marl-worse\nVersion: 1\n"
    )
    (tmp_path / "marl_worse-1.dist-info" / "entry_points.txt").write_text("[marl]\nworse = marl_worse\n")
    (tmp_path / "marl_worse.py").write_text("raise ValueError('no \\x1b]0;pwned\\x07 \\x9b31m licence')\n")
    for arguments in (["list"], ["list", "--json"], ["info", "odd"], ["info", "odd/p"], ["info", "worse"], ["check"]):
        program = (
            f"import sys; sys.path.append({str(tmp_path)!r}); sys.argv = {['marl', 'plugins', *arguments]!r}; "
            "from marl.cli.main import main; main()"
        )
        if arguments == ["check"]:
            program = program.replace("'check'", "'check', 'worse'")
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode()
        assert "odd" in said or "worse" in said, said
        assert unprintable(said) == set(), arguments


def test_in_the_tags_of_a_pgn() -> None:
    assert _quoted('a"\x1b\n[b]') == r"a\"\\x1b\\n[b]"
