"""What the report of a run says of its rewards: what each did, what pays for what, and what is lost without each."""

from __future__ import annotations

from pathlib import Path

from marl.registry import load_registry
from marl.scenario import load_run
from marl_rewards.lab.reward_of import blocks_of


def sections(run: Path) -> str:
    """The sections about the rewards of a training run or a league; "" where it learns from the game's own alone.

    What draws them is imported where there is something to draw: reports of other runs take no longer than without it.
    """
    registry = load_registry()
    scenario = load_run(run, registry, absent=True)
    blocks = blocks_of(scenario)
    if not blocks:
        return ""
    from marl_rewards.lab.run_page import told

    return told(run, scenario, blocks, registry)
