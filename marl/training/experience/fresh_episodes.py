"""Fresh episodes: the whole matches of each team that were played last and nothing else, in epochs of minibatches.

The columns are those of `marl.training.experience.episodes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from marl import tree
from marl.algorithm import Checkpoint
from marl.training.experience import Columns, Draw, join, rows_of
from marl.training.experience.episodes import WholeMatches, longer
from marl.training.hyper import FreshEpisodesHyper


class FreshEpisodes(WholeMatches):
    """See `Experience`. Every match that ended since the last update is used `epochs` times; the learner shuffles.

    A match may have been played by the weights of several updates, so none is left out as too old.
    """

    def __init__(self, hyper: FreshEpisodesHyper) -> None:
        super().__init__(hyper.discount)
        self._minibatch, self._epochs = hyper.minibatch, hyper.epochs
        self._columns: dict[str, Columns] = {}

    def add(self, parts: Sequence[Mapping[str, Columns]]) -> None:
        """These matches stand instead of the last ones; all are padded to the longest."""
        most = max(columns["valid"].shape[1] for part in parts for columns in part.values())

        def padded(columns: Columns) -> Columns:
            missing = most - columns["valid"].shape[1]
            padded: Columns = tree.map_tree(lambda leaf: longer(leaf, missing), columns)
            return padded

        self._columns = join([{name: padded(columns) for name, columns in part.items()} for part in parts])

    def draw(self, seed: int, coefficients: Mapping[str, float]) -> Draw:
        """Everything, in minibatches of about as many matches as asked for."""
        counts = {name: max(1, round(rows_of(one) / self._minibatch)) for name, one in self._columns.items()}
        return Draw(self._columns, self._epochs, counts, shuffled=True)

    def reset(self) -> None:
        """See `Experience`."""
        self._columns = {}

    def save(self) -> Checkpoint:
        """Nothing: the next update plays new matches."""
        return Checkpoint({})

    def load(self, checkpoint: Checkpoint) -> None:
        """See `Experience`."""
        self._columns = {}
