"""What is read: how a good one is made, and how it is read by the program, up to where a person would see it."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import h5py
import numpy as np
import torch

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import read_config
from sleapnn_engine.config.legacy.conversion import import_legacy
from sleapnn_engine.config.own_presets import read_own_preset
from sleapnn_engine.config.resources import resource_path
from sleapnn_engine.config.validate import validate
from sleapnn_engine.data.describe import describe_labels, description_lines
from sleapnn_engine.models.keras_file import read_keras
from sleapnn_engine.models.weights import read_checkpoint
from sleapnn_engine.protocol.codec import (
    DecodeError,
    decode_event,
    decode_reply,
    decode_request,
    encode_event,
)
from sleapnn_engine.protocol.connection import Connection, ConnectionFileError, Encrypted
from sleapnn_engine.protocol.epoch_history import read_epochs
from sleapnn_engine.protocol.events import Frame
from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_engine.protocol.kept_frames import read_frames, write_frames
from sleapnn_engine.protocol.messages import Event
from sleapnn_engine.protocol.peer_messages import read_message
from sleapnn_engine.protocol.run_account import read_account
from sleapnn_engine.protocol.run_state import read_run
from sleapnn_engine.protocol.training_queue import TrainingQueue
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.drafts import DraftStore
from sleapnn_gui.document.states import judged
from tests.engine.data.drawn import labels


@attrs.frozen(kw_only=True)
class Format:
    """One kind of file: what it is called where it is read, how to make one, and how it is read.

    `refusals` are what reading may raise, with words for a person; anything else is a fault. `apart` says that a library
    in C reads it, whose crash would take the tests with it.
    """

    file: str
    make: Callable[[Path], None]
    read: Callable[[Path], object]
    refusals: tuple[type[Exception], ...] = (UserError,)
    apart: bool = False


def _config(path: Path) -> None:
    path.write_bytes(resource_path("presets", "config_bottomup_unet_medium_rf.yaml").read_bytes())


def _read_config(path: Path) -> object:
    return [issue.message for issue in validate(read_config(path).values)]


def _profile(path: Path) -> None:
    model = {
        "backbone": {
            "unet": {"max_stride": 16, "output_stride": 4, "filters": 16, "filters_rate": 2.0, "stacks": 1}
        },
        "heads": {"single_instance": {"part_names": ["a", "b"], "sigma": 2.5, "output_stride": 4}},
    }
    values: dict[str, Any] = {
        "data": {"labels": {"training_labels": "a.slp", "validation_fraction": 0.1, "skeletons": []}, "preprocessing": {"input_scaling": 0.5}},
        "model": model,
        "optimization": {"batch_size": 4, "epochs": 10, "augmentation_config": {"rotate": True, "rotation_max_angle": 180.0}},
        "outputs": {"run_name": "x", "zmq": {"publish_port": 9001}},
    }  # fmt: skip
    path.write_text(json.dumps(values, indent=1))


def _read_profile(path: Path) -> object:
    return import_legacy(path.read_text(errors="replace"), source=path).report


def _spoken() -> list[bytes]:
    """A short training as the lines of its journal."""
    started = {
        "run_name": "fly_01", "run_dir": "/runs/fly_01", "model_type": "single_instance", "max_epochs": 3, "steps_per_epoch": 2,
        "n_train": 8, "n_val": 2, "nodes": ["nose", "tail"], "edges": [["nose", "tail"]], "device": "cpu", "precision": "32",
        "parameters": 1000, "early_stopping_patience": None, "pid": 42,
    }  # fmt: skip
    told: list[tuple[str, dict[str, Any]]] = [("started", started)]
    for epoch in range(3):
        told += [
            ("batch_end", {"step": 2 * epoch + k, "epoch": epoch, "batch": k, "loss": 0.5}) for k in range(2)
        ]
        told.append(
            (
                "epoch_end",
                {"epoch": epoch, "train": 0.5, "val": 0.4, "lr": 1e-3, "seconds": 1.0, "best": True},
            )
        )
    told.append(("finished", {"state": "completed", "reason": "max_epochs", "epochs": 3}))
    return [encode_event(Event(seq, 1000.0 + seq, kind, body)) for seq, (kind, body) in enumerate(told, 1)]


def _journal(path: Path) -> None:
    path.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in _spoken()))


def _read_journal(path: Path) -> object:
    reader = JournalReader(path.parent)
    told = read_run(path.parent), read_epochs(path.parent)
    with contextlib.suppress(UserError):  # there is no config beside it
        read_account(path.parent)
    return told, [event.kind for event in reader.read_all()], reader.pop_notices()


def _connection(path: Path) -> None:
    Connection(
        pid=1, token="t" * 32, events="tcp://127.0.0.1:1", requests="tcp://127.0.0.1:2", started=1.0, run_dir="/r",
        encrypted=Encrypted(key="k" * 40, events="tcp://127.0.0.1:3", requests="tcp://127.0.0.1:4")
    ).write(path.parent)  # fmt: skip


def _read_connection(path: Path) -> object:
    found = Connection.read(path)
    return found.is_here, repr(found)


def _checkpoint(path: Path) -> None:
    state = {"model.head.weight": torch.ones(3, 2), "model.head.bias": torch.zeros(3)}
    torch.save({"state_dict": state, "epoch": 3, "global_step": 30, "sleapnn_gui": {"places": 2}}, path)


def _read_checkpoint(path: Path) -> object:
    return sorted(map(str, read_checkpoint(path, setting="here")["state_dict"]))


def _keras(path: Path) -> None:
    with h5py.File(path, "w") as file:
        layer = file.create_group("model_weights/stem/stem")
        layer["kernel:0"] = np.ones((3, 3, 1, 4), np.float32)
        layer["bias:0"] = np.zeros(4, np.float32)


def _labels(path: Path) -> None:
    labels(path, ["a.mp4"])


def _frames(path: Path) -> None:
    said = Frame(
        epoch=0, split="validation", index=0, labels_file=None, video=None, frame=None, scale=1.0, truth=[[[1.0, 2.0]]],
        predicted=[[[1.5, 2.5]]], scores=[[0.5]], error_px=0.7, stride=2,
    )  # fmt: skip
    arrays = {"image": np.zeros((8, 8, 1), np.uint8), "confmaps": np.zeros((1, 4, 4), np.float16)}
    write_frames(path.parent, 1, [(said, arrays)])


def _queue(path: Path) -> None:
    queue = TrainingQueue(path)
    for name in ("a", "b"):
        queue.add(config=path.parent / f"{name}.yaml", folder=path.parent / name)


def _read_queue(path: Path) -> object:
    queue = TrainingQueue(path)
    return [
        one.words() if callable(getattr(one, "words", None)) else one for one in queue.read()
    ], queue.standing()


def _draft(path: Path) -> None:
    values = read_config(resource_path("presets", "config_bottomup_unet_medium_rf.yaml")).values
    DraftStore(path.parent).write(
        State(values=values, opened=values, title="mine", path=Path("/data/mine.yaml"))
    )
    next(path.parent.glob("*.json")).rename(path)


def _read_draft(path: Path) -> object:
    found = DraftStore(path.parent).claim_abandoned()
    shown = [judged(draft.state).issues for draft in found]
    for draft in found:
        draft.lock.release()
    return shown


def _message(path: Path) -> None:
    path.write_bytes(_spoken()[3])


def _read_message(path: Path) -> object:
    data = path.read_bytes()
    for decode in (decode_event, decode_request, decode_reply):
        try:
            decode(data)
        except DecodeError:
            continue
    return read_message(data)


FORMATS = {
    "config": Format(file="config.yaml", make=_config, read=_read_config),
    "preset": Format(file="own.yaml", make=_config, read=read_own_preset),
    "profile": Format(file="training_config.json", make=_profile, read=_read_profile),
    "journal": Format(file="events.jsonl", make=_journal, read=_read_journal),
    "connection": Format(
        file="engine.json", make=_connection, read=_read_connection, refusals=(ConnectionFileError,)
    ),
    "checkpoint": Format(file="best.ckpt", make=_checkpoint, read=_read_checkpoint),
    "frames": Format(file="epoch-0001.npz", make=_frames, read=read_frames),
    "queue": Format(file="queue.json", make=_queue, read=_read_queue),
    "draft": Format(file="0123456789abcdef.json", make=_draft, read=_read_draft),
    "message": Format(file="message.json", make=_message, read=_read_message),
    "keras": Format(file="best_model.h5", make=_keras, read=lambda path: read_keras(path, setting="here"), apart=True),
    "labels": Format(
        file="labels.slp", make=_labels, read=lambda path: description_lines(describe_labels([path])), apart=True
    ),
}  # fmt: skip
