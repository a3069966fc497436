"""Bots made of a few lines, at tables of the core's own little games."""

from __future__ import annotations

import itertools
import sys
import textwrap
from pathlib import Path

import pytest

from league.referee import BotPlayer, Clocks, Match, PolicyPlayer, Referee
from league.sandbox import Limits
from league.sandbox.bubblewrap import BubblewrapSandbox
from league.sandbox.plain import NoSandbox
from marl.policies.first import First
from marl.policies.random import Random
from marl.testing.games import kuhn

BOT = """
import json, os, sys, time

def say(text):
    os.write(1, text.encode() + b"\\n")

def first(view):
    return view["legal"][0] if view.get("legal") else 0

def move(message):
    return json.dumps({"id": message["id"], "action": first(message)})

def started():
    say('{"type": "ready"}')

def act(message):
    say(move(message))

def over(message):
    pass

CHANGES

for line in sys.stdin:
    message = json.loads(line)
    {"hello": lambda message: started(), "act": act, "over": over}[message["type"]](message)
"""


@pytest.fixture
def sandbox():
    return NoSandbox()


@pytest.fixture(scope="session")
def bubblewrap():
    sandbox = BubblewrapSandbox()
    probe = sandbox.probe()
    if not probe.ok:
        pytest.skip(f"bubblewrap: {probe.reason}")
    return sandbox


@pytest.fixture
def bot(tmp_path, sandbox):
    """Make a bot that plays the first legal action, but for `changes` to the functions above; ended after the test."""
    players, number = [], itertools.count()

    def make(changes="", name="bot", kept=False, text=BOT):
        folder = tmp_path / f"bot-{next(number)}"
        folder.mkdir()
        (folder / "bot.py").write_text(text.replace("CHANGES", textwrap.dedent(changes)))
        command = [sys.executable, "-S", "-E", "bot.py"]
        player = BotPlayer(name, lambda log: sandbox.start(command, folder, Limits(), log), kept)
        players.append(player)
        return player

    yield make
    for player in players:
        player.close()


@pytest.fixture
def referee():
    """Make a referee; its poller is closed after the test."""
    made = []

    def make(environment=None, name="game", **settings):
        settings = {"clocks": Clocks(start=5, move=2)} | settings
        made.append(Referee(environment or kuhn(1), name, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def play(referee):
    """Play one match; its record."""

    def one(players, environment=None, seed=7, log: Path | None = None, **settings):
        (record,) = referee(environment, **settings).play([Match("m/1", players, seed, log)])
        return record

    return one


@pytest.fixture
def honest():
    """A policy that plays the first legal action (or at random)."""

    def make(environment=None, random=False):
        spec = (environment or kuhn(1)).spec
        return PolicyPlayer("honest", Random(spec) if random else First(spec))

    return make
