"""The market of a town: orders for one unit each, kept until they are met, replaced or too old.

After every day the highest bid meets the lowest ask as long as they agree, at the price of the older order (of two from
the same day, in the middle). As in ai-economist's `ContinuousDoubleAuction`, but with one open order per worker and
resource, and nothing in escrow: an order that its worker cannot honour any more is void.
"""

from __future__ import annotations

import numpy as np

from marl.types import Floats, Ints

BID, ASK = 0, 1
_LATE = 1_000_000  # ticks; beyond all matches


def cleared(price: Floats, placed: Ints, coin: Floats, stock: Ints) -> tuple[Floats, Ints, Floats]:
    """Trades of one resource in L towns of K workers.

    `price[L, 2, K]`: bids and asks, 0 where there is none; `placed[L, 2, K]`: the ticks of these. `coin[L, K]`,
    `stock[L, K]`. Returns what coin and stock change by, `[L, K]`, and the mean price of the trades `[L]` (0: none).
    `price` becomes 0 where an order was met or is void.
    """
    can = np.stack([coin >= price[:, BID], stock >= 1], axis=1)
    price *= can
    bids, asks = price[:, BID], np.where(price[:, ASK] > 0, price[:, ASK], np.inf)
    paid, moved = np.zeros_like(coin), np.zeros_like(stock)
    if not ((bids.max(axis=1) >= asks.min(axis=1)) & (bids.max(axis=1) > 0)).any():
        return paid, moved, np.zeros(len(coin))
    buyers = np.argsort(-bids * _LATE + placed[:, BID], axis=1, kind="stable")
    sellers = np.argsort(np.where(np.isinf(asks), 1e9, asks) * _LATE + placed[:, ASK], axis=1, kind="stable")
    bid, ask = np.take_along_axis(bids, buyers, 1), np.take_along_axis(asks, sellers, 1)
    met = (bid >= ask) & (bid > 0)  # a prefix of each row, since bids fall and asks rise
    early, late = np.take_along_axis(placed[:, BID], buyers, 1), np.take_along_axis(placed[:, ASK], sellers, 1)
    asked = np.where(met, ask, 0.0)
    agreed = np.where(early < late, bid, np.where(early > late, asked, (bid + asked) / 2)) * met
    lane = np.arange(len(coin))[:, None]
    np.add.at(paid, (lane, buyers), -agreed)
    np.add.at(paid, (lane, sellers), agreed)
    np.add.at(moved, (lane, buyers), met.astype(np.int64))
    np.add.at(moved, (lane, sellers), -met.astype(np.int64))
    price[:, BID] *= moved <= 0
    price[:, ASK] *= moved >= 0
    return paid, moved, agreed.sum(axis=1) / np.maximum(met.sum(axis=1), 1)
