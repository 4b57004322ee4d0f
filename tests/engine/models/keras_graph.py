"""The graph of layers that a file of Keras holds, computed by numpy as Keras documents them; it knows nothing of our networks."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Arrays = list[np.ndarray]


def convolved(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """`Conv2D` of a step of 1 and "same" padding: x (H, W, inputs), kernel (height, width, inputs, outputs)."""
    sides = [((side - 1) // 2, side // 2) for side in kernel.shape[:2]]
    padded = np.pad(x, [*sides, (0, 0)])
    out = np.zeros((*x.shape[:2], kernel.shape[3]))
    for row, column in np.ndindex(*kernel.shape[:2]):
        out += padded[row : row + x.shape[0], column : column + x.shape[1]] @ kernel[row, column]
    return out + bias


def spread(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """`Conv2DTranspose` of a step of 2 and "same" padding: kernel (height, width, outputs, inputs); what is beyond is cut."""
    height, width = x.shape[:2]
    out = np.zeros((2 * height + kernel.shape[0], 2 * width + kernel.shape[1], kernel.shape[2]))
    for row, column in np.ndindex(*kernel.shape[:2]):
        out[row : row + 2 * height : 2, column : column + 2 * width : 2] += x @ kernel[row, column].T
    return out[: 2 * height, : 2 * width] + bias


def pooled(x: np.ndarray) -> np.ndarray:
    """`MaxPooling2D` of 2 by 2."""
    return x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max(axis=(1, 3))


def doubled(x: np.ndarray) -> np.ndarray:
    """`UpSampling2D`, bilinear: cells of twice the size have their centres a quarter beside those they come from."""
    for axis in (0, 1):
        places = np.clip((np.arange(2 * x.shape[axis]) + 0.5) / 2 - 0.5, 0, x.shape[axis] - 1)
        first = np.floor(places).astype(int)
        second = np.minimum(first + 1, x.shape[axis] - 1)
        part = np.expand_dims(places - first, tuple(range(1, 3)) if axis == 0 else (0, 2))
        x = x.take(first, axis) * (1 - part) + x.take(second, axis) * part
    return x


def activated(x: np.ndarray, name: str) -> np.ndarray:
    """`Activation`."""
    if name == "softmax":
        powers = np.exp(x - x.max())
        return powers / powers.sum()
    return {"linear": x, "relu": np.maximum(x, 0)}[name]


def computed(kind: str, config: dict[str, Any], given: Arrays, weights: Arrays) -> np.ndarray:
    """One layer."""
    x = given[0]
    made = {
        "Conv2D": lambda: convolved(x, *weights),
        "Conv2DTranspose": lambda: spread(x, *weights),
        "MaxPooling2D": lambda: pooled(x),
        "UpSampling2D": lambda: doubled(x),
        "Concatenate": lambda: np.concatenate(given, axis=-1),
        "GlobalMaxPooling2D": lambda: x.max(axis=(0, 1)),
        "Flatten": lambda: x.reshape(-1),
        "Dense": lambda: x @ weights[0] + weights[1],
        "Activation": lambda: x,
    }[kind]()
    return activated(made, config.get("activation", "linear"))


def outputs(path: Path, image: np.ndarray) -> dict[str, np.ndarray]:
    """What the network of a file gives for an image (H, W, C) of floats, by the name of each output."""
    with h5py.File(path) as file:
        graph = json.loads(file.attrs["model_config"])["config"]
        found: dict[str, np.ndarray] = {}
        for layer in graph["layers"]:
            name, config = layer["name"], layer["config"]
            if layer["class_name"] == "InputLayer":
                found[name] = image
                continue
            group = file["model_weights"].get(f"{name}/{name}")
            kept = (
                [] if group is None else [group[part][()] for part in ("kernel:0", "bias:0") if part in group]
            )
            given = [found[before[0]] for before in layer["inbound_nodes"][0]]
            found[name] = computed(layer["class_name"], config, given, kept)
    return {name: found[name] for name, _, _ in graph["output_layers"]}
