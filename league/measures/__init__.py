"""Measures: the numbers that a league is judged by, one small file each. A new one has `about` and `measure`.

See `effective_players.py` for a short one, and `nash_conv.py` for one that leaves its work to workers.
`league.checked.measures` takes those that a scenario names.
"""

from league.measures.measure import InParts, Look, Measure
from league.value import About, Value

__all__ = ["About", "InParts", "Look", "Measure", "Value"]
