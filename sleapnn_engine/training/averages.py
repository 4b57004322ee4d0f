"""Means over the steps of one epoch."""

import math

import attrs
from torch import Tensor

from sleapnn_engine.training.state import BatchResult, Training


@attrs.define
class Averages:
    """Adds up steps; `loss` is the unweighted mean of their losses (0 before the first)."""

    total: float = 0.0
    steps: int = 0
    samples: int = 0
    waited: float = 0.0
    heads: dict[str, float] = attrs.field(factory=dict)
    channels: dict[str, Tensor] = attrs.field(factory=dict)
    gradients: float = 0.0
    measured: int = 0
    """The lengths of gradients that were measured, summed, and how many they are."""

    def add(self, result: BatchResult) -> None:
        self.total += result.loss
        self.steps += 1
        self.samples += result.samples
        self.waited += result.waited
        if result.gradient is not None and math.isfinite(result.gradient):
            self.gradients += result.gradient
            self.measured += 1
        for head, loss in result.by_head.items():
            self.heads[head] = self.heads.get(head, 0.0) + loss
        for head, values in result.by_channel.items():
            self.channels[head] = self.channels[head] + values if head in self.channels else values

    @property
    def loss(self) -> float:
        return self.total / max(self.steps, 1)

    @property
    def gradient(self) -> float | None:
        return self.gradients / self.measured if self.measured else None

    @property
    def by_head(self) -> dict[str, float]:
        """Mean loss of each head."""
        return {head: total / max(self.steps, 1) for head, total in self.heads.items()}

    def by_node(self, training: Training) -> dict[str, float]:
        """Mean squared error of each node's confidence maps."""
        values = self.channels.get("confmaps")
        if values is None:
            return {}
        return dict(zip(training.parts.batches.nodes, (values / max(self.steps, 1)).tolist(), strict=True))
