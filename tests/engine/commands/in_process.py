"""The command line inside the test's own process: what it returned, said and left."""

import contextlib
import io
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.cli import main
from sleapnn_engine.config import tree
from sleapnn_engine.config.files import dump_config
from tests.engine.training.rendered import job


@attrs.frozen
class Said:
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


def engine(*words: str | Path) -> Said:
    """Run one command. An exception that it lets out fails the test, as it would be a traceback for its user."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    said = Said(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in said.out + said.err
    return said


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
