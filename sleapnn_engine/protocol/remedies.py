"""What helps when a training failed: for each cause what happened, why, where to see to it, and what to change."""

from collections.abc import Callable

from sleapnn_engine.config.issue import LOCATE, Fix
from sleapnn_engine.config.numbers import plain
from sleapnn_engine.config.reader import DATA, PREPROCESSING, TRAINER
from sleapnn_engine.protocol.coach_case import Hint, RunCase, Shows

_BATCH = TRAINER + "train_data_loader.batch_size"
_VAL_BATCH = TRAINER + "val_data_loader.batch_size"
_SCALE = PREPROCESSING + "scale"
_PIPELINE = DATA + "data_pipeline_fw"
_RATE = TRAINER + "optimizer.lr"
_USUAL_RATE = 1e-3
_FOLDER = TRAINER + "ckpt_dir"
_DEVICES = TRAINER + "trainer_devices"
_ON_DEMAND = "torch_dataset"

Remedy = Callable[[RunCase], Hint]


def remedy_of(case: RunCase) -> Hint | None:
    """What helps this run; None where it did not fail, or of a cause that nobody has a remedy for."""
    cause = case.failure.cause if case.failure is not None else "killed" if case.killed else ""
    remedy = REMEDIES.get(cause)
    return None if remedy is None else remedy(case)


def _memory(case: RunCase) -> Hint:
    size = _whole(case, _BATCH)
    batch = "A batch takes" if size is None else f"Batches of {size} take"
    return _hint(
        "memory",
        f"{batch} more memory than is free, together with the network. Smaller batches or a smaller input scale "
        "take less; the result is hardly any worse.",
        fix=_smaller(case),
        setting=_BATCH,
    )


def _smaller(case: RunCase) -> Fix | None:
    """Half the batch; where that is one sample already, images of half the size."""
    size, scale = _whole(case, _BATCH), case.config.number(_SCALE) if case.config is not None else None
    if size is not None and size > 1:
        half = size // 2
        val = _whole(case, _VAL_BATCH) or 0
        return case.fix(f"Batches of {half}", {_BATCH: half, **({_VAL_BATCH: half} if val > half else {})})
    return case.fix(f"Input scale {plain(scale / 2)}", {_SCALE: scale / 2}) if scale else None


def _cache(case: RunCase) -> Hint:
    return _hint(
        "cache",
        "All images together take more memory than is free. Read as they are needed they take none, and training is a "
        "little slower.",
        fix=case.fix("Read images as needed", {_PIPELINE: _ON_DEMAND}),
        setting=_PIPELINE,
    )


def _disk(case: RunCase) -> Hint:
    kept = case.config is not None and str(case.config.value(_PIPELINE)).endswith("disk")
    return _hint(
        "disk",
        "The disk of the run folder has no room left. What was saved before is kept. Free some space, or let runs lie on "
        "another disk.",
        fix=case.fix("Keep no images on it", {_PIPELINE: _ON_DEMAND}) if kept else _elsewhere(case),
        setting=_FOLDER,
    )


def _permission(case: RunCase) -> Hint:
    return _hint(
        "permission",
        "This account may not write there, or the disk is read-only. Let runs lie in a folder of your own, or ask whoever "
        "looks after that one.",
        setting=_FOLDER,
        fix=_elsewhere(case),
    )


def _elsewhere(case: RunCase) -> Fix | None:
    """Runs in a folder that a person chooses."""
    return None if case.config is None else Fix("Choose another folder…", {}, folder=_FOLDER)


def _images(case: RunCase) -> Hint:
    return Hint(
        name="images",
        text="A video or image that the labels name is not where it was, or cannot be read: it was moved, renamed, or its "
        "disk is not connected. Say where it is now, put it back, or put it beside the labels file.",
        shows=Shows.LABELS,
        fix=LOCATE if case.config is not None else None,
        grave=True,
    )


def smaller_than(rate: float) -> float:
    """The learning rate to try where steps were too large: a tenth, or a usual one where that would still be a large one."""
    return min(rate / 10, _USUAL_RATE)


def slower(case: RunCase) -> Fix | None:
    """Smaller steps; None where the config does not say how large they were."""
    rate = case.config.number(_RATE) if case.config is not None else None
    return (
        case.fix(f"Learning rate {plain(smaller_than(rate))}", {_RATE: smaller_than(rate)}) if rate else None
    )


def _diverged(case: RunCase) -> Hint:
    rate = case.config.number(_RATE) if case.config is not None else None
    said = "" if rate is None else f" of {plain(rate)}"
    return _hint(
        "diverged",
        f"The steps were too large: with a learning rate{said} the loss grew until it was no number any more.",
        fix=slower(case),
        setting=_RATE,
    )


def _worker(case: RunCase) -> Hint:
    return _hint(
        "worker",
        "Another process of this run has ended, often because memory ran short where it was. One device needs no other "
        "process.",
        fix=case.fix("Train on one device", {_DEVICES: 1}),
        setting=_DEVICES,
    )


def _port(case: RunCase) -> Hint:
    return _hint(
        "port",
        "Another program listens where this training was to: often an earlier one that has not ended yet. Look for it in the "
        "list of runs and stop it, or train again; one device needs no port for other processes.",
        fix=case.fix("Train on one device", {_DEVICES: 1}) or _once_more(case),
        setting=_DEVICES,
    )


def _once_more(case: RunCase) -> Fix | None:
    return None if case.config is None else Fix("Train again", {}, again=True)


def _killed(case: RunCase) -> Hint:
    return _hint(
        "killed",
        "The system ended the engine without a word, as it does when memory runs short. What was saved before is kept: "
        "go on from it, with smaller batches.",
        fix=_smaller(case),
        setting=_BATCH,
    )


#: By the causes that engines tell, and the one that they cannot.
REMEDIES: dict[str, Remedy] = {
    "memory": _memory,
    "cache": _cache,
    "disk": _disk,
    "permission": _permission,
    "images": _images,
    "diverged": _diverged,
    "worker": _worker,
    "port": _port,
    "killed": _killed,
}


def _hint(name: str, text: str, *, setting: str, fix: Fix | None = None) -> Hint:
    return Hint(name=name, text=text, shows=Shows.SETTING, setting=setting, fix=fix, grave=True)


def _whole(case: RunCase, path: str) -> int | None:
    number = case.config.number(path) if case.config is not None else None
    return None if number is None else int(number)
