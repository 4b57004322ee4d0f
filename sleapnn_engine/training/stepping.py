"""Puts a training's network and optimizer into Fabric's hands, in one process or in several."""

from typing import Any

from sleapnn_engine.training.state import Training


def set_up(training: Training) -> None:
    """Have Fabric wrap the network's forward pass and the optimizer's step; the objects themselves stay plain.

    With several processes all take over the weights and the optimizer's state of the first one, so that all have the
    same, wherever these are from; then all have to call this.
    """
    parts = training.parts
    fabric = parts.fabric
    if parts.share.of > 1:
        first = parts.share.rank == 0
        state: dict[str, Any] = fabric.broadcast(parts.optimizer.state_dict() if first else {})
        if not first:
            parts.optimizer.load_state_dict(state)
    forward = fabric.setup_module(parts.model, move_to_device=False)
    optimizer = fabric.setup_optimizers(parts.optimizer)
    assert not isinstance(optimizer, tuple)
    training.with_parts(forward=forward, update=optimizer.step)
