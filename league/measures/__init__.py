"""Measures: the numbers that a league is judged by, one small file each. A new one has `about` and `measure`.

See `effective_players.py` for a short one. `league.checked.measures` takes those that a scenario names.
"""

from league.measures.measure import Measure
from league.value import About, Value

__all__ = ["About", "Measure", "Value"]
