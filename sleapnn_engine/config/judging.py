"""Judging trained models on labels: where the result is kept, the commands that predict and compare, and what they say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sleapnn_engine.config.disk import reason_of
from sleapnn_engine.config.run_models import RunModel, run_model

#: The folder in a run folder in which evaluations on other labels lie, and what each consists of.
FOLDER, PREDICTIONS, EVALUATION = "evaluations", "predictions.slp", "evaluation.json"
#: What is said before and between the two commands.
LOADING, COMPARING = "Loading the model …", "Comparing with the labels …"


def make_place(models: Sequence[RunModel], labels: str, *, owner: RunModel) -> Path | str:
    """A new folder in the run folder of `owner` for a judgement of these models, or why there is none."""
    stem = Path(labels).name.removesuffix(".slp").removesuffix(".pkg")
    name = " with ".join([stem, *(one.folder.name for one in models if one.folder != owner.folder)])
    folder = owner.folder / FOLDER
    made, number = folder / name, 0
    try:
        while made.exists():
            number += 1
            made = folder / f"{name}-{number}"
        made.mkdir(parents=True)
    except OSError as problem:
        return f"The evaluation cannot be kept in {folder}: {reason_of(problem)}."
    return made


def predict_words(models: Sequence[RunModel], labels: str, place: Path) -> list[str]:
    """The command, without the program's name, that predicts on labels with a model, or a pair in the order they work."""
    runs = [str(model.folder) for model in models]
    every = [] if any(not model.only_user for model in models) else ["--only-labelled"]
    return ["predict", *runs, f"--data={labels}", f"--output={place / PREDICTIONS}", *every, "--json"]


def evaluate_words(models: Sequence[RunModel], labels: str, place: Path) -> list[str]:
    """The command that compares what was predicted with the labels."""
    words = ["evaluate", f"--truth={labels}", f"--predicted={place / PREDICTIONS}"]
    last = models[-1]
    if last.kind.centroid:
        words.append(f"--centroid-method={last.centring.otherwise}")
        words += [f"--anchor={last.centring.anchor}"] if last.centring.anchor is not None else []
    words += ["--with-predictions"] if not last.only_user else []
    return [*words, f"--output={place}"]


def progress_text(body: Mapping[str, Any]) -> str:
    """How far predicting is, by a message of it; '' where the message says something else."""
    if body.get("kind") != "progress" or not body.get("n_total"):
        return ""
    return f"Predicting {body['n_processed']:,} of {body['n_total']:,} frames …"


def failure_text(body: Mapping[str, Any]) -> str:
    """Why predicting failed, by a message of it; '' where the message says something else."""
    if body.get("kind") != "failed":
        return ""
    return " ".join(str(body[name]) for name in ("where", "message", "hint") if body.get(name))


def pair_of_runs(folders: Sequence[Path]) -> tuple[list[RunModel], str] | str:
    """Both models of a trained pair in the order they work, with labels that neither has learned from; or why not."""
    models = [model for folder in folders if (model := run_model(folder)) is not None]
    if len(models) < len(folders):
        return "there are no weights of both."
    models.sort(key=lambda model: model.kind.cropped)
    if not models[0].kind.pairs_with(models[-1].kind):
        return "these two do not work as one."
    labels = next(iter(sorted(models[-1].folder.glob("labels_gt.val.*.slp"))), None)
    return "the run folder holds no validation frames." if labels is None else (models, str(labels))
