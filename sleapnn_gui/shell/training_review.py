"""What a press on Train will do, in words: what runs, on what, what it takes and leaves out, before it does."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.issue import Issue
from sleapnn_engine.config.measured import measured_text, memory_text, time_text
from sleapnn_engine.config.pairs import WORDS
from sleapnn_engine.config.reader import HEADS, TRAINER, ConfigReader
from sleapnn_engine.config.text_format import counted
from sleapnn_gui.document.document import Document
from sleapnn_gui.document.pair import in_order
from sleapnn_gui.inspector.measuring import Measuring
from sleapnn_gui.inspector.see.network_view import size_text
from sleapnn_gui.monitor.model_words import model_name, samples_name
from sleapnn_gui.shell.status_line import by_weight, parameters_text
from sleapnn_gui.shell.title import labels_title

#: The rows, in their order.
MODEL, LABELS, LENGTH, FOLDER, MEMORY, TIME = "Model", "Labels", "Length", "Saves to", "Memory", "Time"

_TIME = "Not known yet: measure ten steps, or see the Train page once the first are taken."
_MEASURING = "Taking ten steps …"


def rows_of(document: Document, network: dict[str, Any] | None, measuring: Measuring) -> dict[str, str]:
    """Words by row; `network` is what the engine says of the network, None while that is not known."""
    measured = measuring.found
    kind = document.chosen(HEADS) or ""
    figures = document.figures or {}
    model = [_both(document) or (model_name(kind) if kind else "none is chosen")]
    if figures.get("parameters"):
        model.append(parameters_text(figures["parameters"]))
    if figures.get("input_width"):
        model.append(f"input {figures['input_width']} × {figures['input_height']} px")
    return {
        MODEL: " · ".join(model),
        LABELS: _labels(document, figures, kind),
        LENGTH: _length(document, figures),
        MEMORY: _measured_memory(measured) if measured else _memory(network),
        TIME: _times(measured) if measured else _MEASURING if measuring.is_at_work else _TIME,
    }


def measured_sentence(measuring: Measuring) -> str:
    """What was measured, of a pair of each model."""
    return " ".join(_named(half, measured_text(found)) for half, found in measuring.found.items())


def _measured_memory(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """One model of a pair is trained after the other: the larger one counts."""
    half = max(measured, key=lambda half: measured[half]["memory"])
    larger = f", for the {WORDS[half].lower()} model, the larger of both" if half else ""
    return memory_text(measured[half]) + larger


def _times(measured: Mapping[str, Mapping[str, Any]]) -> str:
    return "\n".join(_named(half, time_text(found)) for half, found in measured.items())


def _named(half: str, text: str) -> str:
    return f"{WORDS[half]}: {text}" if half else text


def _both(document: Document) -> str:
    """The models of a pair in the order they are trained; what else stands in the rows is of the one in hand. '' without."""
    if not document.half:
        return ""
    types = [
        str(next(iter(ConfigReader(half.values).chosen(HEADS)), "")) for half in in_order(document.state)
    ]
    return f"{' first, then '.join(map(model_name, types))}; here {WORDS[document.half].lower()}"


def _labels(document: Document, figures: dict[str, Any], kind: str) -> str:
    said = [labels_title(document)]
    if figures.get("train_samples") is not None:
        one = samples_name(kind)
        said.append(f"{figures['train_samples']} {one} to learn from, {figures['val_samples']} to check on")
    return " · ".join(said)


def _length(document: Document, figures: dict[str, Any]) -> str:
    epochs = document.value(TRAINER + "max_epochs")
    said = [f"up to {counted(epochs, 'epoch')}"] if isinstance(epochs, int) else []
    if figures.get("steps_per_epoch"):
        batch = document.value(TRAINER + "train_data_loader.batch_size")
        said.append(f"{counted(figures['steps_per_epoch'], 'step')} each, of {counted(batch, 'sample')}")
    if document.value(TRAINER + "early_stopping.stop_training_on_plateau") is True:
        patience = document.value(TRAINER + "early_stopping.patience")
        said.append(f"ends when {patience} epochs bring nothing better")
    return " · ".join(said)


def _memory(network: dict[str, Any] | None) -> str:
    if network is None:
        return "…"
    if "failed" in network:
        return "not known"
    return f"about {size_text(network['step'])} for a step, before what the device adds"


def worth_a_look(document: Document) -> list[Issue]:
    """What is wrong or doubtful, errors first."""
    return by_weight(document.every_issue())
