"""The pointer in one chart is told in all of them, each with what is known of that epoch and no other."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from sleapnn_gui.monitor.plots import QuietPlot
from sleapnn_gui.monitor.run_axis import X
from sleapnn_gui.run.machine import State
from tests.gui.monitor.showing import long_run, show
from tests.gui.monitor.speaking import Speaker


def point_at(plot, x):
    (_, _), (low, high) = plot.view.viewRange()
    plot.crosshair.point_at(plot.view.mapViewToScene(QPointF(x, (low + high) / 2)))


def beat(speaker, step, *, memory=2.0, gpu=None, state="training"):
    body = {
        "state": state,
        "epoch": step // 4,
        "step": step,
        "last_seq": speaker.seq,
        "rss_bytes": int(memory * 2**30),
        "gpu_bytes": None if gpu is None else int(gpu * 2**30),
    }
    return speaker.emit("heartbeat", body, after=1.0)


def beating(**more):
    """Four epochs of four steps, a heartbeat after each step."""
    speaker = Speaker().start(max_epochs=8, steps=4, n_train=16)
    for number in range(4):
        for _ in range(4):
            speaker.batches(1, seconds=0.0)
            beat(speaker, speaker.step, **more)
        speaker.epoch(number, val=1 / (1 + number), lr=1e-3 / (1 + number), speed=4.0 + number, gradient=0.5)
    return speaker


def test_the_pointer_in_one_chart_is_told_in_all(page):
    show(page, beating(gpu=3.0))
    charts = page.charts
    point_at(charts.loss.plot, 2.5)
    assert charts.loss.plot.crosshair.values[0] == "epoch 3"
    assert "validation 0.333" in charts.loss.plot.crosshair.values
    assert charts.rate.crosshair.read_out.text() == "rate 3.3e-4"
    assert charts.speed_panel.speed.crosshair.read_out.text() == "6.0 samples / s"
    assert charts.rate.crosshair._line.value() == pytest.approx(2.5)
    point_at(charts.rate, 0.5)
    assert charts.loss.plot.crosshair.values[0] == "epoch 1", "it works from each of them"
    charts.speed_panel.views["memory"].click()
    point_at(charts.loss.plot, 1.5)
    assert charts.speed_panel.memory.crosshair.values == ("2.0 GB", "card 3.0 GB")
    charts.loss.plot.crosshair._leave()
    assert not any(plot.crosshair.read_out.isVisible() for plot in (charts.loss.plot, charts.rate))


def test_each_chart_says_its_last_epoch_to_who_cannot_see_it(page):
    show(page, beating(gpu=3.0))
    charts = page.charts
    plots = {plot.accessibleName(): plot.accessibleDescription() for plot in charts.findChildren(QuietPlot)}
    assert len(plots) == len(charts.findChildren(QuietPlot)), "each has a name of its own"
    assert all(plots.values()), plots
    assert charts.loss.plot.accessibleDescription().startswith("epoch 4, train ")
    assert "validation 0.250" in charts.loss.plot.accessibleDescription()
    assert charts.rate.accessibleDescription() == "rate 2.5e-4"
    assert charts.speed_panel.memory.accessibleDescription() == "2.0 GB, card 3.0 GB"


def test_copying_takes_what_all_charts_say(page):
    show(page, beating())
    page.activateWindow()
    QTest.qWaitForWindowActive(page)
    point_at(page.charts.loss.plot, 2.5)
    QTest.keyClick(page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().split("\t")
    assert copied[0] == "epoch 3"
    assert copied.count("epoch 3") == 1
    assert copied[-2:] == ["rate 3.3e-4", "6.0 samples / s"]
    page.charts.loss.plot.crosshair._leave()
    QGuiApplication.clipboard().setText("other")
    QTest.keyClick(page, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "other", "nothing is pointed at"


@pytest.mark.parametrize("over", [X.EPOCH, X.STEP, X.TIME])
def test_the_epoch_at_work_has_no_figures_of_the_one_before(page, over):
    show(page, long_run(3).batches(2))
    loss = page.charts.loss
    loss.show_over(over)
    for view, plot in (("loss", loss.plot), ("error", loss.errors)):
        loss.show_view(view)
        point_at(plot, loss.axis.place(page.store, 3.4))
        assert plot.crosshair.values[0] == "epoch 4"
        assert not any("validation" in value or "px" in value for value in plot.crosshair.values)
        point_at(plot, loss.axis.place(page.store, 2.4))
        assert any("3.0 px" in value for value in plot.crosshair.values)


def test_a_run_that_ends_within_its_first_epoch_has_its_best_where_it_was_measured(page):
    speaker = Speaker().start(max_epochs=10, steps=4).batches(1)
    show(page, speaker.emit("stopping", {"after": "batch"}).epoch(0), State.STOPPING)
    loss = page.charts.loss.plot
    assert loss._best.getData()[0].tolist() == [0.25]
    assert loss._validation.getData()[0][-1] == 0.25
    assert page.charts.rate._curve.getData()[0].tolist() == [0.0, 0.25], "its rate held from its beginning"
    point_at(loss, 0.2)
    assert "validation 0.500" in loss.crosshair.values


def test_memory_is_offered_once_it_is_told_and_speed_goes_on_within_an_epoch(page):
    speaker = Speaker().start(max_epochs=8, steps=4, n_train=16).batches(1)
    session = show(page, speaker)
    panel = page.charts.speed_panel
    assert panel.views["memory"].isHidden()
    more = Speaker()
    for step in range(1, 4):
        beat(more, step, memory=1.5)
    session.events.emit(more.items)
    page._refresh()
    assert panel.views["memory"].isVisible()
    panel.views["memory"].click()
    assert panel.memory._curve.getData()[1].tolist() == [1.5] * 3
    assert panel.memory._other.getData()[1].tolist() != [0.0] * 3, "no card, no line"
    point_at(page.charts.loss.plot, 0.25)
    panel.views["speed"].click()
    point_at(page.charts.loss.plot, 0.25)
    assert panel.speed.crosshair.values == ("4.0 samples / s",), "before any epoch has ended"


@pytest.mark.parametrize("width", [1000, 1280])
def test_panels_stay_as_wide_as_they_are_when_memory_is_offered(page, width):
    page.resize(width, 700)
    show(page, Speaker().start(max_epochs=8, steps=4, n_train=16).batches(3, seconds=0.0))
    panel = page.charts.speed_panel
    memory, before = panel.views["memory"], (panel.width(), panel.minimumSizeHint().width())
    assert not memory.isVisible()
    show(page, beating())
    assert memory.isVisible()
    assert (panel.width(), panel.minimumSizeHint().width()) == before


def test_many_heartbeats_are_thinned(page):
    store = page.store
    speaker = beat(Speaker(), 0)
    for step in range(25_000):
        store.beats.add(speaker.events[0].typed, x=step / 100, t=float(step))
    assert 10_000 <= len(store.beats) <= 20_000
    assert store.beats.x.values[0] == 0.0
    assert store.beats.x.values[-1] == 249.99
