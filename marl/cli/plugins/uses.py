"""What to write into a scenario (or on the command line) to use a thing that a plugin brings."""

from __future__ import annotations

from marl.registry import Descriptor

_LINES = {
    "environments": "env: {full}",
    "algorithms": "algorithm: {full}",
    "rewards": "algorithm: {{name: rllib/ppo, reward: {{channels: {{{name}: {full}}}}}}}",
    "models": "algorithm: {{name: rllib/ppo, model: {{kind: {full}}}}}",
    "losses": "algorithm: {{name: rllib/ppo, auxiliary: [{full}]}}",
    "curricula": "tasks: {full}",
    "policies": "evaluation: {{against: [{full}]}}",
    "runners": "kind: {name}",
    "strategies": "strategy: {full}",
    "metasolvers": "strategy: {{name: league/psro, metasolver: {full}}}",
    "diversities": "strategy: {{name: diverse_psro, oracle: {{name: diverse_response, diversity: {full}}}}}",
    "measures": "measures: [{full}]",
    "payoff_sources": "payoffs: {{source: {full}}}",
    "schedules": "schedule: {full}",
    "ratings": "ratings: {full}",
    "sandboxes": "sandbox: {full}",
    "sinks": "sinks: [{full}]",
    "drawers": "drawer: {full}",
    "scenarios": "marl run {full}",
    "commands": "marl {name}",
}


def use_of(descriptor: Descriptor) -> str:
    """The line, as in "env: nim/nim"; "" for a kind that no scenario names."""
    return _LINES.get(descriptor.kind, "").format(full=descriptor.full_name, name=descriptor.name)
