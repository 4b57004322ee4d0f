"""The network of a config as a table: its blocks in the order in which they work, with shapes, parameters and memory."""

import contextlib
from collections.abc import Iterator
from typing import Any

import attrs
import torch
from torch import Tensor, nn

from sleapnn_engine.config.derived import receptive_field
from sleapnn_engine.config.reader import ConfigReader
from sleapnn_engine.inspect.scene import Scene
from sleapnn_engine.models.assemble import PoseModel
from sleapnn_engine.models.decoder import Decoder
from sleapnn_engine.models.unet import Encoder, Stem
from sleapnn_engine.training.inputs.memory_check import KeptValues, mapped_bytes, outline

#: Parts of a backbone by their attributes, and what they are to people.
_ROLES = {
    "stem": "stem",
    "encoders": "encoder",
    "enc": "encoder",
    "middle_blocks": "middle",
    "middle_block": "middle",
    "decoders": "decoder",
    "dec": "decoder",
    "head_layers": "head",
}
#: What only holds blocks, by its class or its attribute.
_HOLDERS = (nn.ModuleList, Encoder, Stem, Decoder)
_HOLDING = ("enc", "net", "features", "encoder_stack", "decoder_stack")


@attrs.define(eq=False)
class _Block:
    """One row of the table; `shape` is (C, H, W), (C,) for a head of the whole image, None for what never works."""

    role: str
    name: str
    module: nn.Module
    shape: tuple[int, ...] | None = None
    kept: int = 0

    @property
    def parameters(self) -> int:
        return sum(value.numel() for value in self.module.parameters())


def network(scene: Scene) -> dict[str, Any]:
    """The table as `questions` says. Raises UserError when the settings describe no network for these samples.

    `kept` and `step` are bytes of a batch in 32 bits; `field` is the side of a UNet's receptive field in input pixels.
    """
    samples, loader = scene.samples, scene.job.trainer_config.train_data_loader
    model = outline(scene.job, samples)
    batch = min(loader.batch_size, len(samples))
    height, width = samples.input_size
    shape = (batch, scene.plan.channels, height, width)
    blocks, step = _work(model, shape, names=scene.head_names)
    return {
        "blocks": [
            {
                "role": block.role,
                "name": block.name,
                "channels": block.shape[0] if block.shape else None,
                "rows": block.shape[1] if block.shape and len(block.shape) > 1 else None,
                "columns": block.shape[2] if block.shape and len(block.shape) > 2 else None,
                "stride": round(height / block.shape[1]) if block.shape and len(block.shape) > 2 else None,
                "parameters": block.parameters,
                "kept": block.kept,
            }
            for block in blocks
        ],
        "parameters": model.parameter_count,
        "step": step,
        "batch": batch,
        "input": [scene.plan.channels, height, width],
        "field": receptive_field(ConfigReader(scene.values)),
        "source_scale": samples.source_scale(0),
    }


def _work(
    model: PoseModel, shape: tuple[int, int, int, int], *, names: dict[str, str]
) -> tuple[list[_Block], int]:
    """Let the outline work once: its blocks in the order in which they do, and the bytes of a step."""
    kept, order = KeptValues(model), []
    blocks, turned = list(_blocks(model, names=names)), _is_channels_last(model)
    with contextlib.ExitStack() as hooks:
        for block in blocks:
            before: list[int] = []

            def begin(_module: nn.Module, _inputs: object, before: list[int] = before) -> None:
                before.append(kept.size)

            def end(
                _module: nn.Module,
                _inputs: object,
                output: object,
                block: _Block = block,
                before: list[int] = before,
            ) -> None:
                block.kept += kept.size - before.pop()
                block.shape = _shape(output, channels_last=turned and block.role == "encoder")
                order.append(block)

            hooks.callback(block.module.register_forward_pre_hook(begin).remove)
            hooks.callback(block.module.register_forward_hook(end).remove)
        with kept.counted():
            outputs = model(torch.empty(shape, device="meta"))
    for head, block in zip(model.heads, (block for block in blocks if block.role == "head")):
        block.shape = tuple(outputs[head.name].shape[1:])
        order.append(block)
    idle = [block for block in blocks if block not in order and block.parameters]
    return [*dict.fromkeys(order), *idle], kept.size + mapped_bytes(outputs)


def _shape(output: object, *, channels_last: bool) -> tuple[int, ...] | None:
    """(C, H, W) of what a block puts out; of several values, that of the first."""
    if isinstance(output, list | tuple):
        output = output[0] if output else None
    if not isinstance(output, Tensor):
        return None
    shape = tuple(output.shape[1:])
    return (shape[-1], *shape[:-1]) if channels_last and len(shape) == 3 else shape


def _blocks(model: PoseModel, *, names: dict[str, str]) -> Iterator[_Block]:
    for part, module in model.backbone.named_children():
        role = _ROLES.get(part, "encoder")
        for name, block in _opened(part, module):
            yield _Block(role, name, block)
    for head, layers in zip(model.heads, model.head_layers):
        yield _Block("head", names.get(head.name, head.name), layers)


def _opened(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """A module, or those that it only holds."""
    children = list(module.named_children())
    if children and (isinstance(module, _HOLDERS) or name.rpartition(".")[2] in _HOLDING):
        for child, inside in children:
            yield from _opened(f"{name}.{child}", inside)
    else:
        yield name, module


def _is_channels_last(model: PoseModel) -> bool:
    encoder = getattr(model.backbone, "enc", None)
    return type(encoder).__name__ == "SwinEncoder" or bool(getattr(encoder, "_channels_last", False))
