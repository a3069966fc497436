"""Schedules: what decides the next pairings of a tournament; one small file each. See docs/schedules-and-ratings.md."""

from league.pairing import Fact, Pairing, Place, Result, Schedule, Tie, shares

__all__ = ["Fact", "Pairing", "Place", "Result", "Schedule", "Tie", "shares"]
