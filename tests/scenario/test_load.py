"""From YAML and overrides to a checked configuration."""

from __future__ import annotations

import pytest

from marl.errors import UserError
from marl.scenario import Component, load_scenario, plain

SMALL = "kind: lab\nenv: table\n"


def test_defaults_names_and_components_are_filled_in(load):
    scenario = load(SMALL)
    assert (scenario.kind, scenario.name) == ("lab", "probe")
    config = scenario.config
    assert type(config).__name__ == "Config"
    assert config.name == "probe"
    assert config.env == Component("lab/table", {"players": 2, "cards": 3, "label": ""})
    assert config.player == Component("lab/search", {"depth": 1, "helper": Component("lab/plain")})
    assert config.stop.iterations == 10


def test_the_resolved_text_loads_to_the_same(load):
    text = (
        SMALL + "rate: 1e-5\nname: a\nseed: 3\nextra: {x: [1, null, true], y: '007', z: .inf}\ncrowd: [plain, search]\n"
    )
    first = load(text, "env.label='yes'", "stop.gap=0.5")
    second = load(first.text)
    assert second.config == first.config
    assert second.text == first.text
    assert first.config.rate == 1e-5
    assert first.config.extra["y"] == "007"


def test_interpolation_and_literal_dollars(load):
    scenario = load(SMALL + "seed: 4\nname: run-${seed}\nextra: {price: '\\${seed}'}\n")
    assert scenario.name == "run-4"
    assert scenario.config.extra == {"price": "${seed}"}
    assert load(scenario.text).config == scenario.config


@pytest.mark.parametrize(
    ("override", "where", "value"),
    [
        ("seed=7", "seed", 7),
        ("rate=1e-3", "rate", 1e-3),
        ("stop.iterations=3", "stop", {"iterations": 3, "gap": None}),
        ("stop={iterations: 4}", "stop", {"iterations": 4, "gap": None}),
        ("env=dice", "env", "lab/dice"),
        ("env.players=3", "env", {"name": "lab/table", "players": 3, "cards": 3, "label": ""}),
        ("env.label=a=b", "env", {"name": "lab/table", "players": 2, "cards": 3, "label": "a=b"}),
        ("player.depth=4", "player", {"name": "lab/search", "depth": 4, "helper": "lab/plain"}),
        ("player.helper=search", "player", {"name": "lab/search", "depth": 1, "helper": {"name": "lab/search"}}),
        ("player.helper.name=plain", "player", {"name": "lab/search", "depth": 1, "helper": "lab/plain"}),
        ("player=lab/plain", "player", "lab/plain"),
        ("crowd=[plain]", "crowd", ["lab/plain"]),
        ("extra.deep.key=1", "extra", {"deep": {"key": 1}}),
    ],
)
def test_an_override(override, where, value, load):
    result = plain(getattr(load(SMALL, override).config, where))
    if override == "player.helper=search":
        assert result["helper"]["name"] == "lab/search"
    else:
        assert result == value


def test_an_override_reaches_into_a_list_of_components(load):
    config = load(SMALL + "crowd: [plain, search]\n", "crowd.1.depth=9").config
    assert config.crowd[1].params["depth"] == 9
    assert config.crowd[0] == Component("lab/plain")


def test_later_overrides_win_and_the_kind_can_be_overridden(load):
    assert load(SMALL, "seed=1", "seed=2").config.seed == 2
    assert load("kind: nothing\nenv: dice\n", "kind=lab").kind == "lab"


