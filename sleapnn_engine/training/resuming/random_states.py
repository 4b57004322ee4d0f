"""The states of all random generators that a training draws from, as a checkpoint can hold them."""

import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from sleapnn_engine.training.inputs.batches import Batches

#: What each part of the states is for, in words.
PARTS = {
    "feed": "the random changes of images",
    "torch": "the random numbers of the network",
    "numpy": "numpy's random numbers",
    "python": "Python's random numbers",
}


def read_random_states(batches: Batches, *, device: torch.device) -> dict[str, Any]:
    """Plain values and uint8 tensors. The accelerator's own state goes under the name of its kind, `cuda` or `mps`."""
    kind, numbers, place, has_gauss, gauss = np.random.get_state()
    version, inner, next_gauss = random.getstate()
    states = {
        "feed": batches.random_state(),
        "torch": torch.get_rng_state(),
        "numpy": [str(kind), np.asarray(numbers).tolist(), int(place), int(has_gauss), float(gauss)],
        "python": [version, list(inner), next_gauss],
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def set_random_states(states: Mapping[str, Any], batches: Batches, *, device: torch.device) -> list[str]:
    """Go on with every generator where `read_random_states` was called.

    Returns in words what starts anew, because the states have no such part or one of another kind.
    """
    return _missing(
        states,
        device=device,
        batches=batches.set_random_state,
        network=torch.set_rng_state,
        accelerator=torch.mps.set_rng_state
        if device.type == "mps"
        else lambda s: torch.cuda.set_rng_state(s, device),
        numpy=np.random.set_state,
        python=random.setstate,
    )


def missing_parts(states: Mapping[str, Any], *, device: torch.device) -> list[str]:
    """What `set_random_states` would return, with every generator left as it is."""
    return _missing(
        states,
        device=device,
        batches=lambda s: None if "augmentation" not in s else torch.Generator().set_state(s["augmentation"]),
        network=torch.Generator().set_state,
        accelerator=lambda s: torch.Generator(device).set_state(s),
        numpy=np.random.RandomState(0).set_state,
        python=random.Random().setstate,
    )


def _missing(
    states: Mapping[str, Any],
    *,
    device: torch.device,
    batches: Callable[[Any], Any],
    network: Callable[[Any], Any],
    accelerator: Callable[[Any], Any],
    numpy: Callable[[Any], Any],
    python: Callable[[Any], Any],
) -> list[str]:
    """Give each part to the generator that takes it; returns in words which are not there or not taken."""
    parts: dict[str, Callable[[Any], Any]] = {
        "feed": batches,
        "torch": network,
        "numpy": lambda s: numpy((s[0], np.array(s[1], dtype=np.uint32), *s[2:])),
        "python": lambda s: python((s[0], tuple(s[1]), s[2])),
    }
    names = dict(PARTS)
    if device.type in ("cuda", "mps"):
        names[device.type] = f"the random numbers of the network on {device.type}"
        parts[device.type] = accelerator
    anew = []
    for part, name in names.items():
        try:
            parts[part](states[part])
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError):
            anew.append(name)  # the part is missing, or another version's
    return anew
