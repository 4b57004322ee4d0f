"""The losses by which a model can be the best of its training, by the names that other programs have for them."""

from collections.abc import Iterable, Mapping

from sleapnn_engine.config.model_types import HEADS

#: What decides where a config does not say.
USUAL_MONITOR = "val/loss"


def named_losses(
    train: float, val: float, *, train_by_head: Mapping[str, float], val_by_head: Mapping[str, float]
) -> dict[str, float]:
    """The losses of an epoch by their names."""
    named = {"val/loss": val, "train/loss": train}
    for part, by_head in (("val", val_by_head), ("train", train_by_head)):
        named |= {f"{part}/{HEADS[head].column}": loss for head, loss in by_head.items()}
    return named


def monitors(heads: Iterable[str]) -> tuple[str, ...]:
    """The names there are for a model with these heads."""
    none = dict.fromkeys(heads, 0.0)
    return tuple(named_losses(0.0, 0.0, train_by_head=none, val_by_head=none))
