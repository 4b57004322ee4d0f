"""A run as one file that trains again: its config, the split, versions, seed, and what its labels were, by their hashes."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config import tree
from sleapnn_engine.config.disk import reason_of, whole_file
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import copy_values, dump_config
from sleapnn_engine.config.reader import DATA, TRAINER
from sleapnn_engine.protocol.methods_text import methods_text
from sleapnn_engine.protocol.run_account import RunAccount, read_account

CONFIG, MANIFEST, SUMS, METHODS, README = (
    "config.yaml",
    "manifest.json",
    "SHA256SUMS",
    "methods.txt",
    "README.txt",
)
_SPLITS = {"train": DATA + "train_labels_path", "val": DATA + "val_labels_path"}
_LABELS = (*_SPLITS.values(), DATA + "test_file_path")
_SECRET = TRAINER + "wandb.api_key"
_PIECE = 4 * 2**20
_README = """This is the training of the run “{name}”, ready to be done once more.

    sha256sum -c SHA256SUMS          the labels are those it was trained on
    pip install {packages}
    sleapnn-engine train config.yaml

Run both in this folder. {split}
manifest.json holds versions, seed and hashes; methods.txt is a text for a paper.
The images lie where the labels say: in the package itself, or in the videos that they name.
"""


@attrs.frozen
class Hashed:
    """A labels file that the run names: its path, its SHA-256, its size, and whether it was changed since the run began."""

    path: str
    sha256: str | None
    size: int | None
    changed_since: bool | None


def write_bundle(
    folder: Path, output: Path, *, told: Callable[[str], None], replace: bool = False
) -> list[str]:
    """Write the bundle of a run as a zip file; returns what a person has to know of it, in sentences.

    Reads the labels whole, to tell what they are. Raises UserError where the run has no config, the file is there
    already and not to be replaced, or cannot be written; what was there stays then.
    """
    account = read_account(folder)
    if output.exists() and not replace:
        raise UserError(
            "there is a file of this name already.",
            where=str(output),
            hint="Give another one, or say --replace.",
            usage=True,
        )
    splits = {name: sorted(folder.glob(f"labels_gt.{name}.*.slp")) for name in _SPLITS}
    hashed = [_hashed(Path(path), account, told) for path in _labels(account)]
    parts = dict(_parts(account, splits, hashed))
    try:
        with whole_file(output) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in parts.items():
                archive.writestr(name, text)
            for paths in splits.values():
                for path in paths:
                    archive.write(path, f"split/{path.name}")
    except OSError as problem:
        raise UserError(
            f"the bundle cannot be written: {reason_of(problem)}.", where=str(output)
        ) from problem
    return [*_doubts(account, splits, hashed)]


def _parts(
    account: RunAccount, splits: dict[str, list[Path]], hashed: list[Hashed]
) -> Iterator[tuple[str, str]]:
    values = copy_values(account.config.values)
    for name, setting in _SPLITS.items():
        if all(splits.values()):
            tree.put(values, setting, [f"split/{path.name}" for path in splits[name]])
    for setting, value in (
        ("ckpt_dir", "runs"),
        ("run_name", account.record.name),
        ("resume_ckpt_path", None),
    ):
        tree.put(values, TRAINER + setting, value)
    if tree.has(values, _SECRET):
        tree.put(values, _SECRET, None)
    yield CONFIG, dump_config(values)
    yield MANIFEST, json.dumps(_manifest(account, splits, hashed), indent=1) + "\n"
    yield SUMS, "".join(f"{one.sha256}  {one.path}\n" for one in hashed if one.sha256 is not None)
    yield METHODS, methods_text(account) + "\n"
    own = account.versions.get("sleapnn-gui")
    yield (
        README,
        _README.format(
            name=account.record.name,
            packages=f'"sleapnn-gui[engine]=={own}"' if own else '"sleapnn-gui[engine]"',
            split="The files in split/ hold the frames that it learned from and was measured on."
            if all(splits.values())
            else "The run has kept no files of its split: it is drawn anew, from the same labels and seed.",
        ),
    )


def _manifest(account: RunAccount, splits: dict[str, list[Path]], hashed: list[Hashed]) -> dict[str, Any]:
    record = account.record
    return {
        "run": record.name,
        "state": record.state.value,
        "started": record.started,
        "seed": account.config.value(TRAINER + "seed"),
        "versions": account.versions,
        "labels": [attrs.asdict(one) for one in hashed],
        "split": {name: [path.name for path in paths] for name, paths in splits.items()},
        "best_epoch": record.best_epoch,
        "best_val": record.best_val,
        "error": dict(record.measured.values),
    }


def _doubts(account: RunAccount, splits: dict[str, list[Path]], hashed: list[Hashed]) -> Iterator[str]:
    for one in hashed:
        if one.sha256 is None:
            yield f"{one.path} is not there any more, so its hash is not known."
        elif one.changed_since:
            yield f"{one.path} was changed after the run began: its hash is that of today's file."
    if not account.versions:
        yield "The run did not write down with which versions it was trained."
    if not all(splits.values()):
        yield "The run has kept no files of its split; with the same labels and seed it is drawn again."


def _labels(account: RunAccount) -> list[str]:
    said = (account.config.value(setting) for setting in _LABELS)
    listed = [one for value in said for one in (value if isinstance(value, list) else [value])]
    return list(dict.fromkeys(str(one) for one in listed if isinstance(one, str) and one))


def _hashed(path: Path, account: RunAccount, told: Callable[[str], None]) -> Hashed:
    told(f"Reading {path.name} …")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
        state = path.stat()
    except OSError:
        return Hashed(str(path), None, None, None)
    began = account.record.started
    changed = None if began is None else state.st_mtime > began
    return Hashed(str(path), digest.hexdigest(), state.st_size, changed)
