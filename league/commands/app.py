"""The group of commands `marl league ...`, and what they share."""

from __future__ import annotations

from typing import Any

from marl.cli.command import Commands, argument, option

app = Commands("Look into a league, change it while it runs, and take players in and out.")

RUN: Any = argument(metavar="RUN", help="The run directory, as in runs/NAME.")
JSON: Any = option(False, "--json", help="Print JSON.")
