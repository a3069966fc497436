"""Encoders: an observation tree becomes one vector a row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from marl.errors import UserError
from marl.space import Box, Space
from marl.training.model import ModelConfig
from marl.training.networks.dense import ACTIVATIONS, MLP
from marl.training.networks.features import Leaf, TensorTree, at, columns, leaf_spaces, numbers, width


class Encoder(nn.Module):
    """All leaves side by side (images through their convolutions, if the kind is `cnn`), then dense layers.

    `forward`: a tree of `[B, ...]` -> `[B, size]`. Raises UserError for a `cnn` where no leaf is an image.
    """

    def __init__(self, observation: Space, config: ModelConfig) -> None:
        super().__init__()
        self._images = images(observation) if config.kind == "cnn" else []
        self._flat = flat_leaves(observation, config)
        if config.kind == "cnn" and not self._images:
            raise UserError(
                f"model.kind: a cnn needs an observation of three axes ({config.layout}), and there is only "
                f"{observation}; mlp is right for it"
            )
        convolutions = [Convolutions(space, config) for _, space in self._images if isinstance(space, Box)]
        self.images = nn.ModuleList(convolutions)
        inputs = sum(image.size for image in convolutions) + sum(width(space) for _, space in self._flat)
        self.dense = MLP(inputs, config.hidden, config.activation)
        self.size = self.dense.size

    def forward(self, observation: TensorTree) -> Tensor:
        """Images by their own layers, then all of it by the dense ones: `float32[B, D]`."""
        x: Tensor = self.dense(self.inputs(observation))
        return x

    def inputs(self, observation: TensorTree) -> Tensor:
        """What the dense layers see, `[B, F]`."""
        parts = [image(at(observation, path)) for image, (path, _) in zip(self.images, self._images, strict=True)]
        if self._flat:
            parts.append(self.columns(observation))
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)

    def columns(self, observation: TensorTree) -> Tensor:
        """All leaves but images side by side, as they are."""
        parts = [columns(space, at(observation, path)) for path, space in self._flat]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


class Convolutions(nn.Module):
    """Convolutions over one image-like box: `[B, C, H, W]` (or `[B, H, W, C]`) -> `[B, size]`."""

    def __init__(self, space: Box, config: ModelConfig) -> None:
        super().__init__()
        self._space, self._last = space, config.layout == "hwc"
        self._activation = ACTIVATIONS[config.activation]
        shape = (space.shape[2], *space.shape[:2]) if self._last else space.shape
        channels = [shape[0], *config.channels]
        height, across = shape[1:]
        self.layers = nn.ModuleList()
        for index, (kernel, stride) in enumerate(zip(config.kernels, config.strides, strict=True)):
            layer = nn.Conv2d(channels[index], channels[index + 1], kernel, stride, kernel // 2)
            nn.init.orthogonal_(layer.weight, 2**0.5)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            self.layers.append(layer)
            height, across = ((side + 2 * (kernel // 2) - kernel) // stride + 1 for side in (height, across))
        self.size = channels[-1] * height * across

    def forward(self, image: Tensor) -> Tensor:
        """What is in an image, `float32[B, D]`."""
        x = numbers(self._space, image)
        if self._last:
            x = x.permute(0, 3, 1, 2)
        for layer in self.layers:
            x = self._activation(layer(x))
        return x.flatten(1)


def images(observation: Space) -> list[Leaf]:
    """The leaves that a `cnn` can look at: boxes of three axes."""
    return [leaf for leaf in leaf_spaces(observation) if isinstance(leaf[1], Box) and len(leaf[1].shape) == 3]


def flat_leaves(observation: Space, config: ModelConfig) -> list[Leaf]:
    """The leaves that become columns: all but the images of a `cnn`."""
    seen = images(observation) if config.kind == "cnn" else []
    return [leaf for leaf in leaf_spaces(observation) if leaf not in seen]
