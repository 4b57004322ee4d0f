"""The profilers of a run: what each report names, and that nothing is measured or written without one."""

import functools
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
from sleapnn_engine.training import loop
from sleapnn_engine.training.callbacks.control import Control
from sleapnn_engine.training.profiling import RECORDED_STEPS
from sleapnn_engine.training.run import train
from sleapnn_engine.training.state import Training
from tests.engine.training.jobs import events
from tests.engine.training.rendered import built, job, trained, write_labels

STAGES = {"data", "forward", "backward", "optimizer", "validation", "callbacks"}


Config = Callable[..., dict[str, Any]]


def made(folder: Path, labels: Path, **settings: Any) -> dict[str, Any]:
    """A job of two epochs with three steps each; takes keys of `trainer_config`."""
    settings = {"train_steps_per_epoch": 3, "max_epochs": 2, **settings}
    return job(folder, labels, **{f"trainer_config__{key}": value for key, value in settings.items()})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return functools.partial(made, tmp_path, write_labels(tmp_path))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, Path]:
    """The folder of one run with each profiler, and of one without."""
    folder = tmp_path_factory.mktemp("runs")
    labels = write_labels(folder)
    return {
        choice: trained(made(folder, labels, profiler=choice, run_name=f"run-{choice}"))
        for choice in (None, "simple", "advanced", "pytorch")
    }


def reports(run: Path) -> set[str]:
    return {path.name for path in run.glob("profile*")}


def report(run: Path) -> list[str]:
    """The lines of a run's report after the first, which says what was measured, and the second, which is Lightning's."""
    (path,) = run.glob("profile.*.txt")
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    assert first == "6 steps on cpu; 2 epochs done in all."
    assert "Profiler Report" in lines
    return lines


@pytest.mark.setting("trainer_config.profiler")
def test_the_simple_profiler_times_the_stages(runs: dict[str | None, Path]) -> None:
    assert reports(runs["simple"]) == {"profile.simple.txt"}
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in report(runs["simple"]) if "|" in row]
    found = {name: (int(calls), float(total)) for name, _, calls, total, _ in rows[1:]}
    calls = dict.fromkeys(("data", "forward", "backward", "optimizer"), 6) | {
        "validation": 2,
        "callbacks": 6 + 2,
    }
    assert {name: count for name, (count, _) in found.items()} == {"Total": sum(calls.values()), **calls}
    assert 0 < sum(total for name, (_, total) in found.items() if name != "Total") <= found["Total"][1]


def test_time_that_a_run_was_paused_is_left_out(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause is one in name only: an hour that was never waited is taken off, and would show as less than nothing."""
    monkeypatch.setattr(Control, "batch_ended", pause_in_name)
    run = trained(config(profiler="simple", train_steps_per_epoch=1, max_epochs=1))
    rows = {
        line.split()[1]: line.split()
        for line in (run / "profile.simple.txt").read_text().splitlines()
        if "|" in line
    }
    assert max(float(rows["callbacks"][7]), float(rows["Total"][7])) < -3000
    assert float(rows["backward"][7]) > 0


def pause_in_name(control: Control, training: Training, result: object) -> None:
    training.progress.paused_seconds += 3600


@pytest.mark.setting("trainer_config.profiler")
def test_the_advanced_profiler_times_python_functions(runs: dict[str | None, Path]) -> None:
    assert reports(runs["advanced"]) == {"profile.advanced.txt"}
    lines = report(runs["advanced"])
    assert {line.split(": ")[1] for line in lines if line.startswith("Profile stats for: ")} == STAGES
    for name, calls in (
        ("batches.py:\\d+\\(next_batch\\)", 6),
        ("validation.py:\\d+\\(validate\\)", 2),
        ("run_backward", 6),
    ):
        line = next(line for line in lines if re.search(name, line))
        assert int(line.split()[0]) == calls


@pytest.mark.setting("trainer_config.profiler")
def test_the_pytorch_profiler_times_operators(runs: dict[str | None, Path]) -> None:
    run = runs["pytorch"]
    assert reports(run) == {"profile.pytorch.txt", "profile.pytorch.trace.json.gz"}
    text = "\n".join(report(run))
    for name in ("aten::convolution_backward", "aten::max_pool2d", "Self CPU", *STAGES):
        assert name in text
    trace = json.loads(gzip.decompress((run / "profile.pytorch.trace.json.gz").read_bytes()))
    counts = [event.get("name") for event in trace["traceEvents"]].count
    # The first of six steps is left out and the second warms up.
    assert (counts("[pl][profile]forward"), counts("[pl][profile]validation")) == (4, 2)
    assert counts("aten::convolution_backward") >= 4


@pytest.mark.parametrize("steps", [1, RECORDED_STEPS + 4])
def test_few_and_many_steps(config: Config, capfd: pytest.CaptureFixture[str], steps: int) -> None:
    run = trained(config(profiler="pytorch", train_steps_per_epoch=steps, max_epochs=1))
    assert capfd.readouterr().err == "", "the library's own messages are not for people"
    text = (run / "profile.pytorch.txt").read_text(encoding="utf-8")
    assert reports(run) >= {"profile.pytorch.txt"}
    backward = next((line for line in text.splitlines() if "[pl][profile]backward" in line), None)
    assert (backward is None) == (steps == 1) == ("Nothing was recorded" in text)
    assert backward is None or int(backward.split()[-1]) == RECORDED_STEPS


@pytest.mark.setting("trainer_config.profiler")
@pytest.mark.parametrize("choice", [None, "passthrough"])
def test_nothing_is_measured_without_a_profiler(config: Config, choice: str | None) -> None:
    profile = built(config(profiler=choice), lambda training: training.profile)
    assert profile("forward") is profile("backward"), "nothing is made anew for a stage"
    with profile("forward") as measured:
        assert measured is None


@pytest.mark.parametrize("choice", ["simple", "advanced", "pytorch"])
def test_profiling_changes_no_number(runs: dict[str | None, Path], choice: str) -> None:
    plain, profiled = (
        [event["body"]["loss"] for event in events(runs[name]) if event["kind"] == "batch_end"]
        for name in (None, choice)
    )
    assert len(plain) == 6
    assert plain == profiled
    assert reports(runs[None]) == set()


@pytest.mark.parametrize("choice", ["simple", "advanced", "pytorch"])
def test_a_run_that_failed_has_its_report(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    """It fails within a stage of its fifth step."""
    good, seen = loop.total_loss, []

    def broken(*args: Any, **more: Any) -> Any:
        seen.append(args)
        if len(seen) > 4:
            raise ValueError("a fault")
        return good(*args, **more)

    monkeypatch.setattr(loop, "total_loss", broken)
    with pytest.raises(UserError, match="a fault"):
        train(build_job(config(profiler=choice, train_steps_per_epoch=6)), stream=io.StringIO())
    text = (tmp_path / "models" / "run" / f"profile.{choice}.txt").read_text(encoding="utf-8")
    assert text.startswith("4 steps on cpu; 4 steps done in all.\n")
    assert "backward" in text


def test_a_report_that_cannot_be_written_is_a_warning(config: Config, tmp_path: Path) -> None:
    (tmp_path / "models" / "run" / "profile.simple.txt").mkdir(parents=True)
    run = trained(config(profiler="simple"))
    assert "WARNING The profiler's report could not be written" in (run / "run.log").read_text(
        encoding="utf-8"
    )
