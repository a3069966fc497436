"""Measures: the numbers that a league is judged by, one small file each. A new one has `about` and `measure`.

See `effective_players.py` for a short one. `league.measures.taken` takes those that a scenario names.
"""

from league.measures.measure import About, Measure, Value

__all__ = ["About", "Measure", "Value"]
