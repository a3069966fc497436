"""`marl league ...`: looking into a league's run directory, and changing the league."""

from league.commands import attacking, changing, looking
from league.commands.app import app

__all__ = ["app", "attacking", "changing", "looking"]
