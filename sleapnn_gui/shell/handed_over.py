"""What was dropped on the window or named at its start, by its kind: labels, runs, configs, trained models."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.reader import DATA, MODEL, TRAINER
from sleapnn_engine.config.run_models import CONFIGS
from sleapnn_engine.config.run_models import WEIGHTS as WEIGHT_FILES
from sleapnn_engine.protocol.connection import FILE_NAME as CONNECTION
from sleapnn_engine.protocol.journal import FILE_NAME as JOURNAL
from sleapnn_gui.widgets.language import tr

_WEIGHTS = (MODEL + "pretrained_backbone_weights", MODEL + "pretrained_head_weights")
TRAIN_LABELS, VALIDATION_LABELS = DATA + "train_labels_path", DATA + "val_labels_path"
_RESUMES = TRAINER + "resume_ckpt_path"


@attrs.frozen
class HandedOver:
    """Files and folders by what they are; `weights` are trained models, of which a person says what they are for."""

    labels: list[str]
    runs: list[Path]
    configs: list[Path]
    weights: list[Path]


def sort_by_kind(paths: Sequence[Path]) -> HandedOver:
    """Each of them once; what is nothing else is opened as a config, which says what is wrong with it."""
    labels = [str(path) for path in paths if is_labels(path)]
    others = [path for path in paths if not is_labels(path)]
    runs = {path: found for path in others if (found := _run_of(path))}
    weights = {path: found for path in others if path not in runs and (found := _weights_of(path))}
    configs = [_config_of(path) for path in others if path not in runs and path not in weights]
    return HandedOver(labels, list(dict.fromkeys(runs.values())), configs, list(weights.values()))


def is_labels(path: Path) -> bool:
    """Whether it is a labels file, by its name alone."""
    return path.name.lower().endswith(".slp")


def uses_of(weights: Path) -> dict[str, dict[str, Any]]:
    """What a config can do with a trained model: the name of the act, and the settings it changes."""
    uses = {tr("Start from its weights"): dict.fromkeys(_WEIGHTS, str(weights))}
    if weights.suffix.lower() == ".ckpt":
        uses[tr("Go on with its training")] = {_RESUMES: str(weights)}
    return uses


def uses_of_labels(new: Sequence[str], *, present: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What a config that learns from labels can do with others: the name of the act, and the settings it changes."""
    more = [path for path in new if path not in present]
    uses: dict[str, dict[str, Any]] = {tr("Replace"): {TRAIN_LABELS: list(new)}}
    if more:
        uses[tr("Add to training")] = {TRAIN_LABELS: [*present, *more]}
        uses[tr("Use as validation")] = {VALIDATION_LABELS: more}
    return uses


def _run_of(path: Path) -> Path | None:
    """The run folder that it is, or whose journal it is: that file has a kind of its own on the desktop, and no folder has."""
    # Unlike those of Path, these tests never fail, whatever the name.
    if os.path.isdir(path):
        return path if any(os.path.exists(path / name) for name in (JOURNAL, CONNECTION)) else None
    return path.parent if path.name == JOURNAL and os.path.exists(path) else None


def _weights_of(path: Path) -> Path | None:
    """The weights themselves, or those in a folder that has nothing but a model to open."""
    if not os.path.isdir(path):
        return path if path.suffix.lower() in (".ckpt", ".h5") else None
    if any(os.path.exists(path / name) for name in CONFIGS):
        return None  # its config says what the model is, and is opened
    return next((path / name for name in WEIGHT_FILES if os.path.exists(path / name)), None)


def _config_of(path: Path) -> Path:
    """The file itself, or the config of a folder that a training left."""
    if not os.path.isdir(path):
        return path
    return next((path / name for name in CONFIGS if os.path.exists(path / name)), path)
