"""The session with the engine itself: a small training that is paused, saved, resumed and stopped."""

import sys
from pathlib import Path

import pytest
import yaml

from sleapnn_engine.config.resources import resource_path
from sleapnn_gui.run.machine import State
from tests.gui.run.following import ROOT, Followed

ENGINE = (sys.executable, "-m", "sleapnn_engine")


def small_training(data: Path, *, epochs: int, steps: int) -> str:
    preset = resource_path("presets", "demo_single_instance.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(preset)
    labels = data / "fly32_single"
    config["data_config"]["train_labels_path"] = [str(labels / "train.pkg.slp")]
    config["data_config"]["val_labels_path"] = [str(labels / "val.pkg.slp")]
    config["data_config"]["preprocessing"]["scale"] = 0.25
    config["trainer_config"].update(
        max_epochs=epochs,
        train_steps_per_epoch=steps,
        min_train_steps_per_epoch=steps,
        save_ckpt=True,
        trainer_accelerator="cpu",
        visualize_preds_during_training=True,
    )
    return yaml.safe_dump(config)


@pytest.fixture
def run(app):
    followed = Followed(engine=ENGINE)
    yield followed
    followed.session.leave()


def test_pause_checkpoint_resume_stop(run, wait_until, shared_data, tmp_path):
    pytest.importorskip("torch")
    run_dir = tmp_path / "fly32"
    session = run.session
    session.start(small_training(shared_data, epochs=500, steps=10), run_dir, folder=ROOT)
    wait_until(lambda: session.can("pause"), 90)
    session.pause()
    wait_until(lambda: session.state is State.PAUSED, 30)
    steps = len(run.steps)
    session.ask("checkpoint")
    wait_until(lambda: "done" in run.stages("checkpoint"), 30)
    assert len(run.steps) == steps, "a paused engine takes no steps"
    session.resume()
    wait_until(lambda: run.kinds.count("epoch_end") >= 2, 60)
    session.stop()
    wait_until(lambda: run.outcome is not None, 90)
    assert run.outcome.state is State.STOPPED, run.outcome
    assert run.notices == []
    assert [run.stages(verb) for verb in ("pause", "resume", "stop")] == [["asked", "accepted", "done"]] * 3
    assert run.steps == list(range(len(run.steps)))
    assert run.seqs == list(range(1, run.seqs[-1] + 1))
    assert "frame" in run.kinds
    assert (run_dir / "best.ckpt").is_file()


def test_a_config_the_engine_refuses(run, wait_until, tmp_path):
    pytest.importorskip("torch")
    run.session.start("trainer_config:\n  max_epochs: -3\n", tmp_path / "run", folder=ROOT)
    wait_until(lambda: run.outcome is not None, 60)
    assert run.outcome.state is State.FAILED
    assert any("trainer_config.max_epochs" in problem for problem in run.outcome.problems)
    assert list(tmp_path.iterdir()) == []
