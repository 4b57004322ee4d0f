"""The curves of a run as a file: a picture (PNG), a drawing (SVG), or the numbers of each epoch (CSV)."""

import csv
import io
import math
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from sleapnn_engine.config.disk import reason_of, write_whole
from sleapnn_engine.protocol.counting import epoch_number
from sleapnn_engine.protocol.measures import MEASURES, MEDIAN_PX
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.widgets.language import tr

#: What there is to choose from, as a file dialog has it.
FILTERS = tr("Picture (*.png);;Drawing (*.svg);;Numbers of each epoch (*.csv)")
_SCALE = 2.0


def curves_as(suffix: str, *, store: RunStore, view: QWidget) -> bytes:
    """The content of a file of this kind: of what `view` shows now, or of all epochs of `store`."""
    if suffix == ".csv":
        return _csv(store).encode("utf-8")
    return _svg(view) if suffix == ".svg" else _png(view)


def write_curves(path: Path, content: bytes) -> str:
    """Write a file and say where it is, or why not. Runs aside."""
    try:
        write_whole(path, content)
    except OSError as problem:
        return tr("{path} was not written: {reason}.", path=path, reason=reason_of(problem))
    return written_text(path)


def written_text(path: Path) -> str:
    """What is said of a file that is written."""
    return tr("The curves are in {path}.", path=path)


def _csv(store: RunStore) -> str:
    """One row an epoch, counted from 1; what was not measured is empty."""
    nodes = list(store.header.nodes) if store.header is not None else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        [
            "epoch",
            "train_loss",
            "val_loss",
            "learning_rate",
            "seconds",
            "elapsed_seconds",
            "samples_per_second",
            "gradient",
        ]
        + [measure.key for measure in MEASURES]
        + [f"{MEDIAN_PX.key} {node}" for node in nodes]
    )
    for epoch in store.epochs:
        elapsed = epoch.t - (store.first_t or 0.0)
        figures = [epoch.train, epoch.val, epoch.lr, epoch.seconds, elapsed]
        figures += [epoch.samples_per_second, epoch.gradient]
        figures += [_or_nan(epoch.measured[measure]) for measure in MEASURES]
        figures += [_or_nan(epoch.measured.by_node.get(node)) for node in nodes]
        table.writerow(
            [epoch_number(epoch.number), *("" if math.isnan(one) else repr(one) for one in figures)]
        )
    return text.getvalue()


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _png(view: QWidget) -> bytes:
    """Twice as fine as on the screen."""
    image = QImage(view.size() * _SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_SCALE)
    image.fill(view.palette().window().color())
    view.render(image, QPoint())
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"PNG").write(image)
    return bytes(data.data())


def _svg(view: QWidget) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setSize(view.size())
    drawing.setViewBox(QRect(QPoint(), view.size()))
    drawing.setTitle(tr("Curves of a training"))
    view.render(drawing, QPoint())
    return bytes(data.data())
