"""The curves of a run as files, one spike that does not flatten them, and a first value that is seen."""

import csv
import io

import numpy as np
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer

from sleapnn_gui.monitor.curve_export import curves_as, write_curves
from tests.gui.monitor.showing import long_run, show
from tests.gui.monitor.speaking import Speaker


def test_each_kind_of_file_holds_the_curves(page, tmp_path):
    show(page, long_run(3))
    view, store = page.charts.loss, page.store
    picture = QImage.fromData(QByteArray(curves_as(".png", store=store, view=view)))
    assert (picture.width(), picture.height()) == (2 * view.width(), 2 * view.height())
    assert (
        len(
            {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 5)}
        )
        > 3
    )
    assert QSvgRenderer(QByteArray(curves_as(".svg", store=store, view=view))).isValid()
    rows = list(csv.DictReader(io.StringIO(curves_as(".csv", store=store, view=view).decode())))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [float(row["elapsed_seconds"]) for row in rows] == [6.0, 12.0, 18.0]
    assert [float(row["val_loss"]) for row in rows] == [1.0, 1 / 2, 1 / 3]
    assert (rows[0]["median_px"], rows[0]["median_px nose"], rows[0]["median_px tail"]) == ("3.0", "2.0", "")
    told = write_curves(tmp_path / "a.csv", curves_as(".csv", store=store, view=view))
    assert told == f"The curves are in {tmp_path / 'a.csv'}."
    assert "was not written" in write_curves(tmp_path / "nowhere" / "a.csv", b"")


def test_one_spike_does_not_flatten_the_plot(page):
    speaker = Speaker().start(max_epochs=80)
    for number in range(80):
        speaker.batches(4, loss=0.1).epoch(number, val=50.0 if number == 40 else 0.1 + 0.001 * (number % 7))
    show(page, speaker)
    plot = page.charts.loss.plot
    plot.set_log(False)
    assert plot.view.viewRange()[1][1] < 1.0
    plot.set_log(True)
    assert plot.view.viewRange()[1][1] < 0.0, "a logarithm: below 1"


def test_wild_first_batches_flatten_neither_the_plot_nor_the_line_of_training(page):
    """As the first steps of a rate that is too large are."""
    speaker = Speaker().start(max_epochs=20)
    for number in range(20):
        speaker.batches(4, loss=lambda step: 1e12 if step < 4 else 1e6 if step == 40 else 0.5).epoch(
            number, val=0.5
        )
    show(page, speaker)
    plot = page.charts.loss.plot
    assert plot.view.viewRange()[1][1] < 2.0, "a logarithm: below 100"
    line = plot._train.getData()[1]
    assert np.all(line <= np.log10(5.01))
    np.testing.assert_allclose(line[-8:], np.log10(0.5), atol=0.02)
    plot.set_log(False)
    assert plot.view.viewRange()[1][1] < 20.0


def test_a_first_validation_is_seen(page):
    show(page, Speaker().start().batches(4).epoch(0, val=0.5))
    x, y = page.charts.loss.plot._validation.getData()
    assert len(x) == 2
    np.testing.assert_allclose(y, np.log10(0.5))
