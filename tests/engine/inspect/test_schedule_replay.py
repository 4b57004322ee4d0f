"""What is said of a schedule is what a training does with the same losses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sleapnn_engine.config.errors import UserError
from sleapnn_engine.inspect.schedule_replay import MOST_EPOCHS, replay, typical_losses
from sleapnn_engine.protocol.journal import FILE_NAME

PLATEAU = {"reduce_lr_on_plateau": {"patience": 1, "cooldown": 0, "factor": 0.1, "threshold": 1e-6}}


def config(labels: str, **trainer: Any) -> dict[str, Any]:
    return {"data_config": {"train_labels_path": [labels]}, "trainer_config": trainer}


def run_folder(folder: Path, labels: str, losses: list[float]) -> Path:
    """A run with a journal of epochs that ended with these validation losses."""
    folder.mkdir(parents=True)
    (folder / "initial_config.yaml").write_text(yaml.safe_dump(config(labels)))
    bodies: list[tuple[str, dict[str, Any]]] = [("started", {"steps_per_epoch": 5})]
    bodies += [
        ("epoch_end", {"epoch": n, "train": loss, "val": loss, "lr": 1e-3}) for n, loss in enumerate(losses)
    ]
    lines = [
        json.dumps({"seq": seq, "t": 100.0 + seq, "kind": kind, "body": body})
        for seq, (kind, body) in enumerate(bodies)
    ]
    (folder / FILE_NAME).write_text("\n".join(lines) + "\n")
    return folder


def test_the_last_run_of_these_labels_is_replayed_by_the_rules_that_train(tmp_path: Path) -> None:
    labels = str(tmp_path / "a.slp")
    losses = [5.0, 4.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    run_folder(tmp_path / "runs" / "mine", labels, losses)
    run_folder(tmp_path / "runs" / "others", str(tmp_path / "b.slp"), [1.0] * 9)
    run_folder(tmp_path / "runs" / "short", labels, [1.0, 1.0])
    values = config(
        labels,
        max_epochs=50,
        optimizer={"lr": 1e-3},
        lr_scheduler=PLATEAU,
        early_stopping={"patience": 4, "min_delta": 0.0},
    )
    said = replay(values, folders=[str(tmp_path / "runs"), str(tmp_path / "nowhere")])
    assert said["run"] == "mine"
    assert said["val"] == losses
    # The loss stands still after its second and its sixth value; patience 1 waits one epoch and falls with the next.
    assert said["falls"] == [4, 8]
    assert said["rates"][4] == pytest.approx(1e-4)
    assert (said["best"], said["stopped"]) == (5, 9)
    patient = replay(
        config(labels, max_epochs=50, lr_scheduler=PLATEAU, early_stopping={"patience": 8}),
        folders=[str(tmp_path / "runs")],
    )
    assert patient["stopped"] is None
    assert len(patient["rates"]) == len(losses), "a plateau of losses that are not known is not known"
    steps = {"step_lr": {"step_size": 20, "gamma": 0.5}, "reduce_lr_on_plateau": None}
    longer = replay(
        config(labels, max_epochs=50, lr_scheduler=steps, early_stopping={"patience": 40}),
        folders=[str(tmp_path / "runs")],
    )
    assert longer["falls"] == [20, 40], "steps go by the epoch alone"


def test_without_a_run_a_typical_curve_is_shown_which_says_so_and_is_always_the_same() -> None:
    said = replay({"trainer_config": {"max_epochs": 120, "lr_scheduler": PLATEAU}})
    assert said["run"] is None
    assert said["val"] == typical_losses(120)
    assert said["falls"]
    assert len(replay({"trainer_config": {"max_epochs": 10**6}})["val"]) == MOST_EPOCHS


def test_what_else_is_wrong_in_the_config_does_not_matter_but_the_schedule_must_be_right() -> None:
    wrong_elsewhere = {"data_config": {"train_labels_path": 7}, "model_config": {"head_configs": {}}}
    assert replay(wrong_elsewhere | {"trainer_config": {"max_epochs": 9}})["rates"]
    with pytest.raises(UserError, match="max_epochs"):
        replay({"trainer_config": {"max_epochs": "many"}})
