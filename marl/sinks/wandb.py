"""Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from marl.sink import scalars
from marl.sinks.packages import package


@dataclass(kw_only=True)
class WandbParams:
    """Where the run is shown. What else W&B reads (WANDB_MODE, WANDB_API_KEY, ...) comes from the environment."""

    project: str = "marl"
    entity: str | None = None
    """The user or team; your usual one without it."""


class Wandb:
    """A run of W&B for this one; a resume goes on with it. Its id is kept in `wandb.id` in the run directory."""

    def __init__(self, run: Path, scenario: Mapping[str, Any], params: WandbParams | None = None) -> None:
        params = params or WandbParams()
        module = package("wandb", "wandb")
        kept = run / "wandb.id"
        id = kept.read_text(encoding="utf-8").strip() if kept.is_file() else token_hex(4)
        kept.write_text(f"{id}\n", encoding="utf-8")
        self._run = module.init(
            project=params.project,
            entity=params.entity,
            name=run.name,
            id=id,
            resume="allow",
            dir=str(run),
            config=dict(scenario),
        )

    def log(self, event: str, step: int, **values: Any) -> None:
        """See `Sink`. The step is a value of its own, since those of W&B never go back."""
        self._run.log({**dict(scalars(event, values)), "marl_step": step})

    def close(self) -> None:
        """See `Sink`."""
        self._run.finish()
