"""The command line inside the test's own process: what it returned, said and left."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.config.files import dump_config
from sleapnn_engine.data.labels import LabelReading
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.inspect.wanted import never
from sleapnn_engine.training import build, run
from sleapnn_engine.training.prepare import Prepared, prepare
from tests.engine.training.rendered import job


@attrs.frozen
class EventBody:
    """One command: exit code, standard output, the stream for errors."""

    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """Lines on the stream for errors that are neither warnings nor notes."""
        return [
            line
            for line in self.err.splitlines()
            if not any(mark in line for mark in ("warning: ", ": note: "))
        ]


def engine(*words: str | Path) -> EventBody:
    """Run one command. An exception that it lets out fails the test, as it would be a traceback for its user."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    said = EventBody(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in said.out + said.err
    return said


def prepare_only(config: Path, *, known: KnownLabels) -> EventBody:
    """Run `train` up to where it would read images and take a step; code 0 where it comes that far.

    `known` reads the labels, as they are for other questions about the same files.
    """
    enough = "This is as far as the preparation goes."

    def stop(_seed: int | None) -> int:
        raise UserError(enough)

    def read(paths: Sequence[str | Path], *, progress: object, **how: Any) -> LabelReading:
        return known.reader(never)(paths, **how)

    def prepare_known(*args: Any, **how: Any) -> Prepared:
        return prepare(*args, **how, read=read)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "prepare", prepare_known)
        patch.setattr(build, "seed_everything", stop)
        said = engine("train", config)
    rest = [line for line in said.err.splitlines() if enough not in line]
    return said if enough not in said.err else EventBody(0, said.out, "".join(f"{line}\n" for line in rest))


def smallest_job(
    folder: Path, labels: Path, model_type: str, *, val: Path | None = None, **changes: Any
) -> Path:
    """Write a config of one step on small images; the run goes to `folder`/models/run. Returns the config file."""
    cropped = model_type in ("centered_instance", "multi_class_topdown")
    config = job(
        folder,
        labels,
        model_type=model_type,
        data_config__val_labels_path=[str(val)] if val else None,
        data_config__validation_fraction=0.2,
        data_config__data_pipeline_fw="torch_dataset",
        data_config__preprocessing__scale=0.5 if cropped else 0.25,
        trainer_config__train_steps_per_epoch=1,
        trainer_config__val_data_loader__batch_size=8,
    )
    for key, value in changes.items():
        tree.put(config, key.replace("__", "."), value)
    path = folder / "job.yaml"
    path.write_text(dump_config(config), encoding="utf-8")
    return path
