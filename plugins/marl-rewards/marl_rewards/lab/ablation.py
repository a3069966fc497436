"""An ablation: runs of all variants with all seeds, on one process or several, and what came of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from marl.errors import UserError
from marl.registry import RUNNERS, Registry, load_registry
from marl.run.directory import locked
from marl.run.journal import written
from marl.scenario import FILE, Scenario, load_scenario
from marl.training.report import TrainView, read_view
from marl_rewards.lab.reward_of import reward_of
from marl_rewards.lab.scores import Scores
from marl_rewards.lab.variants import variants


@dataclass(kw_only=True)
class Ablation(Scores):
    """An ablation that is to be done: variants by name, with their overrides."""

    variants: Mapping[str, list[str]]
    registry: Registry

    @staticmethod
    def of(scenario: str, overrides: list[str], seeds: int, out: Path | None, first: int = 0) -> Ablation:
        """Raises UserError for a scenario that cannot be ablated, and for overrides that would not last."""
        registry = load_registry()
        if any(override.partition("=")[0].strip() == "seed" for override in overrides):
            raise UserError("seed: every variant is trained with several: say how many with --seeds, and the first of "
                            "them with --first")  # fmt: skip
        loaded = load_scenario(scenario, overrides, registry)
        found = variants(reward_of(loaded))
        where = out or Path("runs") / f"{loaded.name}-ablation"
        for more in found.values():  # each is checked before the first is trained
            load_scenario(scenario, [*overrides, *more], registry)
        return Ablation(scenario=scenario, name=loaded.name, overrides=overrides, seeds=seeds, first=first, out=where,
                        variants=found, registry=registry)  # fmt: skip

    def work(self, workers: int = 1) -> None:
        """Train what is not trained yet, seed by seed. What was interrupted goes on where it stopped.

        With several `workers`, so many runs go on at once, each in a process of its own, with its own log beside it.
        Raises UserError where another process works in the same folder.
        """
        jobs = [(name, seed) for seed in range(self.first, self.first + self.seeds) for name in self.variants]
        with locked(self.out):
            for number, (name, seed) in enumerate(self._trained(jobs, workers), 1):
                done = self._done(self.folder(self.out, name, seed), self._load(name, seed))
                assert done is not None, "a runner returns when its run is finished"
                self.measured, score = score_of(done, self.folder(self.out, name, seed))
                self.scores.setdefault(name, {})[seed] = score
                if workers > 1:
                    print(f"[{number}/{len(jobs)}] {name}, seed {seed}: {score:.4g}", flush=True)
            self.scores = {name: dict(sorted(self.scores[name].items())) for name in self.variants}
            self.write()

    def _trained(self, jobs: Sequence[tuple[str, int]], workers: int) -> Iterator[tuple[str, int]]:
        """The jobs, as they are done."""
        if workers == 1:
            for number, (name, seed) in enumerate(jobs, 1):
                before = self._done(self.folder(self.out, name, seed), self._load(name, seed))
                print(f"[{number}/{len(jobs)}] {name}, seed {seed}{': done before' if before else ''}", flush=True)
                if before is None:
                    _train(self.scenario, self._overrides(name, seed), self.folder(self.out, name, seed))
                yield name, seed
            return
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_with_parent) as pool:
            asked = {}
            for name, seed in jobs:
                folder = self.folder(self.out, name, seed)
                if self._done(folder, self._load(name, seed)) is None:
                    asked[pool.submit(_train_apart, self.scenario, self._overrides(name, seed), folder)] = (name, seed)
                else:
                    yield name, seed
            try:
                for future in as_completed(asked):
                    future.result()
                    yield asked[future]
            finally:
                pool.shutdown(cancel_futures=True)

    def _overrides(self, name: str, seed: int) -> list[str]:
        return [*self.overrides, *self.variants[name], f"seed={seed}"]

    def _load(self, name: str, seed: int) -> Scenario:
        return load_scenario(self.scenario, self._overrides(name, seed), self.registry)

    def _done(self, folder: Path, loaded: Scenario) -> TrainView | None:
        """The run in a folder, if it is finished and of this scenario; its runner tells what is wrong with another."""
        if not (folder / FILE).is_file() or written(folder) != loaded.text:
            return None
        view = read_view(folder, loaded.config)
        return view if view.is_finished else None


def _train(scenario: str, overrides: list[str], folder: Path) -> None:
    """One run, as `marl run` does it; what was begun goes on."""
    registry = load_registry()
    loaded = load_scenario(scenario, overrides, registry)
    registry.load(registry.find(RUNNERS, loaded.kind))(loaded, registry, folder, False)


def _end_with_parent() -> None:
    """A worker whose ablation was killed ends at once, as if it had been killed too: its run goes on the next time."""

    parent, end = parent_process(), os._exit  # as it is now: while plugins are imported, it is another one

    def watch() -> None:
        assert parent is not None
        parent.join()
        end(1)

    Thread(target=watch, daemon=True).start()


def _train_apart(scenario: str, overrides: list[str], folder: Path) -> None:
    """The same in a process of its own: what it says goes to a file beside the run."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".log").open("a", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        _train(scenario, overrides, folder)


def score_of(view: TrainView, folder: Path) -> tuple[str, float]:
    """What a run's score is, and how much: its last measurement, else the mean return of its last updates.

    Always the game's own: measurements never see rewards, and the return of training is that of the game.
    """
    if view.measured:
        name, score = next(iter(view.measured[-1].scores.items()))
        if "points" in score:
            return f"points against {name}", float(score["points"])
        return "measured return", float(score["return"])
    if "return" not in view.latest:
        raise UserError(f"{folder}: no match ended in its last updates, so it has no score: train for longer")
    return "return in training", float(view.latest["return"])
