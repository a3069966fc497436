"""The arena: plays many matches in lockstep, batched. Training, payoffs and tournaments all stand on it.

`Arena.play` plays a list of pairings to their end; `Sampler` collects rows from matches that never end; `Play` is
the loop under both. `TrajectoryRecorder` and `ReplayRecorder` write down what they see of it.
"""

from marl.arena.arena import Arena, Sampler
from marl.arena.lineups import Lineup, lineup
from marl.arena.pairings import Mixtures, Pairings, Profiles, Source
from marl.arena.payoff import Moments, tally
from marl.arena.play import Play, Recorder, environment_seeds
from marl.arena.record import Record
from marl.arena.recorder import TrajectoryRecorder
from marl.arena.replay import Replay, ReplayRecorder
from marl.arena.results import Results
from marl.arena.tolerance import Failures, Tolerance
from marl.trajectory import Trajectory

__all__ = [
    "Arena",
    "Failures",
    "Lineup",
    "Mixtures",
    "Moments",
    "Pairings",
    "Play",
    "Profiles",
    "Record",
    "Recorder",
    "Replay",
    "ReplayRecorder",
    "Results",
    "Sampler",
    "Source",
    "Tolerance",
    "Trajectory",
    "TrajectoryRecorder",
    "environment_seeds",
    "lineup",
    "tally",
]
