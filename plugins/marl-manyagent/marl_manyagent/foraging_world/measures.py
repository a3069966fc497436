"""How much agents explore and specialise, from counts.

*Exploration* of a life is the number of distinct cells that it visited, and how far from its birthplace it ever came.

*Specialisation* is mutual information, in nats, divided by what it can be at most. With `n[g, k]` how often those of
group g did thing k, `p = n / sum(n)`:

    I(group; thing) = sum over g and k of p[g, k] log(p[g, k] / (p[g] p[k])),   at most log(min(groups, things))

It is 0 where all groups do the same, and 1 where what is done says who did it, evenly split. Where every life is a
group of its own, it is the division of labour of Gorelick, Bertram, Killeen and Fewell, "Normalized mutual
entropy in biology: quantifying division of labor", The American Naturalist 164 (2004).

Counts are few, and the mutual information of few counts is above that of many: compare with players of the same counts.
"""

from __future__ import annotations

import numpy as np

from marl.types import Array, Floats


def entropy(counts: Array) -> Floats:
    """Of the distributions that counts `[..., K]` make, in nats `[...]`; 0 where there are none."""
    total = counts.sum(axis=-1)
    return np.asarray(np.log(np.maximum(total, 1)) - plogp(counts) / np.maximum(total, 1))


def mutual_information(counts: Array) -> Floats:
    """Between groups and things, from counts `[..., G, K]`, in nats `[...]`; 0 where there are none."""
    together = entropy(counts.reshape(*counts.shape[:-2], -1))
    return np.maximum(entropy(counts.sum(axis=-1)) + entropy(counts.sum(axis=-2)) - together, 0.0)


def specialisation(counts: Array) -> Floats:
    """Mutual information over the most that it can be, in `[0, 1]`; 0 where there is one group, or one thing."""
    most = np.log(min(counts.shape[-2:]))
    return mutual_information(counts) / most if most > 0 else np.zeros(counts.shape[:-2])


def division(total: Array, within: Floats) -> Floats:
    """The specialisation of lives: `total` `[..., K]`, how often each thing was done, `within` `[...]`, the sum over
    lives of `spread` of what each did.

    I(life; thing) = H(thing) - H(thing | life), over log K.
    """
    count = np.maximum(total.sum(axis=-1), 1)
    return np.maximum(entropy(total) - within / count, 0.0) / np.log(total.shape[-1])


def spread(counts: Array) -> Floats:
    """What is to be summed over lives for `division`: `n` times the entropy of what each did, `[...]`."""
    return np.asarray(counts.sum(axis=-1) * entropy(counts))


def plogp(counts: Array) -> Floats:
    """The sum of `n log n` over the last axis."""
    return np.asarray((counts * np.log(np.maximum(counts, 1))).sum(axis=-1))
