"""A run in words and as a file: what it was trained with stands in both, and the file trains it again."""

import hashlib
import json
import os
import zipfile
from pathlib import Path

import pytest

from sleapnn_engine.config.files import dump_config, read_config
from sleapnn_engine.config.installed import versions_at_work
from sleapnn_engine.inspect.known_labels import KnownLabels
from sleapnn_engine.protocol.methods_text import methods_text
from sleapnn_engine.protocol.run_account import read_account
from tests.engine.commands.in_process import engine, prepare_only, smallest_job
from tests.engine.training.rendered import write_labels


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step, beside the labels that it learned from."""
    top = tmp_path_factory.mktemp("bundled")
    labels = write_labels(top)
    config = smallest_job(
        top,
        labels,
        "single_instance",
        trainer_config__ckpt_dir=str(top / "models"),
        trainer_config__run_name="one",
        trainer_config__seed=None,
        trainer_config__save_ckpt=True,
        trainer_config__max_epochs=1,
    )
    said = engine("train", config)
    assert said.code == 0, said.err
    return top / "models" / "one"


def test_a_run_in_words(trained: Path) -> None:
    account = read_account(trained)
    assert account.versions == versions_at_work()
    assert {"python", "sleapnn-gui", "torch", "sleap-io"} <= set(account.versions)
    text = engine("runs", "methods", trained).out.strip()
    assert text == methods_text(account)
    seed = read_config(trained / "training_config.yaml").values["trainer_config"]["seed"]
    for words in (
        "(single_instance)",
        f"PyTorch {account.versions['torch']}",
        "3 body parts: nose, neck, tail",
        f"{account.started['n_train']} labelled samples from labels.slp",
        "share of 0.2 of the labelled frames",
        f"(seed {seed})",
        "for up to 1 epoch. Training ran for 1 epoch.",
        "The weights of epoch 1, with the lowest validation loss",
        "median distance to the labels was",
    ):
        assert words in text, text
    assert "None" not in text


def test_a_bundle_trains_again(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "one.zip"
    said = engine("runs", "bundle", trained, "-o", output)
    assert (said.code, "note: " in said.err) == (0, False)
    assert "already" in engine("runs", "bundle", trained, "-o", output).err
    with zipfile.ZipFile(output) as archive:
        archive.extractall(tmp_path / "again")
    monkeypatch.chdir(tmp_path / "again")
    labels = trained.parents[1] / "labels.slp"
    digest = hashlib.sha256(labels.read_bytes()).hexdigest()
    assert Path("SHA256SUMS").read_text() == f"{digest}  {labels}\n"
    manifest = json.loads(Path("manifest.json").read_text())
    assert manifest["versions"] == versions_at_work()
    assert manifest["labels"][0] == {
        "path": str(labels), "sha256": digest, "size": labels.stat().st_size, "changed_since": False,
    }  # fmt: skip
    values = read_config(Path("config.yaml")).values
    assert values["trainer_config"]["seed"] == manifest["seed"] is not None
    assert all(Path(path).is_file() for path in values["data_config"]["train_labels_path"])
    checked = engine("validate", "config.yaml", "--labels")
    assert (checked.code, checked.faults) == (0, []), checked.err
    ready = prepare_only(Path("config.yaml"), known=KnownLabels())
    assert (ready.code, ready.faults) == (0, []), ready.err


def test_what_a_bundle_cannot_promise_is_told(trained: Path, tmp_path: Path) -> None:
    run, labels = tmp_path / "run", trained.parents[1] / "labels.slp"
    run.mkdir()
    copy = tmp_path / "copy.slp"
    copy.write_bytes(labels.read_bytes())
    values = read_config(trained / "training_config.yaml").values
    values["data_config"]["train_labels_path"] = [str(copy), str(tmp_path / "gone.slp")]
    values["trainer_config"].setdefault("wandb", {})["api_key"] = "a secret"
    (run / "training_config.yaml").write_text(dump_config(values))
    journal = (trained / "events.jsonl").read_text().splitlines(keepends=True)
    (run / "events.jsonl").write_text("".join(_without_versions(line) for line in journal))
    began = json.loads(journal[0])["t"]
    os.utime(copy, (began + 60, began + 60))
    said = engine("runs", "bundle", run, "-o", tmp_path / "run.zip")
    assert said.code == 0
    for words in (
        "copy.slp was changed after",
        "gone.slp is not there",
        "with which versions",
        "no files of its split",
    ):
        assert words in said.err
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        assert not any(b"a secret" in archive.read(name) for name in archive.namelist())
    (run / "training_config.yaml").unlink()
    assert "has kept no config" in engine("runs", "methods", run).err
    assert "no run in this folder" in engine("runs", "bundle", tmp_path, "-o", tmp_path / "b.zip").err
    assert not (tmp_path / "b.zip").exists()


def _without_versions(line: str) -> str:
    told = json.loads(line)
    told["body"].pop("versions", None)
    return json.dumps(told) + "\n"
