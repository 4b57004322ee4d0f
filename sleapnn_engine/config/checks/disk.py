"""Checks that look at the disk; slower than `validate`, so never run on each keystroke."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sleapnn_engine.config.issue import LOCATE, Issue, error, warning
from sleapnn_engine.config.reader import DATA, MODEL, TRAINER, ConfigReader
from sleapnn_engine.config.spec import SPEC

#: The settings that name labels.
LABELS = tuple(DATA + name for name in ("train_labels_path", "val_labels_path", "test_file_path"))
RESUME = TRAINER + "resume_ckpt_path"
STARTS = (MODEL + "pretrained_backbone_weights", MODEL + "pretrained_head_weights")


def check_files(values: Mapping[str, Any]) -> list[Issue]:
    """Missing or unusable files and folders named by the config; relative paths count from the working folder."""
    view = ConfigReader(values)
    issues: list[Issue] = []
    for key in SPEC.keys.values():
        if key.meta.kind in ("file", "paths", "path_or_paths") and key.meta.edited:
            said = view.value(key.path)
            if key.path in STARTS and view.value(RESUME):
                continue  # all weights come from the checkpoint; `validate` says so
            for item in said if isinstance(said, list) else [said]:
                if isinstance(item, str) and item:
                    issues.extend(_named(_file, key.path, item, key.meta.suffixes))
    for path in (TRAINER + "ckpt_dir", DATA + "cache_img_path"):
        folder = view.value(path)
        if isinstance(folder, str) and folder.strip():
            issues.extend(_named(_folder, path, folder))
    return issues


def _named(check: Callable[..., Iterator[Issue]], path: str, name: str, *more: Any) -> list[Issue]:
    """What a check finds; names that the system cannot take at all are an error of their own."""
    try:
        if "\0" in name:
            raise ValueError("it has a zero character in it")
        return list(check(path, name, *more))
    except OSError as problem:
        reason = problem.strerror
    except (ValueError, RuntimeError) as problem:  # a runtime error is the home folder of nobody
        reason = str(problem).rstrip(".")
    shown = name if len(name) <= 200 else f"{name[:200]}…"
    return [error(path, f"{SPEC.keys[path].meta.label}: {shown!r} cannot be used ({reason}).")]


def _file(path: str, name: str, suffixes: tuple[str, ...]) -> Iterator[Issue]:
    label = SPEC.keys[path].meta.label
    file = Path(name).expanduser()
    if file.is_dir():
        yield error(path, f"{label}: {name} is a folder; choose a file.")
    elif not file.exists():
        yield error(path, f"{label}: {name} does not exist.", LOCATE if path in LABELS else None)
    elif not file.is_file():
        yield error(path, f"{label}: {name} is a device or a pipe; choose a file.")
    elif not os.access(file, os.R_OK):
        yield error(path, f"{label}: {name} cannot be read; check its permissions.")
    elif suffixes and not name.lower().endswith(suffixes):
        yield warning(path, f"{label}: {name} does not end in {' or '.join(suffixes)}.")


def _folder(path: str, name: str) -> Iterator[Issue]:
    label = SPEC.keys[path].meta.label
    folder = Path(name).expanduser().absolute()
    existing = next(part for part in (folder, *folder.parents) if part.exists())
    if not existing.is_dir():
        yield error(path, f"{label}: {existing} is a file, so no folder can be made there.")
    elif not os.access(existing, os.W_OK) or str(existing).startswith("/proc"):
        yield error(path, f"{label}: {name} cannot be written to; choose another folder.")
