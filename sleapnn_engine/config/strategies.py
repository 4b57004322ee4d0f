"""Names of `trainer_strategy`, how several devices share one training, and of `--precision`, how numbers are kept."""

import difflib

#: Number formats that a training computes in; `auto` is bf16 on graphics cards that are fast at it, and 32 elsewhere.
PRECISIONS = ("auto", "32", "bf16", "16")
#: The same in words.
PRECISION_WORDS = {
    "auto": "auto",
    "32": "full (fp32)",
    "bf16": "half (bf16)",
    "16": "half (fp16)",
}

#: Those of the DDP family: a process for each device. Lightning's differ in how the processes are started, which here is
#: always the same, and in whether weights that no output needs are looked for.
_STARTED = ("ddp", "ddp_spawn", "ddp_fork", "ddp_notebook")
_UNUSED = "_find_unused_parameters_true"
_USED = "_find_unused_parameters_false"
_SHARED = ("auto", *(start + end for start in _STARTED for end in ("", _USED, _UNUSED)))

#: Those that say nothing else than `auto` on one device, and why there is no training with them on several.
_ALONE = {
    "single_device": "it is for one device",
    "dp": "it divides every batch among the devices, where each device gets one of its own",
    "fsdp": "it splits the network, which the first process needs whole to validate and to save it",
}
_OFFLOADED = (
    "it keeps weights in main memory for networks that no graphics card holds, and none made here is one"
)
_DEEPSPEED = "DeepSpeed has optimizers and files of its own, so that training could not be resumed nor other programs read the model"
_XLA = "it is for TPUs, on which there is no training here"
#: Those that are for what is never done here, and why.
_REFUSED = {
    "fsdp_cpu_offload": _OFFLOADED,
    "deepspeed": _DEEPSPEED,
    **dict.fromkeys([f"deepspeed_stage_{stage}" for stage in (1, 2, 3)], _DEEPSPEED),
    **dict.fromkeys([f"deepspeed_stage_{stage}_offload" for stage in (1, 2, 3)], _DEEPSPEED),
    "deepspeed_stage_3_offload_nvme": _DEEPSPEED,
    **dict.fromkeys(["xla", "xla_debug", "xla_fsdp", "single_xla", "single_tpu"], _XLA),
}
#: Every name that Lightning knows. It takes large letters as well.
STRATEGIES = (*_SHARED, *_ALONE, *_REFUSED)


def is_shared(name: str) -> bool:
    """Whether the strategy gives each of several devices a process and a batch of its own."""
    return name.lower() in _SHARED


def finds_unused(name: str, *, backbone: str) -> bool:
    """Whether weights without a gradient are looked for in every step, which takes a little time.

    Where the choice is free they are for encoders of timm: some have layers that none of our heads needs.
    """
    return name.lower().endswith(_UNUSED) or (name.lower() == "auto" and backbone == "timm")


def reason_against(name: str, *, devices: int) -> str:
    """Why there is no training with a strategy that Lightning knows, as half a sentence; '' where there is."""
    return _REFUSED.get(name.lower(), "") or (_ALONE.get(name.lower(), "") if devices > 1 else "")


def nearest(name: str) -> str:
    """The strategy that an unknown name most likely means; '' for none of them."""
    return next(iter(difflib.get_close_matches(name.lower(), STRATEGIES, n=1, cutoff=0.75)), "")
