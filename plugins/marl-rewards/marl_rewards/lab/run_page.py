"""The sections of rewards in the report of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from marl.errors import RunError, UserError
from marl.page.figure import absent, section
from marl.page.text import escape
from marl.registry import Registry
from marl.scenario import FILE, Scenario, load_run
from marl_rewards.lab.ablation_page import changes, command_of
from marl_rewards.lab.analysis_page import analysis
from marl_rewards.lab.reward_of import Block, blocks_of
from marl_rewards.lab.scores import Scores
from marl_rewards.lab.shapes_page import STYLE, drawn_shapes, shapes_of
from marl_rewards.lab.updates import read_updates
from marl_rewards.lab.variants import ALL

OF = "Rewards: "


def told(run: Path, scenario: Scenario, blocks: list[Block], registry: Registry) -> str:
    """All sections, as HTML."""
    found = [*_updates(run), *(part for block in blocks for part in _drawn(block, scenario, registry))]
    found += _ablation(run, scenario, blocks, registry)
    return STYLE + "".join(found)


def _updates(run: Path) -> Iterator[str]:
    try:
        updates = read_updates(run)
    except UserError as error:
        yield section("rewards", f"{OF}what they did", absent(escape(error)))
        return
    yield from analysis(updates, f"{OF}{f'job {updates.job[:12]}, ' if updates.job else ''}")


def _drawn(block: Block, scenario: Scenario, registry: Registry) -> Iterator[str]:
    """Shapes, and maps over a slice, of one block."""
    try:
        if shapes := shapes_of(block.reward, registry):
            yield drawn_shapes(shapes, f"{OF}shapes{block.place}")
        from marl_rewards.lab.slice_page import usual_slice  # it asks the rewards themselves, which takes torch

        yield usual_slice(block, scenario, registry, f"{OF}a slice{block.place}")
    except (UserError, RunError, ImportError) as error:
        yield section("slice", f"{OF}a slice{block.place}", absent(escape(error)))


def _ablation(run: Path, scenario: Scenario, blocks: list[Block], registry: Registry) -> Iterator[str]:
    """An ablation of the same rewards that was done beside the run."""
    for beside in dict.fromkeys(run.resolve().with_name(f"{name}-ablation") for name in (run.name, scenario.name)):
        try:
            scores = Scores.read(beside)
            if scores is not None and _same(beside, scores, blocks, registry):
                yield from changes(scores, f"{OF}ablation, ", f"By <code>{escape(command_of(scores))}</code>. ")
                return
        except (UserError, RunError) as error:
            yield section("ablation-scores", f"{OF}ablation", absent(escape(error)))


def _same(beside: Path, scores: Scores, blocks: list[Block], registry: Registry) -> bool:
    """Whether it is of these rewards."""
    whole = Scores.folder(beside, ALL, min(scores.scores[ALL]))
    if not (whole / FILE).is_file():
        return False
    return [block.reward for block in blocks_of(load_run(whole, registry, absent=True))] == [
        block.reward for block in blocks
    ]
