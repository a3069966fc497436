"""Distance, velocity, progress, events, diminishing returns, CaRL: by hand on walkers whose ways are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marl.errors import UserError
from marl.reward import Window
from marl_rewards.shapes import SHAPES, Shape
from marl_rewards.submodular import CURVES

POSITIVE = st.floats(0.05, 20)


@given(st.sampled_from(sorted(SHAPES)), POSITIVE, st.lists(st.floats(0, 100), min_size=2, max_size=9))
def test_shapes_are_one_at_best_and_never_rise(kind: Any, scale: float, places: list[float]) -> None:
    shape = Shape(kind=kind, scale=scale)
    paid = shape(np.array([0.0, *sorted(places)]))
    assert paid[0] == 1 and (np.diff(paid) <= 1e-12).all() and (paid >= 0).all()
    np.testing.assert_allclose(shape(-np.array(places)), shape(np.array(places)))
    assert Shape(kind=kind, scale=3 * scale)(np.array(places)) == pytest.approx(shape(np.array(places) / 3), abs=1e-9)


@given(POSITIVE, POSITIVE, POSITIVE, st.floats(0.01, 5))
def test_the_exponential_is_equation_3_of_lucy_skg(scale: float, dispersion: float, density: float, x: float) -> None:
    paid = Shape(scale=scale, dispersion=dispersion, density=density)(np.array([x]))[0]
    assert paid == pytest.approx(np.exp(-x / (2 * scale * dispersion * density)), rel=1e-9)
    wider = Shape(scale=scale, dispersion=2 * dispersion, density=density)(np.array([x]))[0]
    fuller = Shape(scale=scale, dispersion=dispersion, density=2 * density)(np.array([x]))[0]
    assert wider >= paid and fuller >= paid


@pytest.mark.parametrize(
    ("kind", "at_one_scale", "at_two"),
    [
        ("linear", 0, 0),
        ("gaussian", np.exp(-0.5), np.exp(-2)),
        ("exponential", np.exp(-0.5), np.exp(-1)),
        ("rational", 0.5, 0.2),
        ("tolerance", 1, 0.1),
        ("step", 1, 0),
    ],
)
def test_known_values_of_shapes(kind: Any, at_one_scale: float, at_two: float) -> None:
    assert Shape(kind=kind, scale=2)(np.array([2.0, 4.0])) == pytest.approx([at_one_scale, at_two])


def test_distance_and_velocity(pay: Any, window: Window) -> None:
    after = window.next_observation
    near = pay("distance", position=["observation[0]"], target=["8"], shape={"kind": "linear", "scale": 8})["near"]
    np.testing.assert_allclose(near, 1 - np.minimum(8, abs(after[:, 2])) / 8, atol=1e-6)
    speed = pay("velocity", velocity=["observation[1]", "0"], towards=["observation[2]", "0"], scale=2)["speed"]
    np.testing.assert_allclose(speed, after[:, 1] * np.sign(after[:, 2]) / 2, atol=1e-6)
    assert (speed < 0).any() and (after[:, 2] == 0).any()


def test_progress_sums_up_to_what_there_is_at_last(pay: Any, window: Window) -> None:
    rows = window.rows
    for of in ("observation[0]", "info.way"):
        paid = pay("progress", of=of)["progress"]
        for match in np.unique(rows.match):
            mine = np.flatnonzero((rows.match == match) & (rows.agent == 2))
            first, last = mine[np.argmin(rows.tick[mine])], mine[np.argmax(rows.tick[mine])]
            if of == "info.way":
                gained = rows.info["way"][last] - rows.before["way"][first]
            else:
                gained = window.next_observation[last, 0] - rows.observation[first, 0]
            assert paid[mine].sum() == pytest.approx(gained)


def test_events_are_counted_for_whom_they_are(pay: Any, window: Window) -> None:
    rows, after = window.rows, window.next_observation
    found = pay("events", worth={"steps": 0.5, "bumps": -1}, whose="agent")
    np.testing.assert_allclose(found["steps"], 0.5 * after[:, 1])
    np.testing.assert_allclose(found["bumps"], -(after[:, 1] == 0).astype(float))
    way = pay("events", worth={"way": 2}, totals=["way"])["way"]
    np.testing.assert_allclose(way, 2 * rows.info["steps"].sum(axis=1), atol=1e-9)
    sides = pay("events", worth={"sides": 1}, totals=["sides"], whose="side")["sides"]
    np.testing.assert_allclose(sides, rows.info["steps"].reshape(-1, 2, 2).sum(axis=2)[range(len(rows)), window.side])


@pytest.mark.parametrize("curve", sorted(CURVES))
def test_returns_diminish(pay: Any, window: Window, curve: str) -> None:
    """What is paid for a step never grows with what there was, and sums up to the curve of the total."""
    rows = window.rows
    gain = pay("submodular", total="sides", whose="side", curve=curve, scale=2)["gain"]
    before = rows.before["sides"][range(len(rows)), window.side]
    more = rows.info["sides"][range(len(rows)), window.side] - before
    for step in np.unique(more):
        at = np.flatnonzero(more == step)
        ordered = gain[at][np.argsort(before[at], kind="stable")]
        assert (np.diff(ordered) <= 1e-12).all() and (step == 0) == (not ordered.any())
    whole = [match for match in np.unique(rows.match) if (rows.match == match).sum() == 24]
    assert whole
    for match in whole:
        mine = (rows.match == match) & (rows.agent == 0)
        assert gain[mine].sum() == pytest.approx(CURVES[curve](rows.info["sides"][mine, 0].max() / 2))


def test_carl_pays_progress_and_faults_only_take_from_it(pay: Any, window: Window) -> None:
    steps = window.next_observation[:, 1]
    plain = pay("carl", progress="observation[0]")["completion"]
    np.testing.assert_allclose(plain, steps)
    faults = {"observation[1] - 1": 0.5, "observation[3] - 4": 0.1}
    paid = pay("carl", progress="observation[0]", faults=faults)["completion"]
    left = np.where(steps > 1, 0.5, 1) * np.where(window.next_observation[:, 3] > 4, 0.1, 1)
    np.testing.assert_allclose(paid, steps * left)
    assert ((paid >= 0) & (paid <= plain)).all() and (paid[steps == 0] == 0).all()
    back = pay("carl", progress="-observation[0]")["completion"]
    assert not back.any()
    np.testing.assert_allclose(pay("carl", progress="-observation[0]", backwards=True)["completion"], -steps)


@pytest.mark.parametrize(
    ("name", "params", "sentence"),
    [
        ("distance", {"position": ["observation[0]"], "target": ["0", "0"]}, "target has 2 coordinates"),
        ("distance", {"position": ["observation[9]"], "target": ["0"]}, "does not fit what a row shows"),
        ("distance", {"position": [], "target": []}, "it needs one expression or more"),
        ("distance", {"position": ["1"], "target": ["0"], "shape": {"scale": 0}}, "scale must be above 0"),
        ("distance", {"position": ["1"], "target": ["0"], "shape": {"kind": "step", "density": 2}}, "a step one has a"),
        ("velocity", {"velocity": ["1"], "towards": ["0", "1"]}, "towards has 2 coordinates"),
        ("velocity", {"velocity": ["1"], "towards": ["0"], "scale": 0}, "scale must be above 0"),
        ("progress", {"of": "info.wy"}, "the environment has no column 'wy'; did you mean 'way'?"),
        ("events", {"worth": {}}, "name one column or more"),
        ("events", {"worth": {"wy": 1}}, "the environment has no column 'wy'; did you mean 'way'?"),
        ("events", {"worth": {"way": 1}, "totals": ["steps"]}, "totals: 'steps' has no worth"),
        ("submodular", {"total": "goals"}, "the environment has no column 'goals'"),
        ("carl", {"progress": "info.way", "faults": {"info.bumps": 2}}, "must be between 0 and 1, not 2"),
    ],
)
def test_what_makes_no_sense_is_refused(pay: Any, name: str, params: Any, sentence: str) -> None:
    with pytest.raises(UserError) as told:
        pay(name, **params)
    assert sentence in str(told.value)


def test_columns_of_another_shape_are_told(pay: Any) -> None:
    with pytest.raises(ValueError, match="takes one number a row, and the column 'steps' has"):
        pay("events", worth={"steps": 1})
    with pytest.raises(ValueError, match="takes 2 numbers, one for every side, a row, and the column 'way' has"):
        pay("submodular", total="way", whose="side")
