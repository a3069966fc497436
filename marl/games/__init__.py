"""The author's kit: base classes that turn the rules of a game into an `Environment`. How-to: docs/environments.md.

| the game | the class | what it is written as |
|---|---|---|
| any | `OneByOne`, `ForkableOneByOne` | one `Match` at a time, in plain Python |
| one agent acts at a time | `TurnGame` | arrays over many lanes |
| all agents act at once | `SimultaneousGame` | arrays over many lanes |
| one agent alone | `OneAgent` | arrays over many lanes |
| another library's, an object a lane | `Instances` | an adapter |
"""

from marl.games.actions import ActionBatches, no_match
from marl.games.forkable import ForkableOneByOne
from marl.games.instances import Instances
from marl.games.match import Match, Outcome, View
from marl.games.one_agent import OneAgent, one_agent_spec
from marl.games.one_by_one import OneByOne
from marl.games.sequence import sequence_form
from marl.games.simultaneous import SimultaneousGame
from marl.games.turns import TurnGame, turn_spec
from marl.games.vectorised import Vectorised

__all__ = [
    "ActionBatches",
    "ForkableOneByOne",
    "Instances",
    "Match",
    "OneAgent",
    "OneByOne",
    "Outcome",
    "SimultaneousGame",
    "TurnGame",
    "Vectorised",
    "View",
    "no_match",
    "one_agent_spec",
    "sequence_form",
    "turn_spec",
]
