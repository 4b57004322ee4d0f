"""Puts a training's network and optimizer into Fabric's hands, in one process or in several."""

from typing import Any

from sleapnn_engine.training.state import Training


def set_up(training: Training) -> None:
    """Have Fabric wrap the network's forward pass and the optimizer's step; the objects themselves stay plain.

    With several processes all take over the weights and the optimizer's state of the first one, so that all have the
    same, wherever these are from; then all have to call this.
    """
    fabric = training.fabric
    if training.share.of > 1:
        first = training.share.rank == 0
        state: dict[str, Any] = fabric.broadcast(training.optimizer.state_dict() if first else {})
        if not first:
            training.optimizer.load_state_dict(state)
    training.forward = fabric.setup_module(training.model, move_to_device=False)
    optimizer = fabric.setup_optimizers(training.optimizer)
    assert not isinstance(optimizer, tuple)
    training.update = optimizer.step
