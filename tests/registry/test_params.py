"""Parameters against a dataclass: what passes, and what the sentences say when it does not."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pytest

from marl.errors import UserError
from marl.registry import POLICIES, Component, ParameterError, component
from marl.registry.params import fill
from marl.registry.ranges import at_least


@dataclass
class Inner:
    depth: int = 1


@dataclass(kw_only=True)
class Params:
    cards: int
    rate: float = 0.5
    label: str = "x"
    fast: bool = False
    mode: Literal["exact", "sampled"] = "exact"
    limit: int | None = None
    sizes: list[int] = field(default_factory=list)
    pair: tuple[float, float] = (0.0, 1.0)
    weights: dict[str, float] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    anything: Any = None

    def __post_init__(self) -> None:
        if self.cards > 100:
            raise ValueError("a deck has at most 100 cards")
        at_least(self, 0, "rate", "limit")
        if self.label == "":
            raise ValueError("label: '' says nothing")


def check(params, schema=Params, finder=None):
    return fill(schema, params, "env", "classic/kuhn", finder)


def test_defaults_are_filled_in():
    assert check({"cards": 3}) == Params(cards=3)


def test_every_supported_type_passes():
    given = {
        "cards": 3,
        "rate": 2,
        "label": "y",
        "fast": True,
        "mode": "sampled",
        "limit": 7,
        "sizes": [1, 2],
        "pair": [1, 2.5],
        "weights": {"a": 1},
        "inner": {"depth": 4},
        "anything": {"x": [1]},
    }
    result = check(given)
    assert asdict(result) == given | {"pair": (1.0, 2.5)}
    assert isinstance(result.rate, float) and isinstance(result.weights["a"], float)
    assert isinstance(result.inner, Inner)


@pytest.mark.parametrize(
    ("params", "path", "sentence"),
    [
        ({"cards": 3, "num_cardz": 2}, "env.num_cardz", "classic/kuhn has no key 'num_cardz'; known:"),
        ({"cards": 3, "lable": 2}, "env.lable", "classic/kuhn has no key 'lable'; did you mean 'label'?"),
        ({}, "env.cards", "classic/kuhn needs it, and it is missing; an integer is right"),
        ({"cards": "three"}, "env.cards", "'three' is text, but an integer is needed"),
        ({"cards": True}, "env.cards", "true is true or false, but an integer is needed"),
        ({"cards": 3.0}, "env.cards", "3.0 is a number with a point, but an integer is needed"),
        ({"cards": None}, "env.cards", "nothing stands here, but an integer is needed"),
        ({"cards": 3, "rate": False}, "env.rate", "false is true or false, but a number is needed"),
        ({"cards": 3, "fast": 1}, "env.fast", "1 is an integer, but true or false is needed"),
        ({"cards": 3, "label": 1}, "env.label", "1 is an integer, but text is needed"),
        ({"cards": 3, "mode": "exat"}, "env.mode", "one of 'exact', 'sampled' is needed; did you mean 'exact'?"),
        ({"cards": 3, "limit": "no"}, "env.limit", "'no' is text, but an integer is needed"),
        ({"cards": 3, "sizes": 4}, "env.sizes", "4 is an integer, but a list (each entry an integer) is needed"),
        ({"cards": 3, "sizes": [1, "x"]}, "env.sizes[1]", "'x' is text, but an integer is needed"),
        ({"cards": 3, "pair": [1]}, "env.pair", "it has 1 entries, but 2 are needed"),
        ({"cards": 3, "weights": {"a": "b"}}, "env.weights.a", "'b' is text, but a number is needed"),
        ({"cards": 3, "weights": {1: 2}}, "env.weights.1", "1 is an integer, but text is needed"),
        ({"cards": 3, "inner": 4}, "env.inner", "4 is an integer, but a mapping with the keys depth is needed"),
        ({"cards": 3, "inner": {"dpth": 4}}, "env.inner.dpth", "did you mean 'depth'?"),
        ({"cards": 300}, "env", "classic/kuhn refuses its parameters: a deck has at most 100 cards"),
    ],
)
def test_a_wrong_parameter(params, path, sentence):
    with pytest.raises(ParameterError) as caught:
        check(params)
    assert caught.value.path == path
    assert sentence in caught.value.sentence
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"cards": 3, "rate": -1}, "env.rate must be at least 0, not -1.0"),
        ({"cards": 3, "limit": -2}, "env.limit must be at least 0, not -2"),
        ({"cards": 3, "rate": float("nan")}, "env.rate: nan is not a finite number, and one is needed"),
        ({"cards": 3, "label": ""}, "env.label: '' says nothing"),
    ],
)
def test_a_value_that_is_refused_is_named_with_its_key(params, sentence):
    with pytest.raises(ParameterError) as caught:
        check(params)
    assert str(caught.value) == sentence
    assert sentence.startswith(caught.value.path)


@dataclass(kw_only=True)
class Holder:
    solver: Component = component("policies", "bot")
    others: list[Component] = component("policies", default=())
    maybe: Component | None = component("policies", default=None)


@dataclass(kw_only=True)
class Needy:
    solver: Component = component("policies")


PLUGIN = """
    from dataclasses import dataclass
    from marl.registry import Component, component

    @dataclass
    class Params:
        depth: int = 2
        helper: Component = component("policies", "mini/plain")

    @hookimpl
    def marl_policies():
        return [
            Descriptor("bot", "mini_module:make", "a bot", params="mini_module:Params"),
            Descriptor("plain", "mini_module:make", "no parameters"),
            Descriptor("odd", "mini_module:make", "wrong params", params="mini_module:make"),
        ]

    class Made(dict):
        memory = act = None

    def make(params=None, **extra):
        return Made(extra, params=params)
