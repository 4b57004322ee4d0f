"""One example of every message, as it is after reading; the golden files hold the same as bytes."""

import numpy as np

from sleapnn_engine.protocol.events import KINDS, EventBody
from sleapnn_engine.protocol.messages import Event, Reply, Request

T = 1760000000.25

BODIES = {
    "started": {
        "run_name": "mouse-ünï",
        "run_dir": "/data/models/mouse-ünï",
        "model_type": "single_instance",
        "max_epochs": 100,
        "steps_per_epoch": 200,
        "n_train": 90,
        "n_val": 10,
        "nodes": ["nose", "tail.base"],
        "edges": [["nose", "tail.base"]],
        "device": "cuda:0",
        "precision": "bf16",
        "parameters": 1234567,
        "early_stopping_patience": None,
        "pid": 4711,
    },
    "phase": {
        "name": "cache",
        "state": "progress",
        "done": 40,
        "total": 100,
        "seconds": 1.5,
        "text": "Reading frames.",
    },
    "batch_end": {
        "epoch": 0,
        "step": 12,
        "batch": 12,
        "loss": None,
        "losses": {"confmaps": None, "pafs": 0.5},
        "seconds": 0.125,
    },
    "epoch_end": {
        "epoch": 3,
        "train": 0.0125,
        "val": 0.015,
        "lr": 0.0001,
        "seconds": 12.5,
        "samples_per_second": 64.0,
        "best": True,
        "best_epoch": 3,
        "best_val": 0.015,
        "data_wait": 0.05,
        "error": {
            "median_px": 2.5,
            "p90_px": 6.0,
            "percent_of_body": 1.25,
            "by_node": {"nose": 2.0, "tail.base": None},
            "precision": 0.5,
            "recall": 1.0,
            "f1": 0.75,
            "class_accuracy": None,
            "pck_10": 0.75,
            "pck_5": None,
            "mean_oks": 0.5,
            "oks_map": 0.25,
        },
        "gradient": 0.25,
        "swapped": {"earL ↔ earR": 0.25},
    },
    "checkpoint": {"epoch": 3, "path": "/data/models/mouse-ünï/best.ckpt", "best": True, "val": 0.015},
    "pausing": {},
    "paused": {"epoch": 3, "step": 640},
    "resumed": {"epoch": 3, "step": 640, "paused_seconds": 30.5},
    "stopping": {"after": "epoch"},
    "log": {"level": "warning", "text": "line one\nline two\u2028line three 🙂 \x00"},
    "failed": {"message": "The labels hold no frames.", "path": "/data/a.slp", "hint": "Label some frames."},
    "finished": {
        "outcome": "early_stopped",
        "epochs": 40,
        "best_epoch": 29,
        "best_val": 0.01,
        "run_dir": "/data/models/mouse-ünï",
        "seconds": 512.0,
    },
    "frame": {
        "epoch": 3,
        "split": "validation",
        "index": 0,
        "labels_file": "a.slp",
        "video": "a.mp4",
        "frame": 17,
        "scale": 2.0,
        "truth": [[[1.0, 0.5], None]],
        "predicted": [[[1.25, 0.5], [0.0, 2.0]]],
        "scores": [[0.9, 0.1]],
        "pairs": [{"labelled": 0, "predicted": 0, "error_px": 0.5}],
        "error_px": 0.5,
        "stride": 2,
        "strides": {"pafs": 4},
        "worst_of": ["nose"],
        "arrays": [
            {"name": "image", "dtype": "uint8", "shape": [4, 2, 1]},
            {"name": "confmaps", "dtype": "float16", "shape": [2, 2, 1]},
        ],
    },
    "heartbeat": {
        "state": "training",
        "epoch": 3,
        "step": 640,
        "last_seq": 700,
        "rss_bytes": 1073741824,
        "gpu_bytes": None,
    },
    "memory_released": {"text": "Handed 123 MB of GPU memory back."},
    "samples": {
        "train_frames": 90,
        "val_frames": 10,
        "train_animals": 180,
        "train_parts": {"nose": 178, "tail.base": 12},
        "val_parts": {"nose": 20, "tail.base": 0},
        "repeated": 3,
        "crop": 96,
        "cut": 14,
    },
    "stop_rules": {"rules": ["error of nose below 3 px", "by 18:00"]},
}

ARRAYS = {
    "image": np.arange(8, dtype=np.uint8).reshape(4, 2, 1),
    "confmaps": np.array([[[0.5], [1.0]], [[0.0], [-2.0]]], dtype=np.float16),
}

NON_FINITE = {"batch_end": ("loss", "losses.confmaps")}

EVENTS = {
    kind: Event(
        seq=None if kind == "heartbeat" else number,
        t=T + number,
        kind=kind,
        body=body,
        arrays=ARRAYS if kind == "frame" else {},
        non_finite=NON_FINITE.get(kind, ()),
    )
    for number, (kind, body) in enumerate(BODIES.items(), start=1)
}

ARGS = {
    "snapshot": {"from_seq": 0, "frames": False},
    "replay": {"from": 12, "to": 40},
    "stop": {"after": "batch"},
    "stop_when": {"rules": ["after 2 h"]},
}

VERB_NAMES = (
    "hello",
    "snapshot",
    "replay",
    "pause",
    "resume",
    "stop",
    "checkpoint",
    "release_memory",
    "ping",
    "stop_when",
)

REQUESTS = {
    verb: Request(id=number, token="t0k3n", verb=verb, args=ARGS.get(verb, {}))
    for number, verb in enumerate(VERB_NAMES, start=1)
}

REPLIES = {
    "accepted": Reply(id=7, ok=True, accepted=True, body={"next": 41, "frames": [2]}),
    "declined": Reply(id=8, ok=True, accepted=False, error="The run is not paused."),
    "refused": Reply(id=None, ok=False, accepted=False, error="The request cannot be read."),
}


def body_of(kind: str, **changes: object) -> dict[str, object]:
    """A body as an engine would send it, with some keys changed."""
    plain = {key: value for key, value in BODIES[kind].items() if key != "arrays"}
    if kind == "batch_end":
        plain |= {"loss": 0.25, "losses": {"confmaps": 0.25}}
    return {**plain, **changes}


def event_of(kind: str, **changes: object) -> EventBody:
    """The same as an engine would write it."""
    return KINDS[kind].read(body_of(kind, **changes))
