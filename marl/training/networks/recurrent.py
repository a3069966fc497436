"""Recurrent cells whose memory is one flat vector a row."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn


class Recurrent(nn.Module):
    """A GRU or an LSTM. Memory is `[B, memory_size]`; an LSTM packs its hidden and its cell state side by side."""

    def __init__(self, inputs: int, size: int, kind: Literal["gru", "lstm"]) -> None:
        super().__init__()
        self.size, self.memory_size = size, size if kind == "gru" else 2 * size
        self.cell = (nn.GRU if kind == "gru" else nn.LSTM)(inputs, size, batch_first=True)
        for name, parameter in self.cell.named_parameters():
            nn.init.orthogonal_(parameter) if "weight" in name else nn.init.zeros_(parameter)

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Some steps without a break: `[S, T, inputs], [S, memory_size] -> [S, T, size], [S, memory_size]`."""
        if self.memory_size == self.size:
            out, last = self.cell(x, memory[None].contiguous())
            return out, last[0]
        state = memory[None, :, : self.size].contiguous(), memory[None, :, self.size :].contiguous()
        out, (hidden, cell) = self.cell(x, state)
        return out, torch.cat([hidden[0], cell[0]], 1)

    def unroll(self, x: Tensor, memory: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, but memory is cleared wherever `first[S, T]`. Steps between such places run in one go."""
        steps = x.shape[1]
        breaks = [step for step in first.any(0).nonzero()[:, 0].tolist() if step > 0]
        parts = []
        for start, stop in zip([0, *breaks], [*breaks, steps], strict=True):
            memory = memory.masked_fill(first[:, start, None], 0.0)
            part, memory = self(x[:, start:stop], memory)
            parts.append(part)
        return (parts[0] if len(parts) == 1 else torch.cat(parts, 1)), memory
