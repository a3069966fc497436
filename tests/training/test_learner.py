"""The learner: stated epochs and minibatches, whatever the shapes; older states come back; no Ray."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marl.errors import RunError, UserError
from marl.space import Box, Discrete

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")


@pytest.fixture
def make(gradient: Any) -> Any:
    """A learner with modules of these names; `make("a", "b", kind="gru")`."""
    from marl.training.modules import ModuleSpec
    from marl.training.networks import ModelConfig

    def build(*names: str, **model: Any) -> Any:
        spec = ModuleSpec(Box((3,)), Discrete(4), ModelConfig(hidden=[8], **model))
        learner = gradient.learner.make(dict.fromkeys(names, spec), gradient.parameters(lr=1e-2))
        learner.reset(0)
        return learner

    return build


def columns(count: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    mask = rng.random((count, 4)) < 0.7
    action = rng.integers(0, 4, count)
    mask[np.arange(count), action] = True
    numbers = {name: rng.normal(size=count).astype(np.float32) for name in ("logp", "value", "advantage", "target")}
    return {"observation": rng.normal(size=(count, 3)).astype(np.float32), "mask": mask, "action": action, **numbers}


def steps(learner: Any, module: str) -> int:
    """How many gradient steps a module has had."""
    (optimizer,) = [optimizer for _, optimizer in learner.get_optimizers_for_module(module)]
    return int(max((float(state["step"]) for state in optimizer.state.values()), default=0))


def fit(learner: Any, seed: int = 1, epochs: int = 4, minibatches: int = 3, **rows: int) -> Any:
    data = {name: columns(count) for name, count in rows.items()}
    return learner.fit(data, epochs, dict.fromkeys(rows, minibatches), seed, {"lr": 1e-2})


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return set(a) == set(b) and all(np.array_equal(a[name], b[name]) for name in a)


def test_averages_span_about_as_many_updates_as_one_over_their_rate(make: Any) -> None:
    learner, rate, seen = make("a"), 0.2, []
    learner.hyper = replace(learner.hyper, average=rate)
    for seed in range(6):
        fit(learner, seed, a=50)
        seen.append(learner.network("a").state_dict()["value_head.bias"].clone())
    shares = np.array([rate * (1 - rate) ** age for age in range(6)])[::-1]
    expected = sum(float(weight) * share / shares.sum() for weight, share in zip(seen, shares, strict=True))
    average = learner.averages["a"]
    assert average.count == 6
    assert float(average.weights["value_head.bias"]) == pytest.approx(expected, abs=1e-6)
    assert float(seen[-1]) != pytest.approx(expected, abs=1e-4)

    saved = learner.save()
    other = make("a")
    other.load(saved)
    assert other.averages["a"].count == 6
    assert same(other.save().arrays, saved.arrays)
    other.reset(0)
    assert other.averages == {}


@pytest.mark.parametrize("kind", ["mlp", "gru"])
def test_a_network_has_other_weights_only_while_it_is_asked_with_them(make: Any, kind: str) -> None:
    import torch

    learner, other = make("a", kind=kind), make("a", kind=kind)
    other.reset(5)
    if kind == "gru":  # whose cell has weights of its own
        other.network("a").recurrent.load_state_dict(learner.network("a").recurrent.state_dict())
    before, weights = learner.weights(), dict(other.network("a").named_parameters())
    seen = {"observation": torch.from_numpy(columns(20)["observation"])}
    mine, theirs = learner.inputs("a", seen), other.inputs("a", seen)
    assert torch.equal(learner.inputs("a", seen, weights), theirs) and not torch.equal(mine, theirs)
    assert torch.equal(learner.inputs("a", seen), mine) and same(learner.weights(), before)
    asked = learner.inputs("a", seen, weights, learns=True)
    gradients = torch.autograd.grad(asked.sum(), [weights["policy_head.weight"]])
    assert gradients[0].abs().sum() > 0 and all(one.grad is None for one in learner.network("a").parameters())
    with pytest.raises(KeyError):
        learner.inputs("a", {}, weights)
    assert torch.equal(learner.inputs("a", seen), mine)


def test_a_loss_that_asks_for_what_is_not_there_is_told_what_is(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make("a")
    monkeypatch.setattr(type(learner), "loss", lambda self, name, batch, inputs, value: batch["advantages"])
    with pytest.raises(RunError, match="loss asks for 'advantages', which is not there: the columns are action, "):
        fit(learner, a=50)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda loss, stats, inputs: loss, "gave 'a tensor of shape .*' from loss.* would be right"),
        (lambda loss, stats, inputs: (loss + inputs.sum(dim=1), stats), r"a tensor of shape \[50\]"),
        (lambda loss, stats, inputs: (loss.detach(), stats), "depends on the weights"),
        (
            lambda loss, stats, inputs: (loss, {"lr": loss}),
            "reports 'lr' from its loss, which is the name of a coefficient",
        ),
        (lambda loss, stats, inputs: (loss, {"x": inputs}), "the report of 'x'"),
        (lambda loss, stats, inputs: 1 / 0, r"failed in loss\(.*ZeroDivisionError"),
    ],
)
def test_a_loss_that_is_none_is_blamed(make: Any, monkeypatch: pytest.MonkeyPatch, answer: Any, sentence: str) -> None:
    learner = make("a")
    sound = type(learner).loss
    monkeypatch.setattr(
        type(learner),
        "loss",
        lambda self, name, batch, inputs, value: answer(*sound(self, name, batch, inputs, value), inputs),
    )
    with pytest.raises(RunError, match=f"{type(learner).__qualname__}.*{sentence}"):
        fit(learner, minibatches=1, a=50)


def test_a_report_that_depends_on_the_weights_is_detached(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make("a")
    sound = type(learner).loss

    def attached(self: Any, name: str, batch: Any, inputs: Any, value: Any) -> Any:
        loss, stats = sound(self, name, batch, inputs, value)
        return loss, {**stats, "mine": loss}

    monkeypatch.setattr(type(learner), "loss", attached)
    assert "mine" in fit(learner, a=50)["a"]


@pytest.mark.parametrize("kind", ["Adam", "SGD", "RMSprop"])
def test_other_optimisers_do_not_step_on_gradients_that_are_not_finite(
    make: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import torch

    def configure(self: Any, module_id: str, config: Any = None) -> None:
        params = self.get_parameters(self.module[module_id])
        optimizer = getattr(torch.optim, kind)(params, lr=1e-2)
        self.register_optimizer(module_id=module_id, optimizer=optimizer, params=params)

    learner_class = type(make("a"))
    monkeypatch.setattr(learner_class, "configure_optimizers_for_module", configure)
    learner = make("a")
    before = learner.weights()
    fit(learner, a=50)
    after = learner.weights()
    assert not same(before, after)
    data = columns(50)
    data["advantage"][7] = np.nan
    with pytest.raises(RunError, match=r"module 'a' are not finite \(loss nan\), in .*Learner: lower"):
        learner.fit({"a": data}, 1, {"a": 1}, 1, {"lr": 1e-2})
    assert same(after, learner.weights())


def test_coefficients_without_a_learning_rate_are_refused(make: Any) -> None:
    with pytest.raises(RunError, match="gives no 'lr': go on from super"):
        make("a").fit({"a": columns(50)}, 1, {"a": 1}, 1, {})


def test_plain_numbers_are_reported_too(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = make("a")
    real = type(learner).loss
    monkeypatch.setattr(
        type(learner), "loss", lambda self, *given: (real(self, *given)[0], {"seven": 7.0, "loss": 0.0})
    )
    stats = fit(learner, a=50)["a"]
    assert stats["seven"] == 7.0 and stats["loss"] != 0.0  # the loss is the loss, whatever else is called so


@pytest.mark.parametrize("count", [3, 4, 97, 1000])
def test_odd_row_counts_get_the_statedminibatches(make: Any, count: int) -> None:
    learner = make("a")
    stats = fit(learner, a=count)
    assert steps(learner, "a") == 4 * 3
    assert stats["a"]["epochs"] == 4


def test_minibatches_are_near_equal_and_cover_every_row_once(make: Any) -> None:
    from marl.training.learner import parts as minibatches
    from marl.training.learner import permutation

    order = permutation(103, 5, 0, 2)
    assert sorted(order.tolist()) == list(range(103))
    assert order.tolist() != permutation(103, 5, 0, 3).tolist() != permutation(103, 6, 0, 3).tolist()
    parts = [part["row"].tolist() for part in minibatches({"row": order.sort().values}, order, 4)]
    assert [len(part) for part in parts] == [25, 26, 26, 26]
    assert [row for part in parts for row in part] == order.tolist()


@pytest.fixture
def orders(make: Any) -> Any:
    """In which order a learner with the modules "a" and "b" sees rows: `orders(seed, 50, "b")` gives it by epoch."""

    def see(seed: int, count: int, *modules: str) -> dict[str, list[list[int]]]:
        learner, seen = make("a", "b"), {name: [] for name in modules}
        loss = learner.loss

        def looking(module_id: str, batch: Any, inputs: Any, value: Any) -> Any:
            seen[module_id] += batch["number"].tolist()
            return loss(module_id, batch, inputs, value)

        learner.loss = looking
        data = {name: {**columns(count), "number": np.arange(count)} for name in modules}
        learner.fit(data, 3, dict.fromkeys(modules, 4), seed, {"lr": 1e-2})
        return {name: np.reshape(rows, (3, count)).tolist() for name, rows in seen.items()}

    return see


def test_every_epoch_sees_every_row_once_in_an_order_of_its_own(orders: Any) -> None:
    seen = orders(1, 50, "a", "b")
    epochs = [*seen["a"], *seen["b"], *orders(2, 50, "a")["a"]]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 9  # by epoch, by module and by seed
    assert seen == orders(1, 50, "a", "b")


def test_the_order_does_not_depend_on_which_other_modules_have_rows(orders: Any) -> None:
    assert orders(1, 50, "a", "b")["b"] == orders(1, 50, "b")["b"]


def test_a_small_module_beside_a_big_one_gets_its_epochs_and_no_more(make: Any) -> None:
    learner = make("big", "small")
    counts = {"big": 20, "small": 1}
    learner.fit({"big": columns(8000), "small": columns(400)}, 4, counts, 1, {"lr": 1e-2})
    assert (steps(learner, "big"), steps(learner, "small")) == (80, 4)


def test_a_module_without_rows_is_left_alone(make: Any) -> None:
    learner = make("a", "b")
    before = learner.weights()
    fit(learner, a=50)
    after = learner.weights()
    assert all(np.array_equal(before[name], after[name]) for name in before if name.startswith("b/"))
    assert not np.array_equal(before["a/value_head.weight"], after["a/value_head.weight"])


def test_what_one_module_learns_does_not_depend_on_the_others(make: Any) -> None:
    alone, beside = make("a"), make("a", "b")
    fit(alone, a=60)
    fit(beside, a=60, b=30)
    assert same(alone.weights(), {k: v for k, v in beside.weights().items() if k.startswith("a/")})


def test_the_same_seed_gives_the_same_weights_and_another_does_not(make: Any) -> None:
    results = []
    for seed in (1, 1, 2):
        learner = make("a")
        fit(learner, seed=seed, a=100)
        results.append(learner.weights())
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_a_cold_start_is_the_same_after_any_history(make: Any) -> None:
    fresh, used = make("a"), make("a")
    fit(used, a=100)
    used.reset(0)
    assert same(fresh.weights(), used.weights())
    fit(fresh, a=64), fit(used, a=64)
    assert same(fresh.weights(), used.weights())  # also the optimiser started anew
    used.reset(1)
    fresh.reset(0)
    assert not same(fresh.weights(), used.weights())


def test_restoring_an_older_state_into_a_live_learner_restores_it(make: Any) -> None:
    learner = make("a")
    fit(learner, a=100)
    older = learner.save()
    learner.memo["a"] = {"kl": 7.0}
    fit(learner, seed=2, a=100)
    later = learner.weights()
    learner.load(older)
    assert same(learner.weights(), {k.removeprefix("weights/"): v for k, v in older.arrays.items() if "weights/" in k})
    assert learner.memo == {}
    fit(learner, seed=2, a=100)
    assert same(learner.weights(), later)  # the optimiser's moments came back too


def test_a_checkpoint_is_arrays_and_json(make: Any, tmp_path: Any) -> None:
    from marl.blobs import Blobs

    learner, other = make("a"), make("a")
    fit(learner, a=100)
    blobs = Blobs(tmp_path)
    other.load(blobs.get_checkpoint(blobs.put_checkpoint(learner.save())))
    fit(learner, a=64), fit(other, a=64)
    assert same(learner.weights(), other.weights())


def test_a_checkpoint_of_another_model_is_refused_with_a_sentence(make: Any) -> None:
    with pytest.raises(UserError, match="another model"):
        make("a").load(make("b").save())


def test_gradients_that_are_not_finite_are_reported(make: Any) -> None:
    learner, data = make("a"), columns(20)
    data["target"][3] = np.inf
    with pytest.raises(RunError, match="'a' are not finite"):
        learner.fit({"a": data}, 1, {"a": 2}, 0, {"lr": 1e-2})


def test_a_loss_that_is_not_finite_is_reported_though_its_gradients_are(make: Any) -> None:
    learner, data = make("a"), columns(20)
    plain = type(learner).loss
    before = learner.weights()
    learner.loss = lambda *args: (lambda loss, stats: (loss + float("nan"), stats))(*plain(learner, *args))
    with pytest.raises(RunError, match="loss nan"):
        learner.fit({"a": data}, 1, {"a": 2}, 0, {"lr": 1e-2})
    assert same(learner.weights(), before)


@pytest.mark.parametrize("bad", [3, 40])
def test_gradients_that_are_not_finite_are_never_applied(make: Any, bad: int) -> None:
    """Nor are those of the minibatches after them: the weights stay finite, so they can be looked at and saved."""
    learner, data = make("a"), columns(60)
    fit(learner, a=60)
    data["target"][bad] = np.nan
    before = steps(learner, "a")
    with pytest.raises(RunError, match="not finite"):
        learner.fit({"a": data}, 1, {"a": 60}, 0, {"lr": 1e-2})
    assert all(np.isfinite(array).all() for array in learner.save().arrays.values())
    from marl.training.learner import permutation

    assert steps(learner, "a") - before == permutation(60, 0, 0, 0).tolist().index(bad)
    learner.reset(0)
    fit(learner, a=60)  # nothing of it stays behind
    assert steps(learner, "a") == 12


@pytest.mark.parametrize("mean", [0.0, 3e4])
def test_advantages_are_normalised_however_far_from_zero_they_are(make: Any, mean: float) -> None:
    import torch

    advantage = mean + torch.arange(1000.0).sin()
    normalised = make("a").normalised(advantage)
    assert float(normalised.mean()) == pytest.approx(0.0, abs=1e-2)
    assert float(normalised.std(correction=0)) == pytest.approx(1.0, abs=1e-2)


def test_padding_changes_nothing(make: Any) -> None:
    def padded(room: int) -> Any:
        rng = np.random.default_rng(0)
        flat = {name: column.reshape(5, 4, *column.shape[1:]) for name, column in columns(20).items()}
        wide = {k: np.concatenate([v, np.repeat(v[:, :1], room, axis=1)], axis=1) for k, v in flat.items()}
        valid = np.arange(4 + room) < 4
        memory = rng.normal(size=(5, 64)).astype(np.float32)
        shape = (5, 4 + room)
        return {**wide, "valid": np.broadcast_to(valid, shape), "first": np.zeros(shape, bool), "memory": memory}

    weights = []
    for room in (0, 3):
        learner = make("a", kind="gru")
        learner.fit({"a": padded(room)}, 2, {"a": 2}, 0, {"lr": 1e-2})
        weights.append(learner.weights())
    for name, array in weights[0].items():
        np.testing.assert_allclose(array, weights[1][name], atol=1e-5)


def test_training_here_never_starts_ray() -> None:
    code = """
import ray, subprocess, os
from marl.testing.games.kuhn import kuhn
from marl.training.learner import ColumnLearner
from marl.training.modules import module_specs
from marl.training.networks import ModelConfig
from marl.training.hyper import OnPolicyHyper
from marl.training.update import Local
from marl.training.backend import Plan
from marl.arena.lineups import Lineup
from marl.training.parts import Parts
import numpy as np
class Learner(ColumnLearner):
    def loss(self, module_id, batch, inputs, value):
        return (value - batch["target"]).square().mean(), {}
class Services:
    def environment(self, lanes): return kuhn(lanes)
spec = kuhn(1).spec
hyper = OnPolicyHyper(lanes=4, epochs=2, minibatch=32)
backend = Local(spec, Parts(Learner), module_specs(spec, ModelConfig(), "all", (0, 1)), hyper)
backend.start(Lineup(("self",), np.ones((2, 1)), (0, 1)), Services(), 0, 1, None)
backend.update(Plan(64, 1, {"lr": 1e-3}))
assert not ray.is_initialized()
children = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True).stdout
assert "raylet" not in children and "gcs_server" not in children, children
print("fine")
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "fine", done.stderr[-2000:]
    assert "Warning" not in done.stderr, done.stderr
