"""Curves over epochs, steps or time, the strip of parts, the gradient, and values that are copied."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from sleapnn_gui.monitor.minmax_pyramid import Series
from sleapnn_gui.monitor.run_axis import X
from sleapnn_gui.monitor.ticks import time_ticks
from tests.gui.monitor.showing import long_run, show
from tests.gui.monitor.speaking import Speaker


def paused_run():
    """Two epochs of four batches of a second and a validation of two; after the sixth batch a pause of 100 seconds."""
    speaker = Speaker().start(max_epochs=2).batches(4).epoch(0, val=0.4).batches(2)
    speaker.emit("paused", {"epoch": 1, "step": 6})
    speaker.emit("resumed", {"epoch": 1, "step": 6, "paused_seconds": 100.0}, after=100.0)
    return speaker.batches(2).epoch(1, val=0.3)


def drawn(curve):
    return tuple(values.tolist() for values in curve.getData())


def point_at(plot, x, y):
    plot.crosshair.point_at(plot.view.mapViewToScene(QPointF(x, y)))


class TestTheAxis:
    def test_in_time_a_pause_is_a_gap_of_its_length_in_every_line(self, page, app):
        show(page, paused_run())
        loss = page.charts.loss
        loss.show_over(X.TIME)
        x, y = drawn(loss.plot._ghost)
        assert [round(place) for place in x] == [1, 2, 3, 4, 7, 8, 8, 109, 110]
        assert [bool(np.isnan(value)) for value in y] == [False] * 6 + [True] + [False] * 2
        x, y = drawn(loss.plot._validation)
        assert (x[0], x[-1], len(x)) == (6.0, 112.0, 3)
        assert np.isnan(y[1])
        assert loss.plot.view.viewRange()[0][1] >= 112
        assert [one.xData[0] for one in (page.charts.speed_panel.speed._curve, page.charts.rate._curve)] == [
            6.0,
            1.0,
        ]
        loss.show_over(X.EPOCH)
        assert not np.isnan(loss.plot._ghost.getData()[1]).any(), "a pause has no length in epochs"

    def test_all_panels_change_together_and_say_so(self, page):
        show(page, long_run())
        loss = page.charts.loss
        next(action for action in loss.over.findChild(QMenu).actions() if "step" in action.text()).trigger()
        assert loss.over.text() == "by step ▾"
        assert drawn(loss.plot._validation)[0][:2] == [4.0, 8.0]
        assert page.charts.speed_panel.speed._curve.xData[:2].tolist() == [4.0, 8.0]
        loss.show_view("error")
        assert loss.errors._curves[0].xData[:2].tolist() == [4.0, 8.0]
        point_at(loss.errors, 7.9, 1.0)
        assert loss.errors.crosshair.read_out.text().startswith("epoch 2")

    def test_marks_and_the_pointer_are_where_things_happened(self, page):
        show(page, paused_run())
        loss = page.charts.loss
        loss.show_over(X.TIME)
        mark = next(line for line, text in loss.plot._marks if text.toPlainText().startswith("paused"))
        assert mark.value() == 8.0
        point_at(loss.plot, 60.0, -0.4)
        assert loss.plot.crosshair.read_out.text().startswith("epoch 2")

    def test_where_a_running_training_ends_in_time_is_reckoned_without_its_pauses(self, page):
        speaker = Speaker().start(max_epochs=4).batches(4).epoch(0, after=0.0)
        speaker.emit("paused", {"epoch": 1, "step": 4})
        speaker.emit("resumed", {"epoch": 1, "step": 4, "paused_seconds": 1000.0}, after=1000.0)
        show(page, speaker.batches(4).epoch(1, after=0.0))
        page.charts.loss.show_over(X.TIME)
        assert page.charts.loss.axis.end(page.store) == pytest.approx(1008 + 8, rel=0.3)

    def test_durations_below_the_axis_are_round(self):
        assert time_ticks(0, 1000) == [0, 300, 600, 900]
        assert time_ticks(0, 7 * 3600) == [3600.0 * hour for hour in range(8)]
        assert time_ticks(0, 20 * 86400)[1] == 3 * 86400


def test_checkpoints_are_marked_on_the_edge(page):
    speaker = long_run(2)
    speaker.emit("checkpoint", {"epoch": 1, "path": "/runs/best.ckpt", "best": True, "val": 0.5})
    show(page, speaker)
    assert page.charts.loss.plot._checkpoints.getData()[0].tolist() == [2.0]
    point_at(page.charts.loss.plot, 1.5, -0.5)
    assert page.charts.loss.plot.crosshair.values[-1] == "checkpoint"


def test_the_values_under_the_pointer_are_copied_as_cells(page):
    show(page, long_run())
    plot = page.charts.loss.plot
    point_at(plot, 3.4, plot.view.viewRange()[1][0] + 0.1)
    next(action for action in plot.crosshair.menu.actions()).trigger()
    cells = QGuiApplication.clipboard().text().split("\t")
    assert cells[0] == "epoch 4"
    assert "validation 0.250" in cells


class TestPartsOverEpochs:
    def test_a_row_a_part_in_px_and_as_a_share_of_the_body(self, page, app):
        show(page, long_run())
        loss = page.charts.loss
        loss.show_view("parts")
        app.processEvents()
        strip = loss.parts.plot
        assert strip.names == ["nose", "thorax", "tail"]
        errors = strip.errors(page.store)
        assert errors[:2, 4].tolist() == [2.0, 1.0]
        assert np.isnan(errors[2]).all()
        point_at(strip, 3.5, 2.5)
        # The median of 3 px is 2.5 % of the body.
        assert strip.crosshair.values == ("epoch 4", "nose 2.0 px", "1.7 % of body")
        assert loss.colors.words == ("1.0 px", "2.0 px")
        loss.of_body.setChecked(True)
        assert loss.colors.words == ("0.8 %", "1.7 %")
        pixels = strip._image.image
        assert pixels[0, :, 3].max() == 0, "the tail was not measured, and rows go upwards"
        assert (pixels[1, 10, :3] != pixels[2, 10, :3]).any()
        assert pixels[1, -1, 3] == 0, "nothing where no epoch was yet"

    def test_parts_that_do_not_fit_are_scrolled(self, page, app):
        nodes = tuple(f"part {number}" for number in range(40))
        speaker = Speaker().start(nodes=nodes).batches(4)
        speaker.epoch(0, by_node={name: 1.0 + place for place, name in enumerate(nodes)})
        show(page, speaker)
        page.charts.loss.show_view("parts")
        app.processEvents()
        assert page.charts.loss.parts.verticalScrollBar().maximum() > 0
        assert len(page.charts.loss.parts.plot.names) == 40


def test_the_gradient_is_a_view_where_it_was_measured(page):
    show(page, long_run())
    loss = page.charts.loss
    assert loss.views["gradient"].isHidden()
    show(page, Speaker().start().batches(4).epoch(0, gradient=10.0).batches(4).epoch(1, gradient=0.1))
    assert not loss.views["gradient"].isHidden()
    loss.show_view("gradient")
    np.testing.assert_allclose(loss.gradient._curve.yData, [1.0, -1.0])
    point_at(loss.gradient, 2.0, 0.0)
    assert loss.gradient.crosshair.values == ("epoch 2", "gradient 0.100")


def test_smoothing_does_not_trail_a_line_that_falls(page):
    series = Series()
    values = np.linspace(10.0, 2.0, 400)
    series.extend(np.arange(400.0), values)
    _, smooth = series.smoothed(0.96, most=4096)
    np.testing.assert_allclose(smooth, values, atol=0.05)


def test_a_full_heading_leaves_things_out_and_moves_no_panel(page, app):
    """What fits depends on the width alone: panels that changed places with what is shown would do so for ever."""
    counted = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "class_accuracy": 1.0}
    speaker = Speaker().start(max_epochs=9, model_type="multi_class_bottomup")
    for number in range(2):
        speaker.batches(4, heads=("confmaps", "pafs")).epoch(number, gradient=1.0, counted=counted)
    show(page, speaker)
    turned = []
    for _ in range(6):
        app.processEvents()
        turned.append(page.charts.upper.orientation())
    assert set(turned) == {Qt.Orientation.Horizontal}
    loss = page.charts.loss
    assert loss.smoothing_text.isHidden()
    for widget in (*loss.views.values(), loss.heads, loss.log, loss.over):
        assert widget.width() >= widget.sizeHint().width(), widget.text()
