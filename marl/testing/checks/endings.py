"""How matches end: who, when, with what in hand."""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec
from marl.testing.check import NotApplicable, check, expect
from marl.testing.checks.rows import ordered
from marl.testing.drive import Record
from marl.testing.subject import Subject
from marl.types import Bools, Floats


@check("End each agent once, by `terminated` or `truncated`; set `done` when the last one ends, by max_length.")
def termination(subject: Subject) -> str:
    """Every agent (every life, with births) ends once, one way; a match is over when all have, within max_length."""
    for record in subject.records:
        ended = _endings(record, subject.spec)
        late = record.ticks >= subject.spec.max_length and not record.done
        expect(not late, f"match seed {record.seed} goes on after max_length, {subject.spec.max_length} ticks")
        expect(
            record.done == bool(ended.all()),
            f"match seed {record.seed}: done, but agents {np.flatnonzero(~ended)} go on",
        )
    over = finished(subject)
    return f"{len(over)} of {len(subject.records)} matches ended, the longest after {max(r.ticks for r in over)} ticks"


@check("Keep each side's sum of rewards within spec.returns (opposite ones if zero_sum), or correct the spec.")
def returns(subject: Subject) -> str:
    """Returns lie within their bounds, are finite, and sum to zero where the spec says so."""
    low, high = subject.spec.returns
    sums = np.array([side_returns(subject, record) for record in finished(subject)])
    slack = 1e-6 * max(1.0, float(np.abs(sums).max()))
    expect(np.isfinite(sums).all(), "a side's return is not a finite number")
    outside = (sums < low - slack) | (sums > high + slack)
    expect(not outside.any(), f"a side got {sums[outside][:1]}, but spec.returns is {subject.spec.returns}")
    if subject.spec.zero_sum:
        left = np.abs(sums.sum(axis=1)).max()
        expect(left <= slack, f"the game is zero_sum, but the sides' returns of a match sum to {left:g}")
    return f"from {sums.min():g} to {sums.max():g}"


@check("Put a row into `final` for each agent whose part ended at this tick, in canonical order, and for nobody else.")
def final(subject: Subject) -> str:
    """Every agent that ended has its last observation in `final`, in canonical order."""
    count = 0
    for call in subject.main.calls:
        step = call.then[1]
        if step is None:
            continue
        ended = np.asarray(step.terminated) | np.asarray(step.truncated)
        found = np.zeros_like(ended)
        for index, (group, part) in enumerate(zip(subject.spec.groups, step.final, strict=True)):
            if part is not None:
                found[ordered(call, group, index, part), part.agent] = True
        row, agent = (axis[:1] for axis in np.nonzero(ended & ~found))
        expect(not len(row), f"agent {agent} of lane {call.lanes[row]} ended, but has no final observation")
        expect(not (found & ~ended).any(), "there is a final observation of an agent that did not end at this tick")
        count += int(ended.sum())
    finished(subject)
    return f"{count} final observations"


def finished(subject: Subject) -> list[Record]:
    """The main matches that came to an end. Raises NotApplicable when there are none."""
    over = [record for record in subject.records if record.done]
    if not over:
        raise NotApplicable(f"no match ended within {subject.limit} ticks; give more `ticks` to see endings")
    return over


def side_returns(subject: Subject, record: Record) -> Floats:
    """What each side got in a match, `float64[S]`."""
    total = np.sum([moment.step["rewards"] for moment in record.moments[1:]], axis=0)
    return np.array([total[list(side)].sum() for side in subject.spec.sides])


def _endings(record: Record, spec: EnvSpec) -> Bools:
    """Who has ended, `bool[N]`. Raises where an agent ends twice, both ways, or goes on after its end.

    Where there are births, that is who does not live: nobody at first, until a row that is `first`.
    """
    gone = np.full(len(spec.agents), spec.births)
    gone[record.moments[0].acting()] = False
    empty = "where nobody lives" if spec.births else "after their end"
    for tick, moment in enumerate(record.moments[1:], start=1):
        where = f"match seed {record.seed}, tick {tick}: "
        terminated, truncated = moment.step["terminated"], moment.step["truncated"]
        both = np.flatnonzero(terminated & truncated)
        expect(not len(both), f"{where}agents {both} are terminated and truncated at once")
        again = np.flatnonzero((terminated | truncated) & gone)
        expect(not len(again), f"{where}agents {again} end {'where nobody lives' if spec.births else 'a second time'}")
        paid = np.flatnonzero(gone & (moment.step["rewards"] != 0))
        expect(not len(paid), f"{where}agents {paid} get a reward {empty}, which nobody can collect")
        gone |= terminated | truncated
        begins = [agent for part in moment.rows if part is not None for agent in part.agent[part.first].tolist()]
        twice = [agent for agent in begins if spec.births and not gone[agent]]
        expect(not twice, f"{where}lives of agents {twice} begin before the last ones ended, and would be one")
        gone[begins] &= not spec.births
        acting = [agent for agent in moment.acting() if gone[agent]]
        expect(not acting, f"{where}agents {acting} have ended, but have rows")
        expect(bool(moment.step["done"]) or not gone.all(), f"{where}all agents have ended, but `done` is not set")
    return gone
