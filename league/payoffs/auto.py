"""The usual source: exact payoffs where the game has a sequence form, else matches."""

from __future__ import annotations

from league.payoffs.exact import ExactPayoffs
from league.payoffs.sampled import Params, SampledPayoffs
from league.payoffs.source import PayoffSource
from league.services import LeagueServices
from marl.errors import UserError


def auto(services: LeagueServices, params: Params | None = None) -> PayoffSource:
    """`params` are for matches."""
    try:
        return ExactPayoffs(services)
    except UserError:
        return SampledPayoffs(services, params)