WRONG = {
    "unknown component": (
        "kind: lab\n\nenv: tabel\n",
        "probe.yaml, line 3: env: unknown environment 'tabel'; did you mean",
    ),
    "bad parameter": (
        "kind: lab\nenv:\n  name: table\n  num_cardz: 2\n",
        "probe.yaml, line 4: env.num_cardz: lab/table has no key 'num_cardz'",
    ),
    "wrong type": ("kind: lab\nenv: table\nseed: many\n", "line 3: seed: 'many' is text, but an integer is needed"),
    "unknown key": (
        SMALL + "sead: 3\n",
        "line 3: sead: a scenario of kind 'lab' has no key 'sead'; did you mean 'seed'?",
    ),
    "missing key": (
        "kind: lab\n",
        "env: a scenario of kind 'lab' needs it, and it is missing; the name of an environment",
    ),
    "nested unknown": (
        SMALL + "stop:\n  iteration: 3\n",
        "line 4: stop.iteration: stop has no key 'iteration'; did you mean",
    ),
    "in a list": (
        SMALL + "crowd:\n- plain\n- serch\n",
        "line 5: crowd[1]: unknown policy 'serch'; did you mean 'search'?",
    ),
    "no kind": ("env: table\n", "'kind' is missing; it says who runs the scenario, one of lab"),
    "misspelt kind": ("kin: lab\n", "'kind' is missing"),
    "unknown kind": ("# hello\nkind: labb\n", "line 2: kind: unknown kind of scenario 'labb'; did you mean 'lab'?"),
    "kind is something else": (
        "kind: dice\n",
        "line 1: kind: 'lab/dice' is an environment, not a kind of scenario; kinds",
    ),
    "kind is no text": ("kind: [lab]\n", "line 1: kind: ['lab'] is not text"),
    "not YAML": ("kind: lab\nenv: [table\nseed: 1\n", "probe.yaml, line 3: this is not YAML"),
    "a tab": ("kind: lab\n\tenv: table\n", "line 2: this is not YAML"),
    "a list": ("- kind: lab\n", "a scenario is a mapping of keys to values, beginning with 'kind:', and line 1"),
    "a word": ("hello\n", "a scenario is a mapping"),
    "a number": ("3\n", "a scenario is a mapping"),
    "empty": ("# nothing\n", "and it is empty"),
    "a key twice": ("kind: lab\nseed: 1\nseed: 2\n", "line 3: found duplicate key seed"),
    "dangling interpolation": (SMALL + "name: ${sed}\n", "line 3: name: Interpolation key 'sed' not found"),
    "mandatory value": (SMALL + "seed: ???\n", "line 3: seed: Missing mandatory value: seed"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file(case, load):
    text, sentence = WRONG[case]
    with pytest.raises(UserError) as caught:
        load(text)
    assert sentence in str(caught.value)
    assert "probe.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("seed", "the override 'seed' is not of the form key=value"),
        ("=3", "is not of the form key=value"),
        ("a..b=3", "is not of the form key=value"),
        ("seed=[1", "the override 'seed=[1' has a value that is not YAML"),
        ("seed=x", "command line: seed: 'x' is text"),
        ("name=a/b", "command line: name: 'a/b' would lead into another folder"),
        ("name=../up", "would lead into another folder"),
        ("name=..", "would lead into another folder"),
        ("env.num_cardz=3", "command line: env.num_cardz: lab/table has no key 'num_cardz'"),
        ("stop.gap.x=3", "command line: stop.gap: this is a mapping, but a number is needed"),
        ("seed.x=3", "the override of seed.x goes below seed, which is 0"),
        ("name.x.y=3", "command line: name: this is a mapping, but text is needed"),
        ("player.helper.depth=3", "command line: player.helper.depth: lab/plain takes no parameters"),
        ("crowd.3=plain", "crowd is a list of 1 entries: '3' is not the number of one"),
    ],
)
def test_a_wrong_override(override, sentence, load):
    with pytest.raises(UserError) as caught:
        load(SMALL + "crowd: [plain]\n", override)
    assert sentence in str(caught.value)


def test_a_missing_file_or_name_gets_the_closest_one(tmp_path, registry, monkeypatch):
    (tmp_path / "probe.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no scenario file 'prob\.yaml'; did you mean 'probe\.yaml'\?"):
        load_scenario("prob.yaml", [], registry)
    with pytest.raises(UserError, match="there is no scenario 'nothing_like_it'"):
        load_scenario("nothing_like_it", [], registry)
    with pytest.raises(UserError, match="is a directory"):
        load_scenario(str(tmp_path), [], registry)


def test_a_file_that_is_not_text(tmp_path, registry):
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00kind")
    with pytest.raises(UserError, match=r"binary\.yaml cannot be read as text"):
        load_scenario(str(path), [], registry)
