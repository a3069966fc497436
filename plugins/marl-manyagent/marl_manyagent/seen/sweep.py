"""The Ising model's order against temperature: the exact sampler, the infinite lattice, and what runs have learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marl.errors import UserError
from marl.evaluation import Player
from marl.registry import load_registry
from marl.run.players import contestant
from marl.scenario import load_run
from marl_manyagent.heat_bath import HeatBath, HeatBathParams
from marl_manyagent.ising import Ising, IsingParams
from marl_manyagent.seen.track import Track, settled, tracked

TRANSITION = 2 / math.log(1 + math.sqrt(2))  # in units of J / k_B
TEMPERATURES = (1.6, 1.9, 2.1, 2.2, TRANSITION, 2.35, 2.5, 2.8, 3.4, 4.4)


@dataclass(frozen=True)
class Settled:
    """Means after a quarter of the ticks at a temperature (J / k_B), with the standard error over matches."""

    name: str
    temperature: float
    order: float
    error: float
    energy: float

    @staticmethod
    def of(track: Track, temperature: float) -> Settled:
        """Of matches on the Ising model."""
        return Settled(track.name, temperature, *settled(track, "order"), settled(track, "energy")[0])


def onsager(temperature: float) -> float:
    """The order of the infinite lattice at a temperature in J / k_B. Source: Yang, Physical Review 85 (1952)."""
    return (1 - math.sinh(2 / temperature) ** -4) ** 0.125 if temperature < TRANSITION else 0.0


def exact(temperatures: Sequence[float], params: IsingParams, lanes: int, seed: int) -> list[Settled]:
    """The heat bath at each temperature."""
    found = []
    for temperature in temperatures:
        game = Ising(lanes, params)
        bath = HeatBath(game.spec, HeatBathParams(temperature / 2, params.coupling, params.field))
        found.append(Settled.of(tracked(game, Player("heat bath", [bath], np.ones((1, 1))), seed), temperature))
    return found


def learned(run: Path, params: IsingParams, lanes: int, seed: int) -> Settled:
    """The policy of a run, at the temperature that it plays at. Raises UserError where it is not known."""
    registry = load_registry()
    who = contestant(str(run), registry)
    if who.env is None:
        raise UserError(f"{run} is no run that has learned manyagent/ising, so it has no temperature")
    if who.env.name != "manyagent/ising":
        raise UserError(f"{run} did not learn manyagent/ising but {who.env}, so it has no temperature")
    known = getattr(load_run(run, registry).config, "algorithm", None)
    last = known.params.get("temperature_end") if known is not None else None
    if last is None:
        raise UserError(f"{run}: its algorithm has no `temperature_end`, so at what temperature it plays is not known")
    game = Ising(lanes, params)
    track = tracked(game, who.player(registry, game.spec), seed)
    return Settled.of(Track(run.resolve().name, track.columns), 2 * float(last) / params.coupling)
