"""`sleapnn-engine advise LABELS ...`: how to train on labels, with the reasons, and a config that does so."""

import argparse
import json
from pathlib import Path
from typing import Any

from sleapnn_engine.config import tree
from sleapnn_engine.config.advice import Advice, advice_values, advise, all_changes, apply_advice
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config, read_config, save_text
from sleapnn_engine.config.issue import Remove
from sleapnn_engine.config.model_types import MODEL_TYPES
from sleapnn_engine.config.presets import load_preset, preset_of
from sleapnn_engine.config.text_format import counted

_LABELS = "data_config.train_labels_path"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "labels", nargs="+", metavar="LABELS", help="labels files (.slp, .pkg.slp), read as one set"
    )
    parser.add_argument(
        "--config", type=Path, metavar="CONFIG", help="advise on this config instead of a preset"
    )
    parser.add_argument("--type", choices=tuple(MODEL_TYPES), help="the type of model, whatever fits best")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="write the config with all of it applied; never over a file",
    )


def run(args: argparse.Namespace) -> int:
    """Print the advice; 1 where the labels allow none. Raises UserError for a config that cannot be read."""
    from sleapnn_engine.data.describe import describe_labels  # slow

    facts = describe_labels(args.labels, check_images=False)
    if args.config is not None:
        values: dict[str, Any] = read_config(args.config).values
    else:
        values = load_preset("single_instance_unet_medium_rf")
        kind = args.type or _wanted_type(values, facts)
        values = load_preset(preset_of(kind).name) if kind else values
    tree.put(values, _LABELS, [str(path) for path in args.labels])
    pieces = advise(values, facts, model_type=args.type)
    if args.json:
        print(json.dumps([advice_values(piece) for piece in pieces], indent=1, ensure_ascii=False))
    else:
        print("\n".join(_lines(pieces, facts)))
    if args.write is not None and pieces:
        if args.write.exists():
            message = "There is a file of this name, and nothing was written."
            raise UserError(message, where=str(args.write), hint="Give another name.", usage=True)
        save_text(args.write, dump_config(apply_advice(values, all_changes(pieces))))
    return 0 if pieces else 1


def _wanted_type(values: dict[str, Any], facts: dict[str, Any]) -> str:
    """The type that the labels speak for; '' where they allow no advice."""
    model = next((piece for piece in advise(values, facts) if piece.name == "model"), None)
    if model is None:
        return ""
    after = apply_advice(values, model.changes)["model_config"]["head_configs"]
    return str(next(name for name, section in after.items() if section))


def _lines(pieces: list[Advice], facts: dict[str, Any]) -> list[str]:
    if not pieces:
        problems = facts.get("problems") or ["There are no labelled frames to learn from."]
        return [f"No advice: {problems[0]}"]
    lines = []
    for piece in pieces:
        lines.append(f"{piece.title}{' (so already)' if piece.done else ''}")
        lines.append(f"    {piece.reason}")
        lines += [f"    {path}={_short(value)}" for path, value in piece.changes.items() if not piece.done]
    open_pieces = [piece for piece in pieces if piece.changes and not piece.done]
    return [*lines, "", f"{counted(len(open_pieces), 'piece')} of advice to apply."]


def _short(value: Any) -> str:
    if value is Remove:
        return "(left out)"
    if isinstance(value, dict):
        return "(as in the preset)"
    return json.dumps(value, ensure_ascii=False)
