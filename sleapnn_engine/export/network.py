"""The network of a trained model as one file that runs without this program, and beside it what goes in and comes out."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import save_text
from sleapnn_engine.config.installed import version_of
from sleapnn_engine.data.describe import describe_labels
from sleapnn_engine.data.geometry import InputPlan
from sleapnn_engine.inference.trained import Trained

#: Ends of file names, and what is written.
FORMATS = {".onnx": "ONNX", ".pt2": "an exported program of PyTorch"}
INPUT = "images"
#: What rounding may make of a number of 1; more means that the file is not this network.
_MOST_OFF = 1e-2
_EXAMPLE = 2


@attrs.frozen(kw_only=True)
class Exported:
    """The files, and the largest difference of an output from PyTorch's; None where nothing here could run the file."""

    path: Path
    about: Path
    difference: float | None


class _Outputs(torch.nn.Module):
    """The same network with its outputs in a fixed order."""

    def __init__(self, network: torch.nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        outputs = self.network(images)
        return tuple(outputs[name] for name in self.names)


def export_network(trained: Trained, path: Path, *, size: tuple[int, int] | None = None) -> Exported:
    """Write the network to `path`, ONNX or PyTorch's by its end, and `NAME.json` beside it, and run it once.

    `size` is the (height, width) of the images that it will look at; without it, that of the images it was trained on.
    Any number of images goes in at once. Raises UserError where that size is not known, the format is not one of
    FORMATS or needs a package, or what was written gives other numbers than the network.
    """
    write = _writer(path)
    plan = trained.plan((*(size or _size_of(trained)), trained.channels))
    crops = trained.crops
    height, width = (plan.height, plan.width) if crops is None else (crops.input_side, crops.input_side)
    images = torch.rand(_EXAMPLE, trained.channels, height, width, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        outputs: dict[str, torch.Tensor] = trained.network(images)
    expected = {name: one.numpy() for name, one in outputs.items()}
    ran = write(_Outputs(trained.network, tuple(outputs)).eval(), images, path)
    difference = None if ran is None else _difference(ran, list(expected.values()), path=path)
    about = path.with_suffix(".json")
    facts = description(trained, plan, example=expected, difference=difference)
    save_text(about, json.dumps(facts, indent=1, ensure_ascii=False) + "\n", backup=False)
    return Exported(path=path, about=about, difference=difference)


def description(
    trained: Trained, plan: InputPlan, *, example: dict[str, np.ndarray], difference: float | None
) -> dict[str, Any]:
    """What the file beside the network says: sizes, preparation of images, what outputs are, the way back to pixels."""
    crops, names = trained.crops, trained.names
    sizing = plan.sizing(plan.canvas)
    ratio, shift = np.array(sizing.ratio), np.array(sizing.target_shift)
    if crops is not None:
        shift = crops.target_shifts(torch.from_numpy(shift)).numpy()
        ratio = np.full(2, crops.ratio)
    height, width = (plan.height, plan.width) if crops is None else (crops.input_side, crops.input_side)
    strides = trained.network.strides
    return {
        "model_type": trained.kind.key,
        "input": {
            "name": INPUT,
            "shape": ["N", trained.channels, height, width],
            "values": "float32, 0 to 1: bytes divided by 255; channels are red, green, blue",
        },
        "preparation": {
            "matched": list(plan.canvas) if plan.resize else None,
            "crop": None if crops is None else crops.side,
            "scale": plan.scale if crops is None else crops.scale,
            "scaled": list(sizing.scaled) if crops is None else [crops.scaled, crops.scaled],
            "padded": [height, width],
            "says": "Heights come first. Images are matched to a size with their aspect kept and padded with black at the "
            "bottom and right, crops are cut around the centre at a whole pixel; then they are scaled (bilinear, with "
            "antialias, pixel edges aligned) and padded again.",
        },
        "outputs": [
            {
                "name": name,
                "channels": one.shape[1],
                "stride": strides.get(name),
            }
            for name, one in example.items()
        ],
        "coordinates": {
            "ratio": ratio.tolist(),
            "shift": shift.tolist(),
            "says": "A cell i of a map with stride s is at p = i * s on the network's input, x and y alike; on the image, or "
            "crop, of the size before scaling it is at (p - shift + 0.5) / ratio - 0.5. Pixel centres are whole numbers.",
        },
        "nodes": list(names.nodes),
        "edges": [list(edge) for edge in names.edges],
        "limbs": [list(limb) for limb in trained.limbs],
        "classes": list(names.classes),
        "largest_difference": difference,
    }


def _size_of(trained: Trained) -> tuple[int, int]:
    """(height, width) of the images of a run, as its config or its own copy of the labels says."""
    if trained.crops is not None:
        side = trained.crops.side
        return side, side
    pre = trained.job.data_config.preprocessing
    if pre.max_height and pre.max_width:
        return pre.max_height, pre.max_width
    labels = trained.weights.parent / "labels_gt.train.0.slp"
    sizes = describe_labels([labels])["image_sizes"] if labels.is_file() else []
    if not sizes:
        raise UserError(
            "The size of the images that this network looks at is not known.",
            where=str(trained.weights.parent),
            hint="Give it with --size HEIGHTxWIDTH.",
            usage=True,
        )
    return max(one["height"] for one in sizes), max(one["width"] for one in sizes)


def _writer(path: Path) -> Callable[[_Outputs, torch.Tensor, Path], list[np.ndarray] | None]:
    write = {".onnx": _write_onnx, ".pt2": _write_program}.get(path.suffix.lower())
    if write is None:
        known = " or ".join(f"{end} ({what})" for end, what in FORMATS.items())
        raise UserError(f"A network is written as {known}.", where=str(path), usage=True)
    if write is _write_onnx and not version_of("onnx"):
        raise UserError(
            "ONNX needs the package onnx, which is not installed.",
            where=str(path),
            hint="Install it with `pip install onnx onnxruntime`, or write a .pt2 file.",
            usage=True,
        )
    return write


def _write_onnx(module: _Outputs, images: torch.Tensor, path: Path) -> list[np.ndarray] | None:
    """By the exporter that follows one pass: it needs no further compiler, and takes a second instead of half a minute."""
    names = module.names
    with warnings.catch_warnings():
        # It tells of sizes that it takes as they are, which is what is wanted, and of the exporter that is to follow it.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (images,),
            str(path),
            input_names=[INPUT],
            output_names=list(names),
            dynamic_axes={name: {0: "N"} for name in (INPUT, *names)},
            dynamo=False,
        )
    if not version_of("onnxruntime"):
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [np.asarray(one) for one in session.run(None, {INPUT: images.numpy()})]


def _write_program(module: _Outputs, images: torch.Tensor, path: Path) -> list[np.ndarray]:
    many = {0: torch.export.Dim("N", min=1, max=4096)}
    program = torch.export.export(module, (images,), dynamic_shapes=(many,))
    torch.export.save(program, path)
    return [one.detach().numpy() for one in torch.export.load(path).module()(images)]


def _difference(ran: list[np.ndarray], expected: list[np.ndarray], *, path: Path) -> float:
    """The largest difference, in parts of the largest number of each output. Raises UserError where it is another network."""
    off = max(
        float(np.abs(a - b).max()) / max(float(np.abs(b).max()), 1.0)
        for a, b in zip(ran, expected, strict=True)
    )
    if not off <= _MOST_OFF:
        raise UserError(
            f"What was written gives other numbers than the network: {off:.2g} of 1.",
            where=str(path),
            hint="Use another format.",
        )
    return off