"""


def test_components_are_named_in_full_and_completed_down_to_the_leaves(install, fresh):
    install("mini", PLUGIN)
    registry = fresh()
    bot = Component("mini/bot", {"depth": 2, "helper": Component("mini/plain")})
    assert check({}, Holder, registry) == Holder(solver=bot, others=[], maybe=None)
    short = check(
        {"solver": {"name": "bot", "depth": 5}, "others": ["plain", "bot"], "maybe": "plain"}, Holder, registry
    )
    assert short.solver.params["depth"] == 5
    assert short.others == [Component("mini/plain"), bot]
    assert short.maybe == Component("mini/plain")
    again = check(vars(short), Holder, registry)
    assert again == short


@pytest.mark.parametrize(
    ("schema", "params", "path", "sentence"),
    [
        (Holder, {"solver": "bott"}, "env.solver", "unknown policy 'bott'; did you mean 'bot'?"),
        (Holder, {"solver": 3}, "env.solver", "3 is an integer, but the name of a policy"),
        (Holder, {"solver": {"depth": 3}}, "env.solver", "no 'name'"),
        (Holder, {"solver": {"name": "bot", "dept": 3}}, "env.solver.dept", "mini/bot has no key 'dept'; did you mean"),
        (Holder, {"solver": {"name": "plain", "x": 3}}, "env.solver.x", "mini/plain takes no parameters"),
        (
            Holder,
            {"solver": {"name": "bot", "helper": {"name": "bot", "depth": "x"}}},
            "env.solver.helper.depth",
            "'x' is text",
        ),
        (Holder, {"others": ["bot", {"name": "bot", "z": 1}]}, "env.others[1].z", "mini/bot has no key 'z'"),
        (Needy, {}, "env.solver", "is missing; the name of a policy"),
    ],
)
def test_a_wrong_component(schema, params, path, sentence, install, fresh):
    install("mini", PLUGIN)
    with pytest.raises(ParameterError) as caught:
        check(params, schema, fresh())
    assert caught.value.path == path
    assert sentence in caught.value.sentence


def test_make_passes_checked_parameters_and_extras(install, fresh):
    install("mini", PLUGIN)
    registry = fresh()
    made = registry.make(POLICIES, "bot", {"depth": 7}, spec="s")
    assert made.keys() == {"spec", "params"} and made["spec"] == "s"
    assert vars(made["params"]) == {"depth": 7, "helper": Component("mini/plain")}
    assert registry.make(POLICIES, "plain") == {"params": None}
    assert registry.validate(POLICIES, "plain", {}) == {}
    with pytest.raises(UserError, match=r"opponent\.depth: 'x' is text"):
        registry.validate(POLICIES, "bot", {"depth": "x"}, where="opponent")


def test_params_that_are_no_dataclass_are_the_plugins_fault(install, fresh):
    install("mini", PLUGIN)
    with pytest.raises(UserError, match=r"plugin 'mini' of dist-mini 1\.2\).*not a dataclass"):
        fresh().make(POLICIES, "odd", {})


@dataclass
class Endless:
    """Parameters of which one is usually infinite."""

    rate: float = 0.5
    clip: float = math.inf
    bounds: list[float] = field(default_factory=list)
    most: float | None = None


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("key", ["rate", "most", "bounds"])
def test_numbers_are_finite(key: str, value: float) -> None:
    with pytest.raises(ParameterError, match=rf"{key}.*: {value} is not a finite number, and one is needed"):
        fill(Endless, {key: [value] if key == "bounds" else value}, "", "it", None)


def test_infinity_may_be_given_where_it_is_the_default() -> None:
    assert fill(Endless, {"clip": math.inf}, "", "it", None).clip == math.inf
    with pytest.raises(ParameterError, match="clip: -inf is not a finite number"):
        fill(Endless, {"clip": -math.inf}, "", "it", None)
