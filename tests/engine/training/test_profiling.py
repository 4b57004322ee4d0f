"""The profilers of a run: what each report names, and that nothing is measured or written without one."""

import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sleapnn_engine.config.build import build_job
from sleapnn_engine.config.errors import UserError
from sleapnn_engine.training.run import train
from tests.engine.training.jobs import events, outline
from tests.engine.training.rendered import built, job, trained, write_labels

STAGES = {"data", "forward", "backward", "optimizer", "validation", "callbacks"}


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes jobs of two epochs with three steps each; takes keys of `trainer_config`."""
    labels = write_labels(tmp_path)
    usual = {"train_steps_per_epoch": 3, "max_epochs": 2}

    def make(**settings: Any) -> dict[str, Any]:
        changes = {f"trainer_config__{key}": value for key, value in {**usual, **settings}.items()}
        return job(tmp_path, labels, **changes)

    return make


Config = Callable[..., dict[str, Any]]


def reports(run: Path) -> set[str]:
    return {path.name for path in run.glob("profile*")}


@pytest.mark.setting("trainer_config.profiler")
def test_the_simple_profiler_times_the_stages(config: Config) -> None:
    run = trained(config(profiler="simple"))
    assert reports(run) == {"profile.simple.txt"}
    first, _, _, *rows = (run / "profile.simple.txt").read_text(encoding="utf-8").splitlines()
    assert first.startswith("Stages of 6 steps on cpu, until 2 epochs were done: ")
    whole = float(re.search(r": ([\d.]+) s", first)[1])
    found = {row[:16].strip(): row[16:].split() for row in rows}
    assert set(found) == STAGES | {"everything else"}
    calls = {name: int(found[name][0]) for name in STAGES}
    each_step = dict.fromkeys(("data", "forward", "backward", "optimizer"), 6)
    assert calls == {**each_step, "validation": 2, "callbacks": 6 + 2}
    totals = {name: float(row[1 if name in STAGES else 0]) for name, row in found.items()}
    assert sum(totals.values()) == pytest.approx(whole, abs=0.01)
    assert totals["backward"] > 0


@pytest.mark.setting("trainer_config.profiler")
def test_the_advanced_profiler_times_python_functions(config: Config) -> None:
    run = trained(config(profiler="advanced"))
    assert reports(run) == {"profile.advanced.txt"}
    text = (run / "profile.advanced.txt").read_text(encoding="utf-8")
    assert text.startswith(
        "Python functions of the training thread over 6 steps on cpu, until 2 epochs were done."
    )
    for name, calls in (
        ("batches.py:\\d+\\(next_batch\\)", 6),
        ("validation.py:\\d+\\(validate\\)", 2),
        ("run_backward", 6),
    ):
        line = next(line for line in text.splitlines() if re.search(name, line))
        assert int(line.split()[0]) == calls


@pytest.mark.setting("trainer_config.profiler")
def test_the_pytorch_profiler_times_operators(config: Config, capfd: pytest.CaptureFixture[str]) -> None:
    run = trained(config(profiler="pytorch"))
    assert capfd.readouterr().err == "", "the library's own messages are not for people"
    assert reports(run) == {"profile.pytorch.txt", "profile.pytorch.trace.json.gz"}
    text = (run / "profile.pytorch.txt").read_text(encoding="utf-8")
    for name in ("aten::convolution_backward", "aten::max_pool2d", "Self CPU", *STAGES):
        assert name in text
    trace = json.loads(gzip.decompress((run / "profile.pytorch.trace.json.gz").read_bytes()))
    counts = [event.get("name") for event in trace["traceEvents"]].count
    # The first of six steps warms up.
    assert (counts("forward"), counts("validation")) == (5, 2)
    assert counts("aten::convolution_backward") >= 5


def test_no_step_after_the_warming_one_leaves_a_report_that_says_so(config: Config) -> None:
    run = trained(config(profiler="pytorch", train_steps_per_epoch=1, max_epochs=1))
    assert reports(run) == {"profile.pytorch.txt"}
    assert "Nothing was recorded" in (run / "profile.pytorch.txt").read_text(encoding="utf-8")


@pytest.mark.setting("trainer_config.profiler")
@pytest.mark.parametrize("choice", [None, "passthrough"])
def test_nothing_is_measured_without_a_profiler(config: Config, choice: str | None) -> None:
    made = config(profiler=choice)
    assert reports(trained(made)) == set()
    profile = built(made, lambda training: training.profile)
    assert profile("forward") is profile("backward"), "nothing is made anew for a stage"
    with profile("forward") as measured:
        assert measured is None


@pytest.mark.parametrize("choice", ["simple", "advanced", "pytorch"])
def test_profiling_changes_no_number(config: Config, choice: str) -> None:
    losses = []
    for profiler in (None, choice):
        run = trained(config(profiler=profiler, run_name=f"run-{profiler}"))
        losses.append([event["body"]["loss"] for event in events(run) if event["kind"] == "batch_end"])
        kinds = outline(run)
    assert losses[0] == losses[1]
    assert kinds.count("epoch_end") == 2


@pytest.mark.parametrize("choice", ["simple", "advanced", "pytorch"])
def test_a_run_that_failed_has_its_report(config: Config, tmp_path: Path, choice: str) -> None:
    made = config(profiler=choice, max_epochs=50)
    made["trainer_config"]["optimizer"]["lr"] = 1e6
    with pytest.raises(UserError, match="became"):
        train(build_job(made), stream=io.StringIO())
    text = (tmp_path / "models" / "run" / f"profile.{choice}.txt").read_text(encoding="utf-8")
    assert "backward" in text


def test_a_report_that_cannot_be_written_is_a_warning(config: Config, tmp_path: Path) -> None:
    (tmp_path / "models" / "run" / "profile.simple.txt").mkdir(parents=True)
    run = trained(config(profiler="simple"))
    assert "WARNING The profiler's report could not be written" in (run / "run.log").read_text(
        encoding="utf-8"
    )
