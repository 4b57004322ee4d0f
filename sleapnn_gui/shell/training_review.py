"""What a press on Train will do, in words: what runs, on what, what it takes and leaves out, before it does."""

from collections.abc import Callable, Mapping
from typing import Any

from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.measured import measured_text, memory_text, time_text
from sleapnn_engine.config.pairs import WORDS
from sleapnn_engine.config.reader import HEADS, TRAINER, ConfigReader
from sleapnn_gui.document.commands import State
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import in_order
from sleapnn_gui.inspector.measuring import Measuring
from sleapnn_gui.inspector.see.network_view import size_text
from sleapnn_gui.monitor.model_words import model_name, samples_name
from sleapnn_gui.shell.status_line import by_weight, parameters_text
from sleapnn_gui.shell.title import labels_title
from sleapnn_gui.widgets.language import counted, tr

#: The rows, in their order.
MODEL, LABELS, LENGTH, FOLDER, MEMORY, TIME = (
    tr("Model"),
    tr("Labels"),
    tr("Length"),
    tr("Saves to"),
    tr("Memory"),
    tr("Time"),
)

_TIME = tr("Not known yet: measure ten steps, or see the Train page once the first are taken.")
_MEASURING = tr("Taking ten steps …")


def rows_of(
    document: Document, networks: Mapping[str, dict[str, Any]], measuring: Measuring
) -> dict[str, str]:
    """Words by row, of a pair those of both models in the order they are trained.

    `networks` is what the engine says of each network, by half, as far as that is known.
    """
    measured = measuring.found
    models = in_order(document.state)

    def lines(words: Callable[[State, dict[str, Any]], str]) -> str:
        return "\n".join(_named(one.half, words(one, document.figures_of(one.half) or {})) for one in models)

    samples = lines(_samples)
    return {
        MODEL: lines(_model),
        LABELS: f"{labels_title(document)}\n{samples}"
        if document.half
        else _joined(labels_title(document), samples),
        LENGTH: lines(_length),
        MEMORY: _measured_memory(measured) if measured else _memory(networks, [one.half for one in models]),
        TIME: _times(measured) if measured else _MEASURING if measuring.is_at_work else _TIME,
    }


def measured_sentence(measuring: Measuring) -> str:
    """What was measured, of a pair of each model."""
    return " ".join(_named(half, measured_text(found)) for half, found in measuring.found.items())


def _measured_memory(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """One model of a pair is trained after the other: the larger one counts."""
    half = max(measured, key=lambda half: measured[half]["memory"])
    return memory_text(measured[half]) + (
        tr(", for{larger}", larger=larger) if (larger := _larger(half)) else ""
    )


def _times(measured: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(_named(half, time_text(found)) for half, found in measured.items())


def _named(half: str, text: str) -> str:
    return f"{tr(WORDS[half])}: {text}" if half and text else text


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _type_of(state: State) -> str:
    return str(next(iter(ConfigReader(state.values).chosen(HEADS)), ""))


def _model(state: State, figures: dict[str, Any]) -> str:
    kind = _type_of(state)
    return _joined(
        model_name(kind) if kind else tr("none is chosen"),
        parameters_text(figures["parameters"]) if figures.get("parameters") else "",
        tr(
            "input {input_width} × {input_height} px",
            input_width=figures["input_width"],
            input_height=figures["input_height"],
        )
        if figures.get("input_width")
        else "",
    )


def _samples(state: State, figures: dict[str, Any]) -> str:
    if figures.get("train_samples") is None:
        return ""
    one = samples_name(_type_of(state))
    return tr(
        "{train_samples} {one} to learn from, {val_samples} to check on",
        train_samples=figures["train_samples"],
        one=one,
        val_samples=figures["val_samples"],
    )


def _length(state: State, figures: dict[str, Any]) -> str:
    value = ConfigReader(state.values).value
    epochs, batch = value(TRAINER + "max_epochs"), value(TRAINER + "train_data_loader.batch_size")
    said = [tr("up to {epochs}", epochs=counted(epochs, "epoch"))] if isinstance(epochs, int) else []
    if figures.get("steps_per_epoch"):
        said.append(
            tr(
                "{steps} each, of {samples}",
                steps=counted(figures["steps_per_epoch"], "step"),
                samples=counted(batch, "sample"),
            )
        )
    if value(TRAINER + "early_stopping.stop_training_on_plateau") is True:
        patience = value(TRAINER + "early_stopping.patience")
        said.append(tr("ends when {patience} epochs bring nothing better", patience=patience))
    return _joined(*said)


def _memory(networks: Mapping[str, dict[str, Any]], wanted: list[str]) -> str:
    if any(half not in networks for half in wanted):
        return "…"
    if any("failed" in networks[half] for half in wanted):
        return tr("not known")
    half = max(wanted, key=lambda half: networks[half]["step"])
    size, larger = size_text(networks[half]["step"]), _larger(half)
    of_step = tr("for a step of{larger}", larger=larger) if larger else tr("for a step")
    return tr("about {size} {of_step}, before what the device adds", size=size, of_step=of_step)


def _larger(half: str) -> str:
    """Of which model of a pair the memory is told: they are trained one after the other."""
    return tr(" the {words} model, the larger of both", words=tr(WORDS[half]).lower()) if half else ""


def worth_a_look(document: Document) -> list[Issue]:
    """What is wrong or doubtful, errors first."""
    return by_weight(document.every_issue())
