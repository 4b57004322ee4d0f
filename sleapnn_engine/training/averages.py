"""Means over the steps of one epoch."""

import attrs
from torch import Tensor

from .state import BatchResult, Training


@attrs.define
class Averages:
    """Adds up steps; `loss` is the unweighted mean of their losses (0 before the first)."""

    total: float = 0.0
    steps: int = 0
    samples: int = 0
    waited: float = 0.0
    channels: dict[str, Tensor] = attrs.field(factory=dict)

    def add(self, result: BatchResult) -> None:
        self.total += result.loss
        self.steps += 1
        self.samples += result.samples
        self.waited += result.waited
        for head, values in result.by_channel.items():
            self.channels[head] = self.channels[head] + values if head in self.channels else values

    @property
    def loss(self) -> float:
        return self.total / max(self.steps, 1)

    def by_node(self, training: Training) -> dict[str, float]:
        """Mean squared error of each node's confidence maps, for heads that have one map per node."""
        nodes = training.feed.nodes
        for values in self.channels.values():
            if len(values) == len(nodes):
                return dict(zip(nodes, (values / max(self.steps, 1)).tolist(), strict=True))
        return {}
