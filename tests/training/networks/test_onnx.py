"""Networks as ONNX files say what they say in torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from marl.errors import UserError
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree
from marl.training.model import ModelConfig
from marl.training.networks import onnx
from marl.training.networks.network import Network

pytest.importorskip("onnx", reason="needs the extra 'onnx'")
runtime = pytest.importorskip("onnxruntime", reason="needs the extra 'onnx'")

SEEN = Tree({"board": Box((2, 3)), "turn": Discrete(4), "bytes": Box((5,), 0, 255, "uint8")})


@pytest.mark.parametrize(
    ("kind", "seen", "action"),
    [
        ("mlp", Box((7,)), Discrete(5)),
        ("mlp", SEEN, MultiDiscrete((3, 2))),
        ("mlp", Box((4,)), Box((2,), -1, 1)),
        ("gru", Box((7,)), Discrete(5)),
        ("lstm", Box((7,)), Discrete(5)),
    ],
)
def test_what_onnxruntime_says_is_what_torch_says(tmp_path: Path, kind: str, seen: Space, action: Space) -> None:
    torch.manual_seed(3)
    network = Network(seen, action, ModelConfig(kind=kind))
    onnx.write(network, tmp_path / "it.onnx")
    plain = onnx.Plain(network)
    chance = np.random.default_rng(1)
    given = []
    for zero in plain.example(rows=70):  # more rows than were traced
        if zero.dtype == torch.bool:
            part = torch.from_numpy(chance.random(tuple(zero.shape)) < 0.5)
            part[:, 0] = part[:, -1] = True
        elif zero.dtype == torch.float32:
            part = torch.from_numpy(chance.normal(size=tuple(zero.shape)).astype(np.float32))
        else:
            part = torch.from_numpy(chance.integers(0, 2, tuple(zero.shape))).to(zero.dtype)
        given.append(part)
    session = runtime.InferenceSession(str(tmp_path / "it.onnx"), providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == plain.names
    found = session.run(None, {name: part.numpy() for name, part in zip(plain.names, given, strict=True)})
    with torch.no_grad():
        expected = plain(*given)
    for ours, theirs in zip(expected if isinstance(expected, tuple) else [expected], found, strict=True):
        np.testing.assert_allclose(theirs, ours.numpy(), rtol=1e-4, atol=1e-5)


def test_without_the_package_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx, "NEEDS", ("no_such_package",))
    with pytest.raises(UserError, match=r"pip install 'marl-league\[onnx\]'"):
        onnx.write(Network(Box((2,)), Discrete(2), ModelConfig()), tmp_path / "it.onnx")
    assert not list(tmp_path.iterdir())
