"""bot.yaml: what it may say, and what is said about one that is wrong."""

from __future__ import annotations

import os

import pytest

from league.referee.bot import Bot, command_problem, read_bot
from marl.errors import UserError
from marl.registry import ENVIRONMENTS, load_registry

GOOD = "name: ann\ncommand: [python3, bot.py]\ngames: ['*']\n"


@pytest.fixture
def read(tmp_path):
    def made(text):
        (tmp_path / "bot.yaml").write_text(text)
        return read_bot(tmp_path, load_registry())

    return made


def test_the_least_that_it_says(read):
    assert read(GOOD) == Bot("ann", ["python3", "bot.py"], ["*"])
    assert read(GOOD).plays(load_registry()) == ("*",)


def test_everything_that_it_may_say(read):
    bot = read(GOOD + "author: me\nversion: '2'\nbuild: [make]\nprotocol: uci\n")
    assert (bot.author, bot.version, bot.build, bot.protocol) == ("me", "2", ["make"], "uci")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: ann\ngames: ['*']\n", "command: bot.yaml needs it"),
        ("command: [x]\ngames: ['*']\n", "name: bot.yaml needs it"),
        (GOOD + "gamse: [x]\n", "did you mean 'games'"),
        (GOOD.replace("[python3, bot.py]", "python3 bot.py"), "command: 'python3 bot.py' is text"),
        (GOOD.replace("ann", "../../etc"), "letters, digits"),
        (GOOD.replace("ann", "3.5"), "name: 3.5 is a number"),
        (GOOD.replace("[python3, bot.py]", "[]"), "must name a program"),
        (GOOD.replace("['*']", "[]"), "at least one environment"),
        (GOOD + "protocol: jsn\n", "did you mean 'json'"),
        ("- a\n", "must be a mapping"),
        ("name: [\n", "line 2: this is not YAML"),
        ("", "must be a mapping"),
        ("a: !!python/object/apply:os.system ['true']\n", "this is not YAML"),
        ("x: " + "y" * (1 << 17), "larger than 64 KiB"),
    ],
)
def test_a_wrong_file_is_explained(read, text, words):
    with pytest.raises(UserError, match=r"bot\.yaml") as raised:
        read(text)
    assert words in str(raised.value)


def test_a_folder_without_one(tmp_path):
    with pytest.raises(UserError, match=r"has no bot.yaml; it should say at least: name"):
        read_bot(tmp_path, load_registry())
    (tmp_path / "bot.yml").touch()
    with pytest.raises(UserError, match=r"rename bot.yml to bot.yaml"):
        read_bot(tmp_path, load_registry())
    with pytest.raises(UserError, match="is not a folder"):
        read_bot(tmp_path / "nowhere", load_registry())


def test_an_unknown_game_has_a_closest_match(read):
    registry = load_registry()
    known = [found.name for found in registry.all(ENVIRONMENTS)]
    if "connect_four" not in known:
        pytest.skip("needs the plugin classic")
    with pytest.raises(UserError, match="did you mean 'classic/connect_four'"):
        read(GOOD.replace("'*'", "classic/conect_four")).plays(registry)


def test_commands_that_cannot_work(tmp_path):
    def problem(*command, build=()):
        return command_problem(Bot("a", list(command), ["*"], build=list(build)), tmp_path)

    assert "no program 'no-such-program'" in problem("no-such-program")
    assert "no file ./bot" in problem("./bot") and "build" in problem("./bot", build=["make"])
    assert "names bot.py" in problem("python3", "bot.py")
    (tmp_path / "bot").touch(mode=0o600)
    assert "chmod +x ./bot" in problem("./bot")
    assert "write ./bot" in problem("bot")
    os.chmod(tmp_path / "bot", 0o700)  # noqa: PTH101
    assert problem("./bot") == ""
