"""Whether a game is one: what `MeanFieldGame` promises, tried on numbers before anything is solved."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.errors import UserError
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame


def check(game: MeanFieldGame, name: str) -> None:
    """Raises UserError that says what is wrong with a game. `name`: how it is called."""
    shape = (len(game.populations), game.actions, game.states)
    places = (shape[0], shape[2])
    if game.initial.shape != places or not np.allclose(game.initial.sum(axis=1), 1.0) or (game.initial < 0).any():
        raise UserError(f"{name}: initial must be {places}, rows of shares that sum to 1; it is {game.initial.shape}, "
                        f"with sums {game.initial.sum(axis=-1)}")  # fmt: skip
    if game.legal is not None and not game.legal.any(axis=-2).all():
        raise UserError(f"{name}: legal leaves a state without any action; give unreachable states their first one")
    if int(np.prod(game.layout)) != game.states:
        raise UserError(f"{name}: layout {game.layout} has {int(np.prod(game.layout))} places for {game.states} states")
    along = np.stack([game.initial, 0.5 * game.initial + 0.5 / game.states])[: game.horizon]
    paid = game.rewards(slice(0, len(along)), along)
    try:
        np.broadcast_to(paid, (len(along), *shape))
    except ValueError:
        raise UserError(f"{name}: rewards are {paid.shape}, and must broadcast to {(len(along), *shape)}") from None
    if not np.isfinite(paid).all():
        raise UserError(f"{name}: rewards are not finite for the distribution at time 0")
    _transposed(game, name)


def _transposed(game: MeanFieldGame, name: str) -> None:
    policy, here = exact.uniform(game)[0], game.initial
    mass = policy * here[:, None, :]
    moved = game.push(0, mass, here)
    if moved.shape != here.shape or not np.allclose(moved.sum(axis=1), 1.0):
        raise UserError(f"{name}: push must keep everybody and give {here.shape}; it gives {moved.shape} with sums "
                        f"{moved.sum(axis=-1)}")  # fmt: skip
    values = rng.uniform(np.arange(here.size, dtype=np.uint64)).reshape(here.shape)
    pulled = game.pull(0, values, here, moved)
    if pulled.shape != mass.shape or not np.isclose((mass * pulled).sum(), (moved * values).sum()):
        raise UserError(f"{name}: pull must be the transpose of push: sum(push(mass) * values) is "
                        f"{(moved * values).sum():.6g}, sum(mass * pull(values)) is "
                        f"{(mass * pulled).sum() if pulled.shape == mass.shape else pulled.shape}")  # fmt: skip
