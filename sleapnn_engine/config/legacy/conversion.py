"""SLEAP ≤ 1.4 training files (JSON) to a config, with a report of what became of every setting."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.legacy.before_1 import carry_before_1_0
from sleapnn_engine.config.legacy.draft import Draft
from sleapnn_engine.config.legacy.json_text import parse_json
from sleapnn_engine.config.legacy.model import UnsupportedBackbone, carry_backbone, carry_heads
from sleapnn_engine.config.legacy.report import KINDS, Report, Row
from sleapnn_engine.config.legacy.rules import carry_copies, carry_rules
from sleapnn_engine.config.legacy.source import Source
from sleapnn_engine.config.spec import SPEC
from sleapnn_engine.config.validate import errors, validate

_SECTIONS = ("data", "model", "optimization", "outputs")
_NEW_SECTIONS = ("data_config", "model_config", "trainer_config")
_MOST_LEAVES = 20_000
#: Issues of a freshly imported config that no legacy setting is to blame for.
_NOT_LEGACY = ("data_config.train_labels_path",)

__all__ = ["KINDS", "LegacyImport", "Report", "Row", "UnsupportedBackbone", "import_legacy", "is_legacy"]


@attrs.frozen
class LegacyImport:
    """One import: the config as a nested dict, the report, and what follows the data it was trained on.

    `resolved` lists the dotted paths whose values SLEAP filled in from its data, or that the file sets by
    hand; `trained` tells whether a training wrote the file, so that resetting them should be offered.
    """

    values: dict[str, Any]
    report: Report
    resolved: list[str]
    trained: bool


def is_legacy(text: str | Mapping[str, Any]) -> bool:
    """Whether a text, whatever its file is called, is a SLEAP ≤ 1.4 training file; never raises."""
    if isinstance(text, str):
        if not text.lstrip("\ufeff \t\r\n").startswith(("{", "/")):
            return False
        try:
            text = parse_json(text)
        except UserError:
            return False
    return isinstance(text, Mapping) and (_is_before_1_0(text) or _is_1_x(text))


def _is_1_x(values: Mapping[str, Any]) -> bool:
    if any(name in values for name in _NEW_SECTIONS):
        return False
    model = values.get("model")
    return sum(name in values for name in _SECTIONS) >= 2 or (
        isinstance(model, Mapping) and ("backbone" in model or "heads" in model)
    )


def _is_before_1_0(values: Mapping[str, Any]) -> bool:
    model = values.get("model")
    return isinstance(model, Mapping) and ("output_type" in model or "backbone_name" in model)


def import_legacy(
    text_or_dict: str | Mapping[str, Any],
    *,
    source: Path | None = None,
    reset_resolved: bool = False,
    closest_unet: bool = False,
    image_size: tuple[int, int] | None = None,
) -> LegacyImport:
    """The config that a SLEAP ≤ 1.4 training file stands for, and the report.

    `source` names the file in messages. `reset_resolved` makes what SLEAP resolved from its data (part
    names, edges, classes, crop size, steps per epoch, skeletons) null again. `closest_unet` accepts a UNet
    in place of another backbone. `image_size` is (height, width) of the source images in pixels, if known.
    Raises UserError (usage) for what is no such file, UnsupportedBackbone for a backbone other than UNet.
    """
    where = str(source) if source else ""
    try:
        legacy = _checked(text_or_dict, where)
        if _is_before_1_0(legacy):
            return _imported_before_1_0(legacy, source, closest_unet=closest_unet)
        draft = Draft(Source(legacy), reset=reset_resolved, size=image_size)
        _convert(draft, closest_unet=closest_unet)
    except UnsupportedBackbone as problem:
        problem.where = problem.where or where
        raise
    except UserError as problem:
        inside = f" ({problem.where})" if problem.where and problem.where != where else ""
        problem.where = f"{where}{inside}".strip()
        raise
    except RecursionError:
        raise UserError(
            "The file nests too deeply to be a SLEAP training file.", where=where, usage=True
        ) from None
    values = _ordered(draft.values)
    report = Report(_judged(_sorted(draft), values), source.name if source else "")
    return LegacyImport(values, report, sorted(draft.resolved), _is_trained(draft.source, source))


def _imported_before_1_0(
    legacy: Mapping[str, Any], source: Path | None, *, closest_unet: bool
) -> LegacyImport:
    values, rows = carry_before_1_0(legacy, closest_unet=closest_unet)
    ordered = _ordered(values)
    return LegacyImport(ordered, Report(_judged(rows, ordered), source.name if source else ""), [], False)


def _checked(text_or_dict: str | Mapping[str, Any], where: str) -> Mapping[str, Any]:
    legacy = parse_json(text_or_dict, where=where) if isinstance(text_or_dict, str) else text_or_dict
    if not isinstance(legacy, Mapping):
        raise UserError("The file is no SLEAP training file: it holds no sections.", where=where, usage=True)
    if sum(1 for _ in tree.leaves(legacy)) > _MOST_LEAVES:
        raise UserError(
            f"The file has more than {_MOST_LEAVES:,} settings, so it is no SLEAP training file.",
            where=where,
            usage=True,
        )
    if _is_before_1_0(legacy):
        return legacy
    if any(name in legacy for name in _NEW_SECTIONS):
        raise UserError(
            "The file is a config of the new format already.",
            where=where,
            hint="Open it as it is.",
            usage=True,
        )
    if not _is_1_x(legacy):
        raise UserError(
            "The file is no SLEAP training file: it lacks the sections data, model, optimization, outputs.",
            where=where,
            hint="Choose initial_config.json or training_config.json of a SLEAP model folder.",
            usage=True,
        )
    return legacy


def _convert(draft: Draft, *, closest_unet: bool) -> None:
    carry_heads(draft)
    carry_backbone(draft, closest_unet=closest_unet)
    carry_rules(draft)
    carry_copies(draft)
    draft.finish()


def _sorted(draft: Draft) -> list[Row]:
    """The rows in the order of the file, what the file does not say at the end."""
    places = {path: place for place, path in enumerate(draft.source.leaves)}
    return sorted(draft.rows, key=lambda row: places.get(row.legacy_path, len(places)))


def _judged(rows: list[Row], values: dict[str, Any]) -> tuple[Row, ...]:
    """The rows, with a warning where the value carried over is not allowed here."""
    wrong = {issue.path: issue.message for issue in errors(validate(values)) if issue.path not in _NOT_LEGACY}
    judged = []
    for row in rows:
        said = [wrong[path] for path in row.new_paths if path in wrong]
        judged.append(attrs.evolve(row, kind="warning", reason=f"{row.reason} {said[0]}") if said else row)
    return tuple(judged)


def _is_trained(legacy: Source, source: Path | None) -> bool:
    return bool(legacy.value("data.labels.skeletons")) or (
        source is not None and source.name == "training_config.json"
    )


def _ordered(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The same config with sections and keys in the schema's order."""
    section = SPEC.sections[prefix]
    ordered: dict[str, Any] = {}
    for path in (*section.sections, *section.keys) if not prefix else (*section.keys, *section.sections):
        name = path.rpartition(".")[2]
        if name in values:
            child = values[name]
            is_section = path in SPEC.sections and isinstance(child, dict)
            ordered[name] = _ordered(child, path) if is_section else copy.deepcopy(child)
    return ordered
