"""Whether a run can be trained with the strategy it asks for: by Lightning, on these devices, and by the loop here."""

import os
import warnings
from collections.abc import Callable
from typing import Any

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.strategies import finds_unused, is_shared, reason_against
from sleapnn_engine.training.processes.fabric import STRATEGY_REGISTRY, DDPStrategy, Fabric

STRATEGY = "trainer_config.trainer_strategy"
#: Variables of the environment that Fabric takes for more than what it is given.
_OVERRULING = ("LT_ACCELERATOR", "LT_DEVICES", "LT_NUM_NODES", "LT_PRECISION", "LT_STRATEGY")


def open_with(
    name: str, *, backbone: str, devices: int, patience: Any, opened: Callable[[Any], Fabric]
) -> Fabric:
    """A Fabric with the strategy `name` for so many `devices`; `opened` makes one of what Fabric takes for a strategy.

    Those of the DDP family differ in how processes are started, which has happened by the time Fabric comes to it, and
    in whether weights without a gradient are looked for. One process needs none of them; nor does it need those that
    split what several devices do, which Lightning is only asked for. Raises UserError (usage) with the reason of
    Lightning, or of the loop here, not to train with it on these devices.
    """
    _require(name, devices=devices, opened=opened)
    strategy: Any = "auto"
    if devices > 1:
        unused = finds_unused(name, backbone=backbone)
        strategy = DDPStrategy(timeout=patience, start_method="popen", find_unused_parameters=unused)
    try:
        return opened(strategy)
    except (
        ValueError,
        RuntimeError,
        ImportError,
        TypeError,
    ) as error:  # Lightning's own reasons not to train so
        raise _refused(name, _first_sentence(error)) from error


def _require(name: str, *, devices: int, opened: Callable[[str], Fabric]) -> None:
    """Raise UserError (usage) where there is no training with the strategy."""
    if is_shared(name):
        return
    own, said = reason_against(name, devices=devices), ""
    known = name.lower() in STRATEGY_REGISTRY.available_strategies()
    if known or not own:
        said = _reason_of_lightning(name, opened)
    if said:
        more = f"It would not be used either where it can be had: {own}." if own else ""
        raise _refused(name, said, more=more)
    if own:
        raise _refused(name, f"{own[0].upper()}{own[1:]}.")


def _reason_of_lightning(name: str, opened: Callable[[str], Fabric]) -> str:
    """Why Lightning does not make this strategy here; '' where it does, or only says how it is made."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened(name)
    except TypeError:  # some have to be given a device by a program
        return ""
    except Exception as error:  # what a strategy needs is other people's, and is missing in their own ways
        return _first_sentence(error)
    return ""


def _refused(name: str, why: str, *, more: str = "") -> UserError:
    told = sorted(set(_OVERRULING) & set(os.environ))
    way_out = f"Unset {' and '.join(told)} in the environment." if told else "Use auto."
    return UserError(
        f"Training cannot use the strategy {name} here. {why}",
        where=STRATEGY,
        hint=f"{more} {way_out}".strip(),
        usage=True,
    )


def _first_sentence(error: Exception) -> str:
    """The reason in an error of Lightning, without advice for programmers."""
    text = " ".join(str(error).replace("`", "").split())
    return "Lightning says: " + text.split(". ")[0].rstrip(".") + "."
