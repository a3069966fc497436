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


def test_a_class_of_no_plugin_is_named_by_its_module(fresh):
    assert fresh().describe_class(pytest.Item).endswith("Item")
