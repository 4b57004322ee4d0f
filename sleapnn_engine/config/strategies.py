"""Names of `trainer_strategy`, how several devices share one training, and of `--precision`, how numbers are kept."""

#: Number formats that a training computes in; `auto` is the one its devices are fast at.
PRECISIONS = ("auto", "32", "bf16", "16")

#: Those of the DDP family: a process for each device. Lightning's differ in how the processes are started, which here is
#: always the same, and in whether weights that no output needs are looked for.
_STARTED = ("ddp", "ddp_spawn", "ddp_fork", "ddp_notebook")
_UNUSED = "_find_unused_parameters_true"
_USED = "_find_unused_parameters_false"
#: All that training here can do.
SHARED = ("auto", *(start + end for start in _STARTED for end in ("", _USED, _UNUSED)))


def is_shared(name: str) -> bool:
    """Whether training here can do what the strategy says."""
    return name in SHARED


def finds_unused(name: str, *, backbone: str) -> bool:
    """Whether weights without a gradient are looked for in every step, which takes a little time.

    Where the choice is free they are for encoders of timm: some have layers that none of our heads needs.
    """
    return name.endswith(_UNUSED) or (name == "auto" and backbone == "timm")
