"""Files of an evaluation: predictions as labels files other programs open, and metrics as they read them."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sleap_io as sio

from sleapnn_engine.config.disk import reason_of, whole_file, writable_target, write_whole
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.data.label_writing import save_labels
from sleapnn_engine.decoding.animals import PoseNames, PredictedFrame
from sleapnn_engine.evaluation.metrics import Metrics
from sleapnn_engine.evaluation.pose_tables import fill_tables

_CONFIG = "training_config.yaml"
#: What a window opens.
EVALUATION = "evaluation.json"


def write_predictions(
    path: Path,
    frames: Iterable[PredictedFrame],
    *,
    videos: Sequence[sio.Video],
    names: PoseNames,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write predicted animals as a labels file at `path`, which is returned.

    Frames without an animal are written too: they say that there was nothing found. Rows without a point are left
    out. An animal's class becomes its track, by name. Videos are referred to, images are not copied. `provenance`
    says where the predictions come from, in values that JSON knows. Raises UserError when it cannot be written.
    """
    skeleton = sio.Skeleton(
        nodes=list(names.nodes),
        edges=[list(edge) for edge in names.edges],
        symmetries=[list(pair) for pair in names.symmetries],
        name="Skeleton-0",
    )
    labels = sio.Labels(
        labeled_frames=[sio.LabeledFrame(video, 0) for video in videos],
        videos=list(videos),
        skeletons=[skeleton],
        tracks=[sio.Track(name) for name in names.classes],
        provenance=dict(provenance or {}),
    )
    try:
        save_labels(labels, path, fill=partial(fill_tables, frames=frames))
    except OSError as error:
        raise _unwritten("The predictions", path, error) from error
    return path


def write_metrics(folder: Path, *, split: str, index: int, metrics: Metrics) -> tuple[Path, Path]:
    """Write `metrics.<split>.<index>.npz` and `.json` into `folder` and return both paths.

    The first holds one 0-d object array named `metrics`. The second is strict JSON, NaN and infinities as null, without
    the table of single nodes (`pck_metrics.pcks`). A `training_config.yaml` beside them gets a new time stamp: SLEAP
    takes the newest of YAML and JSON files for the model's settings. Raises UserError when they cannot be written.
    """
    packed, plain = (folder / f"metrics.{split}.{index}.{kind}" for kind in ("npz", "json"))
    try:
        for path in (packed, plain):
            writable_target(path)
        with whole_file(packed) as file:
            np.savez_compressed(file, metrics=np.array(metrics, dtype=object))
        write_whole(plain, _json(metrics))
        _keep_newest(folder / _CONFIG)
    except OSError as error:
        raise _unwritten("The metrics", folder, error) from error
    return packed, plain


def write_plain_metrics(folder: Path, *, metrics: Metrics) -> tuple[Path, Path]:
    """Write `metrics.npz` and `metrics.json` into `folder` and return both paths.

    The first holds an array for each figure, named `section/figure`, which numpy reads without running anything that a
    file may hold. Raises UserError when they cannot be written.
    """
    packed, plain = (folder / f"metrics.{kind}" for kind in ("npz", "json"))
    arrays = {
        f"{section}/{name}": np.asarray(value)
        for section, figures in metrics.items()
        for name, value in figures.items()
    }
    try:
        for path in (packed, plain):
            writable_target(path)
        with whole_file(packed) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        write_whole(plain, _json(metrics))
        _keep_newest(folder / _CONFIG)
    except OSError as error:
        raise _unwritten("The metrics", folder, error) from error
    return packed, plain


def listed_metrics(metrics: Metrics) -> dict[str, Any]:
    """The figures in values that strict JSON knows, without the table of single nodes (`pck_metrics.pcks`)."""
    listed = {name: dict(section) for name, section in metrics.items()}
    listed.get("pck_metrics", {}).pop("pcks", None)
    values: dict[str, Any] = plain_values(listed)
    return values


def write_evaluation(folder: Path, *, evaluation: Mapping[str, Any]) -> Path:
    """Write what `report.evaluation_of` gives as `evaluation.json` into `folder`; returns the path. Raises UserError."""
    path = folder / EVALUATION
    try:
        writable_target(path)
        write_whole(path, json.dumps(evaluation, allow_nan=False, ensure_ascii=False) + "\n")
    except OSError as error:
        raise _unwritten("The evaluation", folder, error) from error
    return path


def plain_values(value: Any) -> Any:
    """Turn numpy into lists and numbers, and numbers JSON does not know into None."""
    if isinstance(value, float):  # nearly all are, and numpy's 64 bits too
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain_values(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain_values(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_values(part) for part in value]
    return value


def _json(metrics: Metrics) -> str:
    return json.dumps(listed_metrics(metrics), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _keep_newest(config: Path) -> None:
    """Give a config the newest time stamp of its folder."""
    if config.exists():
        # By the fine clock: the one that stamped the files just written may not have ticked since.
        now = time.time_ns()
        os.utime(config, ns=(now, now))


def _unwritten(what: str, path: Path, error: OSError) -> UserError:
    return UserError(
        f"{what} cannot be written ({reason_of(error)}).",
        where=str(path),
        hint="Make some space there, or see to the folder's permissions.",
    )
