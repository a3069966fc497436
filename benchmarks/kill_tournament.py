"""A host killed 200 times, at random, during an event of 1,000 matches: what is lost, counted twice, and what it costs.

The same event (the same secret) is played undisturbed beside it; standings, ledger and replays must be equal.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from league.ledger import TournamentLedger
from league.tournament.event import create, open_event
from league.tournament.standings import view
from league.tournament.submit import submit
from marl.registry import load_registry
from marl.scenario import load_scenario

PLAYERS = ["marl/random", "marl/first", *(f"random{i}=marl/random" for i in range(3))]  # 10 pairs


def make(path: Path, games: int) -> None:
    """An event of 10 * games matches."""
    draft = path.with_suffix(".yaml")
    draft.write_text("kind: tournament\nname: killed\nenv: classic/tic_tac_toe\n")
    registry = load_registry()
    event = create(path, load_scenario(draft, [f"schedule.games={games}"], registry), registry)
    for player in PLAYERS:
        submit(event, player)
    event.close()


def host(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "marl", "tournament", "run", str(path), "--workers", "2"]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(path: Path) -> float:
    started = time.perf_counter()
    running = host(path)
    out, _ = running.communicate()
    assert running.returncode == 0, out
    return time.perf_counter() - started


def kill_all(path: Path, kills: int, matches: int) -> tuple[int, int]:
    """Start and kill the host; returns how often, and how many finished matches were ever missing or changed."""
    chance, before, lost = random.Random(0), {}, 0
    ledger = TournamentLedger.at(path)
    for number in range(kills):
        target = round(matches * (number + chance.random()) / (kills + 1))
        running = host(path)
        while running.poll() is None and ledger.match_count() < target:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.02)
        running.kill()
        running.communicate()
        now = {match.pairing: match for match in ledger.matches()}
        lost += sum(now.get(pairing) != match for pairing, match in before.items())
        before = now
    ledger.close()
    return kills, lost


def story(path: Path) -> dict[str, object]:
    event = open_event(path, load_registry())
    lines = [(line.rank, line.player, line.points, line.rating) for line in view(event).lines]
    replays = {file.name: file.read_bytes() for file in (path / "replays").iterdir()}
    result = {"ledger": event.ledger.digest(), "matches": event.ledger.match_count(), "standings": lines, **replays}
    event.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 kills, 100 matches")
    quick = parser.parse_args().quick
    kills, matches = (10, 100) if quick else (200, 1000)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder, "whole"), Path(folder, "killed")
        make(whole, matches // 10)
        shutil.copytree(whole, killed)
        undisturbed = finish(whole)
        started = time.perf_counter()
        done, lost = kill_all(killed, kills, matches)
        last = finish(killed)
        total = time.perf_counter() - started
        one, two = story(whole), story(killed)
    differing = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
    assert not differing, f"the event that was killed ended otherwise: {differing[:10]} and so on differ"
    assert lost == 0, f"{lost} finished matches were lost or played again"
    print(f"{done} kills, {matches} matches: none lost, none counted twice; standings, ledger and replays are equal")
    print(f"undisturbed {undisturbed:.1f} s; killed {total:.1f} s in all, of which {last:.1f} s after the last kill")
    detail = {"kills": done, "matches": matches, "lost": lost, "equal": True, "seconds_per_start": total / (done + 1)}
    print(json.dumps({"name": "kill_tournament", "ours": total, "peer": undisturbed, "ratio": undisturbed / total,
                      "unit": "s", "detail": detail}))  # fmt: skip


if __name__ == "__main__":
    main()
