"""What goes over the pipe: the lines, what they say about spaces, and what is read out of answers."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from league.referee import protocol
from league.referee.clocks import Clocks
from league.referee.decode import Illegal, Malformed, parse_object, quick_object, read_action
from league.referee.encode import Pen, describe, observation_writer
from marl.env import Group, Rows
from marl.space import Box, Discrete, MultiDiscrete, Tree
from marl.testing.games import kuhn, matching_pennies, skirmish


def test_spaces_in_words():
    assert describe(Discrete(3)) == {"type": "discrete", "n": 3}
    assert describe(MultiDiscrete((2, 5))) == {"type": "multi_discrete", "nvec": [2, 5]}
    box = {"type": "box", "shape": [2], "low": 0.0, "high": None, "dtype": "float32"}
    assert describe(Box((2,), 0)) == box
    assert describe(Tree({"a": Box((2,), 0)})) == {"type": "tree", "fields": {"a": box}}


@pytest.mark.parametrize(
    ("space", "row", "text"),
    [
        (Box((2, 2), 0, 1), np.array([[0, 1], [1, 0]], np.float32), "[[0,1],[1,0]]"),
        (Box((3,), 0, 9, "int8"), np.array([0, 9, 4], np.int8), "[0,9,4]"),
        (Box((2,), 0, 1), np.array([0.5, 1], np.float32), "[0.5,1]"),
        (Box((2,), 0, 1), np.array([0.1, 1], np.float32), "[0.100000001,1]"),
        (Box((2,), 0, 99, "uint8"), np.array([10, 7], np.uint8), "[10,7]"),
        (Box((2,), 0, 255), np.array([255, 7.5], np.float32), "[255,7.5]"),
        (Box((2, 2), 0, 255), np.array([[255, 7], [0, 12]], np.float32).T, "[[255,0],[7,12]]"),
        (Box((2,), 0, 255, "int64"), np.array([255, 10]), "[255,10]"),
        (Box((2,), 0, 1, "bool"), np.array([True, False]), "[1,0]"),
        (Box((2,)), np.array([-2, np.inf], np.float32), "[-2,null]"),
        (Box(()), np.array(3, np.float32), "3"),
        (Box((1, 0)), np.zeros((1, 0), np.float32), "[[]]"),
        (Discrete(4), np.int64(3), "3"),
        (MultiDiscrete((2, 2)), np.array([1, 0]), "[1, 0]"),
        (Tree({"a": Discrete(2), "b": Box((1,), 0, 1)}), {"a": np.int64(1), "b": np.ones(1)}, '{"a":1,"b":[1]}'),
    ],
)
def test_observations_as_lists(space, row, text):
    assert observation_writer(space, "lists")(row) == text.encode()


@given(arrays.arrays(np.float32, (2, 3), elements=some.floats(-(2.0**99), 2.0**99, width=32)))
def test_every_number_comes_back_exactly(row):
    for box in (Box((2, 3)), Box((2, 3), dtype="float64")):
        values = row.astype(box.dtype)
        back = np.array(json.loads(observation_writer(box, "lists")(values)), box.dtype)
        np.testing.assert_array_equal(back, values)


def test_observations_as_base64():
    row = np.array([[1.5, -2], [0, 3]], np.float32)
    text = json.loads(observation_writer(Box((2, 2)), "base64")(row))
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(text), "<f4").reshape(2, 2), row)
    assert observation_writer(Tree({"x": Discrete(3)}), "base64")({"x": np.int64(2)}) == b'{"x":2}'


def rows(observation, mask=None):
    none = np.zeros(1, np.int64)
    return Rows(none, none, observation, mask, np.ones(1, np.bool_))


def test_a_view_says_what_is_legal():
    pen = Pen(Group("g", (0,), Box((1,), 0, 1), Discrete(3)))
    seen = rows(np.ones((1, 1), np.float32), np.array([[True, False, True]]))
    assert pen.view(seen, 0, "lists") == b'"agent":0,"observation":[1],"legal":[0,2]'
    assert pen.view(seen, 0, "none") == b'"agent":0,"legal":[0,2]'
    assert pen.view(rows(np.ones((1, 1), np.float32)), 0, "none") == b'"agent":0'
    pen = Pen(Group("g", (0,), Box((1,), 0, 1), MultiDiscrete((2, 2))))
    seen = rows(np.ones((1, 1)), np.array([[True, False, True, True]]))
    assert pen.view(seen, 0, "none") == b'"agent":0,"legal":[[0],[0,1]]'


def test_actions_are_read():
    mask = np.array([True, False, True])
    assert read_action(Discrete(3), 2, mask) == 2
    assert read_action(MultiDiscrete((2, 3)), [1, 2], None).tolist() == [1, 2]
    action = read_action(Box((2,), -1, 1), [0.5, 1], None)
    assert action.dtype == np.float32 and action.tolist() == [0.5, 1]
    assert read_action(Box((), 0, 1), 1, None) == 1.0
    assert read_action(Box((1,), 0, 9, "int16"), [4], None).tolist() == [4]


@pytest.mark.parametrize(
    ("space", "value", "mask", "error"),
    [
        (Discrete(3), 1, [True, False, True], Illegal),
        (Discrete(3), 3, None, Illegal),
        (Discrete(3), 10**30, None, Illegal),
        (Discrete(3), 1.0, None, Malformed),
        (Discrete(3), True, None, Malformed),
        (Discrete(3), None, None, Malformed),
        (MultiDiscrete((2, 3)), [1], None, Malformed),
        (MultiDiscrete((2, 3)), [1, 1.0], None, Malformed),
        (MultiDiscrete((2, 3)), [1, 3], None, Illegal),
        (MultiDiscrete((2, 3)), [1, 0], [True, True, False, True, True], Illegal),
        (Box((2,), -1, 1), [0, 1.01], None, Illegal),
        (Box((2,), -1, 1), [0], None, Malformed),
        (Box((2,), -1, 1), [[0, 1]], None, Malformed),
        (Box((2,), -1, 1), [0, "1"], None, Malformed),
        (Box((2,), -1, 1), [0, True], None, Malformed),
        (Box((2,)), [0, float("inf")], None, Illegal),
        (Box((2,)), [0, 10**400], None, Illegal),
        (Box((1,), 0, 9, "int16"), [1.5], None, Malformed),
    ],
)
def test_wrong_actions_are_refused(space, value, mask, error):
    with pytest.raises(error):
        read_action(space, value, None if mask is None else np.array(mask))


VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**63) | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
    max_leaves=8,
)


@given(some.dictionaries(some.text(), VALUES), some.booleans())
def test_what_is_read_quickly_is_what_is_read_carefully(message, plain):
    line = json.dumps(message, ensure_ascii=plain, allow_nan=True).encode("utf-8", "surrogatepass") + b"\r\n"
    quick = quick_object(line)
    assert quick is None or quick == parse_object(line)


@pytest.mark.parametrize(
    "line",
    [b'{"a":1} x', b'{"a":NaN}', b'{"a":1e400}', b'{"a":"\\ud800"}', b"[1]", b"{'a':1}", b"\xff{}", b"", b"{" * 9**4],
)
def test_what_cannot_be_read_quickly_is_left_to_the_careful_reader(line):
    assert quick_object(line) is None


@given(some.binary(max_size=200) | some.text().map(str.encode))
def test_any_bytes_are_an_object_or_a_protocol_error(line):
    try:
        assert isinstance(parse_object(line), dict)
    except Malformed as error:
        assert len(str(error)) < 1000


LEAVES = some.none() | some.booleans() | some.floats() | some.integers() | some.text()
VALUES = some.recursive(LEAVES, lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner), max_leaves=8)


@given(VALUES)
def test_any_value_is_an_action_or_refused(value):
    for space in (Discrete(3), MultiDiscrete((2, 2)), Box((2,), -1, 1), Box((), 0, 1)):
        try:
            read_action(space, value, None)
        except (Malformed, Illegal) as error:
            assert len(str(error)) < 300


def test_the_clock_in_a_request():
    assert protocol.clock_text(Clocks(move=1.0, bank=0), 0.0) == b',"clock":{"move":1,"bank":0}'
    assert protocol.clock_text(Clocks(move=0.25, bank=9), 8.12345) == b',"clock":{"move":0.25,"bank":8.123}'


TEAM = """
def choose(view):
    return [part[0] for part in view["legal"]] if view["agent"] % 2 == 0 else [0.5, -0.25]

def move(message):
    return json.dumps({"id": message["id"], "actions": [choose(view) for view in message["acts"]]})
"""
IN_BASE64 = """
def started(): say('{"type":"ready","observation":"base64"}')
"""


@pytest.mark.parametrize(
    ("game", "changes"),
    [(kuhn, ""), (kuhn, IN_BASE64), (matching_pennies, ""), (skirmish, TEAM), (skirmish, TEAM + IN_BASE64)],
)
def test_every_line_fits_the_schema(game, changes, bot, play):
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(protocol.schema())
    record = play([bot(changes), bot(changes)], game(1))
    lines = [(way, json.loads(text)) for _, _, way, text in record.transcript.lines()]
    assert {line.get("type") for _, line in lines} == {"hello", "ready", "act", None, "over"}
    for _, line in lines:
        check.validate(line)


def test_the_schema_refuses_what_the_referee_refuses():
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(protocol.schema())
    for wrong in ({"type": "ready", "observation": "list"}, {"action": 3}, {"id": "x", "action": 1}, [1], {}):
        assert not check.is_valid(wrong), wrong
