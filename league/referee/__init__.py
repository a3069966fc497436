"""The referee: plays matches between bots, policies and people, with clocks, limits and verdicts. See docs/bots.md."""

from league.referee.clocks import Clocks, Output, Spent
from league.referee.live import Match
from league.referee.policy import PolicyPlayer, from_snapshot, scripted
from league.referee.process import BotPlayer
from league.referee.record import MatchRecord, Transcript
from league.referee.referee import Referee, play_match
from league.referee.seat import Answer, Player, Request, Seat, Table, View
from league.referee.verdict import HostError, Verdict, charge

__all__ = [
    "Answer",
    "BotPlayer",
    "Clocks",
    "HostError",
    "Match",
    "MatchRecord",
    "Output",
    "Player",
    "PolicyPlayer",
    "Referee",
    "Request",
    "Seat",
    "Spent",
    "Table",
    "Transcript",
    "Verdict",
    "View",
    "charge",
    "from_snapshot",
    "play_match",
    "scripted",
]
