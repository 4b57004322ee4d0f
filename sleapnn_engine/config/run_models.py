"""Which trained model lies in a run folder, and which others make a pair with it; read without the network."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.centring import USUAL, VERSION, Centring, centring, usual
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import parse_config, read_text
from sleapnn_engine.config.model_types import MODEL_TYPES, ModelType
from sleapnn_engine.config.reader import DATA, HEADS, ConfigReader

#: The config that tells what a model is, and its weights; of each the first that is there counts.
CONFIGS = ("training_config.yaml", "training_config.yml", "training_config.json")
WEIGHTS = ("best.ckpt", "best_model.h5")
#: The config of a run as it was given, else as it was worked out.
GIVEN = ("initial_config.yaml", *CONFIGS)


@attrs.frozen(kw_only=True)
class RunModel:
    """A model that can be used: its folder, its type, the labels it was trained on, when its weights were written.

    `centring` says which point of an animal is its centre; `only_user` that animals which a program had predicted were
    not learned from.
    """

    folder: Path
    kind: ModelType
    labels: tuple[str, ...] = ()
    centring: Centring = USUAL
    only_user: bool = True
    written: float = 0.0


def values_of(config: Path) -> dict[str, Any]:
    """The values of a run's config, of SLEAP 1.4 too. Raises UserError."""
    from sleapnn_engine.config.legacy.conversion import import_legacy, is_legacy  # few files are old ones

    text = read_text(config)
    if is_legacy(text):
        return import_legacy(text, source=config).values
    return parse_config(text, path=config).values


def given_config(folder: Path) -> Path | None:
    """The config of a run as it was given, else as it was worked out; None where there is none."""
    return next((folder / name for name in GIVEN if (folder / name).is_file()), None)


def config_of(folder: Path) -> ConfigReader | None:
    """The config of a run as it was given, else as it was worked out; None where there is none to be read."""
    for name in GIVEN:
        try:
            return ConfigReader(values_of(folder / name))
        except UserError:
            continue
    return None


def run_model(folder: Path) -> RunModel | None:
    """The model of a run folder; None where there is none that can be used."""
    config = next((folder / name for name in CONFIGS if (folder / name).is_file()), None)
    weights = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if config is None or weights is None:
        return None
    try:
        view, written = ConfigReader(values_of(config)), weights.stat().st_mtime
    except (UserError, OSError):
        return None
    names = [name for name in view.chosen(HEADS) if name in MODEL_TYPES]
    if len(names) != 1:
        return None
    said = view.value(DATA + "train_labels_path")
    listed = said if isinstance(said, list) else [said]
    section = f"{HEADS}.{names[0]}.confmaps"
    return RunModel(
        folder=folder,
        kind=MODEL_TYPES[names[0]],
        labels=tuple(str(path) for path in listed if path),
        centring=centring(
            lambda name: view.value(f"{section}.{name}"), unsaid=usual(view.values.get(VERSION))
        ),
        only_user=view.value(DATA + "user_instances_only") is not False,
        written=written,
    )


def partners(model: RunModel, among: Iterable[Path]) -> list[RunModel]:
    """The models of these folders that make a pair with one: those of the same labels first, then the newest."""
    found = [other for folder in among if (other := run_model(folder)) and other.kind.pairs_with(model.kind)]
    return sorted(
        found, key=lambda one: (bool(set(one.labels) & set(model.labels)), one.written), reverse=True
    )
