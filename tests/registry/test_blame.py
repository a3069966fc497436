"""What goes wrong inside a plugin's code is a sentence that names the plugin, the question and the right answer."""

from __future__ import annotations

import pytest

from marl.errors import RunError, UserError
from marl.registry import POLICIES, blamed, wrong

SOURCE = """
    class Odd:
        memory = None

        def act(self):
            return {}["absent"]

    @hookimpl
    def marl_policies():
        return [Descriptor("odd", "probe_module:Odd", "fails")]
"""


def test_an_error_names_the_plugin_the_question_the_place_and_what_is_right(install, fresh):
    install("probe", SOURCE)
    registry = fresh()
    policy = registry.make(POLICIES, "probe/odd")
    with pytest.raises(RunError) as caught, blamed(registry.describe(POLICIES, "probe/odd"), "act(rows)", "an Acts"):
        policy.act()
    assert str(caught.value) == (
        "policy 'probe/odd' (plugin 'probe' of dist-probe 1.2) failed in act(rows) (probe_module.py, line 7): "
        "KeyError: 'absent'; an Acts would be right"
    )
    assert isinstance(caught.value.__cause__, KeyError)
    assert registry.describe_class(type(policy)) == "Odd (plugin 'probe' of dist-probe 1.2)"


@pytest.mark.parametrize("error", [UserError("a sentence"), RunError("another"), KeyboardInterrupt()])
def test_sentences_and_interruptions_pass(error):
    with pytest.raises(type(error)) as caught, blamed("x", "y"):
        raise error
    assert caught.value is error


def test_a_wrong_answer_is_shown_beside_the_right_one():
    assert str(wrong("strategy 'a/b'", "orders", None, "a list of Orders")) == (
        "strategy 'a/b' gave nothing (None) from orders, which cannot be used: a list of Orders would be right"
    )
    assert len(str(wrong("x", "y", "z" * 10_000, "w"))) < 300
    said = str(wrong("x", "next(view), where side is 7", ["a word"] * 100, "0 or 1"))
    assert said.startswith(
        "x gave what cannot be used from next(view), where side is 7: 0 or 1 would be right; it was ["
    )
    assert said.endswith("'a word', 'a ...")


def test_of_a_large_array_the_shape_is_shown():
    import numpy as np

    assert str(wrong("x", "y", (np.zeros((32, 2)), {}), "w")).startswith("x gave (a ndarray [32, 2], {}) from y")
    assert "array([1., 1.])" in str(wrong("x", "y", np.ones(2), "w"))


def test_a_class_of_no_plugin_is_named_by_its_module(fresh):
    assert fresh().describe_class(pytest.Item).endswith("Item")


CARELESS = """
    import numpy as np

    class Game:
        memory = None

        def __init__(self, how, spec=None):
            {"reshape": reshape, "cast": cast, "unpack": unpack, "refuse": refuse}[how]()

        def act(self):
            return np.zeros(3).mean(axis=7)

    def reshape():
        np.zeros(6).reshape(4)

    def cast():
        int("x")

    def unpack():
        first, second = [1]

    def refuse():
        raise ValueError("a board has six cells")

    @hookimpl
    def marl_policies():
        return [Descriptor("careless", "probe_module:Game", "fails")]
"""


@pytest.mark.parametrize(
    ("how", "line", "said"),
    [
        ("reshape", 15, "ValueError: cannot reshape array of size 6 into shape (4,)"),
        ("cast", 18, "ValueError: invalid literal for int() with base 10: 'x'"),
        ("unpack", 21, "ValueError: not enough values to unpack (expected 2, got 1)"),
    ],
)
def test_an_accident_is_no_refusal_of_parameters(install, fresh, how, line, said):
    install("probe", CARELESS)
    with pytest.raises(RunError) as caught:
        fresh().make(POLICIES, "probe/careless", {}, how=how)
    where = "policy 'probe/careless' (plugin 'probe' of dist-probe 1.2)"
    assert str(caught.value) == f"{where} failed (probe_module.py, line {line}): {said}"


def test_a_refusal_is_a_sentence_with_its_place(install, fresh):
    install("probe", CARELESS)
    with pytest.raises(UserError) as caught:
        fresh().make(POLICIES, "probe/careless", {}, how="refuse")
    refusal = "probe/careless refuses its parameters: a board has six cells (probe_module.py, line 24)"
    assert str(caught.value) == refusal


def test_the_place_is_in_the_package_of_the_author_and_not_in_the_library_below_it(install, fresh):
    install("probe", CARELESS.replace('"refuse": refuse', '"refuse": int'))
    policy = fresh().make(POLICIES, "probe/careless", {}, how="refuse")
    with (
        pytest.raises(RunError, match=r"failed in act\(\) \(probe_module.py, line 12\): AxisError"),
        blamed("x", "act()"),
    ):
        policy.act()
