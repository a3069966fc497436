"""What is said about a training run: how to read its page, and how to go on."""

from __future__ import annotations

import shlex

from marl.page.words import again_section, folded, reading_section
from marl.training.report.view import TrainView

READING = (
    (
        "Measured",
        "is what counts: a snapshot plays matches of their own seeds and does not learn. Where intervals overlap, more "
        "matches (<code>evaluation.matches</code>, or <code>marl evaluate</code>) tell who is better. Returns against "
        "random players soon say little; add a stronger opponent.",
    ),
    (
        "Return in training",
        "is that of one side while it explores. In self-play the opponent learns too, so a flat line is no sign of "
        "standing still.",
    ),
    (
        "Entropy",
        "falls as the policy makes up its mind. Near 0 early on it has stopped exploring: raise its weight. Without a "
        "fall nothing is learned yet.",
    ),
    (
        "KL divergence",
        "is how far an update moves the policy. Spikes, or a large clipped share, call for a lower learning rate or "
        "fewer epochs.",
    ),
    (
        "Explained variance",
        "is the share of the returns' variance that the values foresee: 1 is all, 0 is what a constant does, and below "
        "0 they mislead.",
    ),
    (
        "Shares of time",
        "say what to speed up: more samplers or lanes where the sampler takes most, fewer epochs or a GPU where the "
        "learner does.",
    ),
)


def reading() -> str:
    """How to read this."""
    return reading_section(READING)


def again(view: TrainView) -> str:
    """The commands that go on from here, the resolved scenario, and the newest numbers."""
    run, rivals = shlex.quote(f"runs/{view.run}"), view.config.opponents
    against = f" --against {shlex.quote(rivals[0].name)}" if rivals else ""
    goes_on = "ends at once: the run is finished" if view.is_finished else "goes on from the last finished slice"
    commands = [
        (f"marl watch {run}{against}", "shows a match"),
        (f"marl evaluate {run}{against}", "plays more matches"),
        (f"marl resume {run}", goes_on),
        (
            f"marl run {shlex.quote(f'runs/{view.run}/scenario.yaml')} --out {shlex.quote(f'runs/{view.run}-again')}",
            "the same from the start",
        ),
        (f"marl report {run}", "writes this page anew"),
    ]
    latest = {name: value for name, value in view.latest.items() if name not in ("time", "step")}
    return again_section(commands, view.scenario, folded("Means of the last updates", latest))
