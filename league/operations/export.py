"""A player as a folder of its own, which plays without the league that it comes from."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import marl
from league.referee.as_bot import BLOBS, FILE
from marl.blobs import Blobs, write_atomically
from marl.errors import RunError, UserError
from marl.policy import SearchPolicy
from marl.registry import ENVIRONMENTS, Registry
from marl.run.players import Contestant, label
from marl.services import restore

PROGRAM = '''"""{name}, as it was exported: needs `pip install marl-league{plugins}`, and nothing else."""

from pathlib import Path

from league.referee.as_bot import play

play(Path(__file__).parent)
'''


def bot_folder(player: Contestant, folder: Path, registry: Registry) -> None:
    """Write a bot, all of it or nothing. Raises UserError where `folder` is there already, or it cannot play as a bot.

    A league as a whole draws one of its players anew for every match.
    """
    if player.env is None:
        raise UserError(f"{player.name} plays anywhere, so it is no player of a league: name one, as in RUN@NAME")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there already: choose a folder that is not")
    spec = registry.make(ENVIRONMENTS, player.env.name, player.env.params, lanes=1).spec
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        blobs = Blobs(draft / BLOBS)
        sides = []
        for side in range(len(spec.sides)):
            knows = player.sides is None or side in player.sides
            mixture = [(snapshot, weight) for snapshot, weight in player.on(side) if weight > 0] if knows else []
            for snapshot, _ in mixture:
                if isinstance(restore(registry, spec, snapshot), SearchPolicy):
                    raise UserError(f"{player.name} tries actions out in the host's matches, which no bot may touch")
                blobs.put_snapshot(snapshot)
            sides.append([[snapshot.id, weight] for snapshot, weight in mixture])
        write_atomically(draft / FILE, json.dumps({"sides": sides}).encode())
        _described(draft, player, player.env.name)
        draft.replace(folder)
    except OSError as error:
        raise RunError(f"{folder} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _described(draft: Path, player: Contestant, game: str) -> None:
    """Its bot.yaml and its program."""
    name = re.sub(r"[^A-Za-z0-9 ._+-]+", "-", label(player.name))[:64].strip("-") or "player"
    plugin = game.partition("/")[0]
    described = {
        "name": name, "command": ["python3", "bot.py"], "games": [game], "author": "marl league export",
        "version": marl.__version__,
    }  # fmt: skip
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in described.items()]
    write_atomically(draft / "bot.yaml", "".join(lines).encode())
    write_atomically(draft / "bot.py", PROGRAM.format(name=name, plugins=f" marl-{plugin}").encode())
