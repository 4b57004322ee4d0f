"""The loss plot and the frame panel in a real window."""

import itertools
import time

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from sleapnn_gui.monitor.plots import QuietPlot, put_beside
from sleapnn_gui.widgets.living import all_widgets
from tests.gui.monitor.showing import delete, long_run, show
from tests.gui.monitor.speaking import Speaker


def test_a_plot_is_made_of_what_is_seen_of_it(app):
    """What is never seen would have to be styled with every change of the theme all the same."""
    before = len(all_widgets())
    plot = QuietPlot()
    assert len(all_widgets()) - before < 10
    delete(plot)


def test_an_axis_names_nothing_before_there_is_a_value(page):
    speaker = Speaker().start(max_epochs=60, steps=4).batches(4)
    show(page, speaker)
    axis = page.charts.rate.left
    low, high = page.charts.rate.view.viewRange()[1]
    assert axis.places(low, high) == []
    page.session.events.emit(speaker.epoch(0, lr=1e-3).items)
    page._refresh()
    low, high = page.charts.rate.view.viewRange()[1]
    assert axis.places(low, high)[0] == 0 < 1e-3 <= high
    show(page, Speaker().start(max_epochs=60, steps=4).batches(4))
    assert axis.places(low, high) == [], "nor of the run before"


class TestLossPlot:
    def test_fits_itself_until_a_person_zooms_and_a_double_click_fits_again(self, page, app):
        show(page, long_run())
        plot = page.charts.loss.plot
        before = plot.view.viewRange()
        plot.view.setRange(xRange=(2, 4), yRange=(-2, -1), padding=0)
        plot.moved.emit()
        page.session.events.emit(Speaker().start(max_epochs=60).batches(4).items)
        page._refresh()
        app.processEvents()
        assert plot.view.viewRange()[0] == [2, 4]
        assert page.charts.loss.fit.isVisible()
        QTest.mouseDClick(plot.viewport(), Qt.MouseButton.LeftButton)
        app.processEvents()
        assert plot.view.viewRange()[0][0] == before[0][0]
        assert not page.charts.loss.fit.isVisible()

    def test_news_of_a_run_are_drawn_once_with_all_its_points(self, page, app):
        speaker = Speaker().start(max_epochs=60).batches(40)
        show(page, speaker)
        app.processEvents()
        plot = page.charts.loss.plot
        drawn = []
        plot._train.sigPlotChanged.connect(lambda _: drawn.append(plot.view.viewRange()[0][1]))
        before = plot.view.viewRange()[0][1]
        later = Speaker()
        later.step = speaker.step
        page.session.events.emit(later.batches(100).items)
        page._refresh()
        app.processEvents()
        assert len(drawn) == 1
        assert drawn[0] > before
        assert page.store.x == 35 <= drawn[0]

    def test_log_and_linear(self, page):
        show(page, long_run())
        plot = page.charts.loss.plot
        low, high = plot.view.viewRange()[1]
        assert low < high < 0.5, "logarithms of losses below one"
        page.charts.loss.log.setChecked(False)
        low, high = plot.view.viewRange()[1]
        assert low == 0
        assert high >= 0.5

    def test_losses_of_zero_do_not_break_the_logarithm(self, page):
        show(page, Speaker().start(steps=4).batches(8, loss=0.0).epoch(0, val=0.0))
        page.charts.loss.plot.draw()
        assert page.grab().width() == 1208

    def test_marks_for_rate_drops_and_pauses(self, page):
        speaker = long_run().emit("paused", {"epoch": 12, "step": 48})
        speaker.emit("resumed", {"epoch": 12, "step": 48, "paused_seconds": 362.0}, after=362.0)
        show(page, speaker)
        texts = {text.toPlainText() for line, text in page.charts.loss.plot._marks if line.isVisible()}
        assert texts == {"rate 1e-3 → 5e-4", "paused 6 min 02 s"}
        assert page.charts.loss.plot._best_text.toPlainText() == "best, epoch 12"

    def test_the_values_under_the_pointer(self, page):
        show(page, long_run())
        plot = page.charts.loss.plot
        plot.crosshair.point_at(plot.view.mapViewToScene(QPointF(3.4, plot.view.viewRange()[1][0] + 0.1)))
        assert plot.crosshair.read_out.isVisible()
        assert plot.crosshair.read_out.text().startswith("epoch 4")
        assert "validation 0.250" in plot.crosshair.read_out.text()

    def test_smoothing_is_held_back_while_there_are_few_batches(self, page):
        show(page, Speaker().start(steps=100).batches(10, loss=lambda step: 1.0 if step < 5 else 0.1))
        plot = page.charts.loss.plot
        assert plot._weight(page.store) == 0.0
        show(page, Speaker().start(steps=100).batches(1000))
        assert plot._weight(page.store) == plot.smoothing


