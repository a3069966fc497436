"""The dashboard of a training run: what it shows fits the terminal, and plain lines say the same."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from marl.training.dashboard import Dashboard, RunInfo
from marl.training.history import Slice

UPDATE = {
    "env_steps": 4096.0, "env_steps_per_s": 51_234.0, "sampler_share": 0.25, "learner_share": 0.75, "return": 0.5,
    "length": 12.5, "matches": 10.0, "explained_variance": 0.62, "policy_loss": -0.01, "value_loss": 0.3,
    "entropy": 1.25, "kl": 0.007, "lr": 0.001,
}  # fmt: skip
SCORE = {
    "matches": 200.0, "return": 0.9, "return_margin": 0.05, "length": 14.0, "wins": 190.0, "draws": 0.0,
    "losses": 10.0, "points": 0.95, "points_low": 0.91, "points_high": 0.97,
}  # fmt: skip


def picture(width: int, height: int, update: dict[str, float] = UPDATE, measured: str = "marl/random") -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    dashboard = Dashboard(RunInfo("run", "classic/connect_four", "rllib/ppo", 100_000, measured), 5.0, console)
    for number in range(1, 4):
        dashboard.trained(10_000 * number, update)
        dashboard.finished(Slice(number, 10_000 * number, number, "0" * 32, {"marl/random": SCORE}))
    console.print(dashboard.picture())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text[text.index("╭") :].splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (110, 42), (200, 60), (60, 30)])
def test_it_fits_the_terminal(width: int, height: int) -> None:
    lines = picture(width, height)
    assert len(lines) <= height and max(map(len, lines)) <= width


def test_it_shows_what_was_learned_and_how_fast() -> None:
    text = "\n".join(picture(110, 42))
    for wanted in ("30,000", "51.2k", "entropy", "1.25", "KL", "0.007", "62%", "25%", "75%", "95.0%", "91.0% – 97.0%"):
        assert wanted in text, f"{wanted} is missing in\n{text}"
    assert "return against marl/random 0.9" in text


@pytest.mark.parametrize(("width", "height"), [(80, 24), (110, 42), (60, 30)])
def test_channels_of_rewards_are_one_line(width: int, height: int) -> None:
    paid = {"reward.game": 0.25, "reward.novelty": 1.5, "reward.novelty.error": 7.0, "reward.total": 0.4}
    lines = picture(width, height, UPDATE | paid)
    assert len(lines) <= height and max(map(len, lines)) <= width
    line = next((line for line in lines if "paid per row" in line), "")
    assert "game 0.25   novelty 1.5   total 0.4" in line or height == 24
    assert "7" not in line and "error" not in line


def test_several_modules_stand_side_by_side() -> None:
    several = {f"side{n}.players/{k}": v for n in (0, 1) for k, v in UPDATE.items() if k in ("entropy", "kl")}
    text = "\n".join(picture(110, 42, {"env_steps": 4096.0, **several}))
    assert "side0.players" in text and "side1.players" in text


def test_in_a_pipe_a_slice_is_a_line() -> None:
    console = Console(file=io.StringIO(), width=40)
    with Dashboard(RunInfo("run", "gymnasium/cartpole", "rllib/ppo", 100_000), console=console) as dashboard:
        dashboard.trained(50_000, UPDATE)
        dashboard.finished(Slice(1, 50_000, 1.0, "0" * 32, {"alone": SCORE}))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("\n") == 1 and text.startswith("50,000 env steps  51,234 steps/s  return 0.5")


def test_what_was_done_before_a_resume_is_told_as_it_was() -> None:
    console = Console(file=io.StringIO(), width=40)
    dashboard = Dashboard(RunInfo("run", "gymnasium/cartpole", "rllib/ppo", 10_000), 5.0, console)
    updates = [(step, {**UPDATE, "return": step / 1000}) for step in (1000, 2000, 3000, 4000)]
    slices = [Slice(n, 2000 * n, float(n), "0" * 32, {"alone": {**SCORE, "return": float(n)}}) for n in (1, 2)]
    dashboard.relive(updates, slices)
    first, second = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert first.startswith("2,000 env steps") and "return 1.5  " in first and first.endswith("alone 1  1.00 s")
    assert second.startswith("4,000 env steps") and "return 2.5  " in second and second.endswith("alone 2  2.00 s")
    assert (dashboard.step, dashboard.updates, dashboard.slices) == (4000, 4, slices)
