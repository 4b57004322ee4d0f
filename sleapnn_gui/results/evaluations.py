"""What evaluations a run has: those of its own training, and those that were made since; read without the engine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.judging import EVALUATION, FOLDER, PREDICTIONS
from sleapnn_engine.config.plain_json import from_json
from sleapnn_engine.config.run_models import RunModel, partners, run_model
from sleapnn_gui.results.frame_source import Files
from sleapnn_gui.widgets.language import tr

_SPLITS = {"test": tr("Test"), "val": tr("Validation"), "train": tr("Training")}
_MOST_OTHERS = 30


@attrs.frozen
class Source:
    """One evaluation: what it is called, the files it compares, and where its figures are, if they were written."""

    name: str
    files: Files
    saved: Path | None = None


@attrs.frozen
class RunResults:
    """A run with its evaluations, the most telling first, and the models that make a pair with its own."""

    folder: Path
    model: RunModel | None
    sources: tuple[Source, ...]
    partners: tuple[RunModel, ...] = ()


@attrs.define(eq=False)
class Side:
    """One of the runs that are shown: its folder, what it has, what is shown of it, and the figures once they are there."""

    results: RunResults
    source: Source
    judgement: "Judgement | None" = None

    @property
    def name(self) -> str:
        return self.results.folder.name


@attrs.frozen
class Judgement:
    """An evaluation as the engine wrote it; `report` and `metrics` are described at the engine's `report_of`."""

    truth: str
    predicted: str
    report: dict[str, Any]
    metrics: dict[str, Any]
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, body: dict[str, Any]) -> "Judgement":
        """Read an answer of the engine or a file it wrote. Raises ValueError for one that lacks what is shown."""
        try:
            report, metrics = body["report"], body["metrics"]
            for name in ("animals", "distances", "parts", "curves", "frames", "videos"):
                report[name]
            return cls(
                str(body["truth"]), str(body["predicted"]), report, metrics, tuple(map(str, body["notes"]))
            )
        except (KeyError, TypeError) as problem:
            raise ValueError(f"It lacks {problem}.") from problem

    def figure(self, *path: str) -> float | None:
        """A number of the metrics or the report; None where there is none."""
        value: Any = {"metrics": self.metrics, "report": self.report}
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def results_of(folder: Path) -> RunResults:
    """The evaluations of a run. For a thread."""
    model = run_model(folder)
    found: list[RunModel] = []
    if model is not None and (model.kind.cropped or model.kind.centroid):
        found = partners(model, _beside(folder))
    return RunResults(folder, model, tuple(_sources(folder, model)), tuple(found))


def others_of(folder: Path) -> list[Path]:
    """Runs beside one that have evaluations, the newest first. For a thread."""
    beside = sorted(_beside(folder), key=lambda one: one.stat().st_mtime, reverse=True)
    return [one for one in beside if any(_sources(one, None))][:_MOST_OTHERS]


def read_judgement(path: Path) -> Judgement | str:
    """The figures of a file, or a sentence why there are none. For a thread."""
    try:
        return Judgement.read(from_json(path.read_text(encoding="utf-8")))
    except OSError as problem:
        return tr("{path} cannot be read: {reason}.", path=path, reason=reason_of(problem))
    except ValueError as problem:
        return tr("{path} is no evaluation. {problem}", path=path, problem=problem)


def _beside(folder: Path) -> list[Path]:
    try:
        return [one for one in folder.parent.iterdir() if one != folder and one.is_dir()]
    except OSError:
        return []


def _sources(folder: Path, model: RunModel | None) -> Iterable[Source]:
    for path in sorted((folder / FOLDER).glob(f"*/{EVALUATION}")):
        yield Source(path.parent.name, _files(path.parent / PREDICTIONS, None, model), path)
    for split, name in _SPLITS.items():
        for predicted in sorted(folder.glob(f"labels_pr.{split}.*.slp")):
            number = predicted.name.split(".")[2]
            truth = folder / f"labels_gt.{split}.{number}.slp"
            if truth.is_file():
                more = f" {number}" if number != "0" else ""
                yield Source(tr("{name} frames{more}", name=name, more=more), _files(predicted, truth, model))


def _files(predicted: Path, truth: Path | None, model: RunModel | None) -> Files:
    """As the training judges its own: centres by the model's rule, predicted animals where they were learned from."""
    where = model.centring if model is not None and model.kind.centroid else None
    return Files(
        str(predicted),
        None if truth is None else str(truth),
        anchor=None if where is None else where.anchor,
        centroid_method=None if where is None else where.otherwise,
        with_predictions=model is not None and not model.only_user,
    )