class TestFramePanel:
    def test_worst_first_and_the_choice_stays_through_the_epochs(self, page):
        show(page, long_run())
        frames = page.charts.frames
        assert frames.title.text() == "Validation frame 101, worst first"
        assert frames.place.text() == "1 of 2  ·  8.0 px"
        QTest.mouseClick(frames.next, Qt.MouseButton.LeftButton)
        assert frames.title.text().startswith("Validation frame 100")
        frames.slider.setValue(3)
        assert frames.epoch.text() == "4"
        assert frames.title.text().startswith("Validation frame 100")

    def test_new_epochs_are_followed_unless_a_person_went_back(self, page):
        session = show(page, long_run())
        frames = page.charts.frames
        session.events.emit(Speaker().frame(12).items)
        page._refresh()
        assert frames.epoch.text() == "13"
        frames.slider.setValue(2)
        session.events.emit(Speaker().frame(13).items)
        page._refresh()
        assert frames.epoch.text() == "3"
        frames.slider.setValue(frames.slider.maximum())
        assert frames.epoch.text() == "14"

    def test_layers_change_the_picture(self, page):
        show(page, long_run())
        frames = page.charts.frames
        frames.view.resize(320, 320)
        pictures = [frames.view.grab().toImage()]
        for toggle in (frames.confidence, frames.points, frames.errors, frames.limbs):
            toggle.toggle()
            pictures.append(frames.view.grab().toImage())
        assert all(before != after for before, after in itertools.pairwise(pictures))
        assert frames.heat_row.isVisible()

    def test_the_part_under_the_pointer_with_its_error_in_source_pixels(self, page):
        show(page, long_run())
        view = page.charts.frames.view
        place = view._to_screen(QPointF(2.5, 3.5))
        # (2, 3) to (5, 7) is 5 pixels of the sent image, at 2 source pixels each.
        assert view.describe_at(place) == "nose  ·  10.0 px off  ·  confidence 0.90"
        assert view.describe_at(view._to_screen(QPointF(12.5, 12.5))).startswith("tail  ·  not labelled")
        assert view.describe_at(QPointF(-500, -500)) == ""

    def test_confidence_maps_lie_on_the_pixels_they_belong_to(self, page, app):
        show(page, long_run())
        view = page.charts.frames.view
        page.charts.frames.points.setChecked(False)
        page.charts.frames.errors.setChecked(False)
        page.charts.frames.limbs.setChecked(False)
        page.charts.frames.confidence.setChecked(True)
        app.processEvents()
        warm = view.grab().toImage()
        view.layers.confidence = False
        plain = view.grab().toImage()
        # Cell (1, 1) at stride 4 is pixel (4, 4), whose middle is at 4.5.
        peak = view._to_screen(QPointF(4.5, 4.5)).toPoint()
        far = view._to_screen(QPointF(13.0, 13.0)).toPoint()
        assert warm.pixelColor(peak).red() > plain.pixelColor(peak).red() + 60
        assert warm.pixelColor(far) == plain.pixelColor(far)

    def test_zoom_keeps_the_point_under_the_pointer(self, page):
        show(page, long_run())
        view = page.charts.frames.view
        around = QPointF(100, 80)
        before = view._to_image(around)
        view.zoom_by(3.0, around=around)
        assert (view._to_image(around) - before).manhattanLength() < 1e-6
        view.fit()
        assert view._zoom == 1.0


def test_the_name_of_the_best_epoch_is_never_cut(page, app):
    """Wherever the mark is in the picture, and however small that is."""
    show(page, long_run(30))
    plot = page.charts.loss.plot
    app.processEvents()
    for width in (700, 320, 200):
        plot.setFixedSize(width, 160)
        app.processEvents()
        for x, y in itertools.product(range(0, 61, 3), (-2.9, -2.0, -1.1)):
            plot.view.setRange(xRange=(0, 60), yRange=(-3, -1), padding=0)
            put_beside(plot, plot._best_text, x, y)
            words = plot._best_text.mapRectToScene(plot._best_text.boundingRect())
            picture = plot.view.sceneBoundingRect()
            assert picture.left() - 1 <= words.left(), (width, x, y)
            assert words.right() <= picture.right() + 1, (width, x, y)
            assert picture.top() - 1 <= words.top(), (width, x, y)
            assert words.bottom() <= picture.bottom() + 1, (width, x, y)


def test_the_log_of_another_day_has_its_date(page):
    begun = time.time() - 3 * 86400
    page.charts.log.note("then", t=begun)
    page.charts.log.note("now", t=time.time())
    now, then = page.charts.log.toPlainText().splitlines()
    assert then.startswith(time.strftime("%Y-%m-%d ", time.localtime(begun)))
    assert now[2] == ":"
