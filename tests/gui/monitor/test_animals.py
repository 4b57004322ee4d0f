"""Runs of models that find several animals, centres or identities: numbers, curves, frames and words of the page."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from sleapnn_engine.protocol.measures import Group
from sleapnn_gui.monitor import status_text, words
from sleapnn_gui.monitor.model_words import head_name, model_name, samples_name
from sleapnn_gui.monitor.store import RunStore
from tests.gui.monitor.showing import show
from tests.gui.monitor.speaking import Speaker

LEFT = [[2.0, 2.0], [4.0, 4.0], [6.0, 6.0]]
RIGHT = [[20.0, 2.0], [22.0, 4.0], [24.0, 6.0]]
HEADS = ("confmaps", "pafs")


def several(epochs=4, *, model_type="bottomup", counted=None, heads=HEADS):
    """A run of a model that counts animals; each epoch finds more of them."""
    speaker = Speaker().start(model_type=model_type, max_epochs=10)
    for number in range(epochs):
        found = (
            counted
            if counted is not None
            else {
                "precision": 0.9,
                "recall": 0.2 * number,
                "f1": 0.25 * number,
                "class_accuracy": None,
            }
        )
        speaker.batches(4, loss=lambda step: 0.5 / (1 + step), heads=heads)
        speaker.frame(number, side=32, truth=[LEFT, RIGHT], predicted=[RIGHT, LEFT], error=0.0)
        speaker.epoch(number, val=1 / (1 + number), counted=found)
    return speaker


def stored(speaker):
    store = RunStore()
    store.add(speaker.items)
    return store


def test_the_share_of_animals_found_is_a_number_of_the_strip(page):
    page.resize(1700, 800)
    show(page, several(counted={"precision": 0.97, "recall": 0.9, "f1": 0.932, "class_accuracy": 0.75}))
    strip = page.strip
    assert strip.animals.isVisible()
    assert strip.animals.value.text() == "93 %"
    assert strip.animals.caption.text() == "animals found, 75 % identified"
    assert "90 % of the labelled animals" in strip.animals.toolTip()
    assert strip.error.value.text() == "3.0 px"


def test_a_model_of_crops_tells_identities_only(page):
    only = {"precision": None, "recall": None, "f1": None, "class_accuracy": 0.5}
    show(page, several(model_type="multi_class_topdown", counted=only))
    assert page.strip.animals.value.text() == "50 %"
    assert page.strip.animals.caption.text() == "right identity"
    assert page.charts.loss.views["animals"].text() == "Identity"


def test_a_model_of_one_animal_counts_none(page):
    show(page, Speaker().start().batches(8).epoch(0).epoch(1))
    assert not page.strip.animals.isVisible()
    assert page.strip.speed.isVisible()
    loss = page.charts.loss
    assert loss.views["error"].isVisible()
    assert not loss.views["animals"].isVisible()
    assert not loss.heads.isVisible()


def test_before_any_animal_is_found_the_empty_places_say_so(page):
    nothing = {"precision": None, "recall": 0.0, "f1": 0.0, "class_accuracy": None}
    speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
    show(page, speaker.epoch(0, median=None, counted=nothing, by_node={"nose": None}))
    assert page.strip.error.caption.text() == "no animal found yet"
    assert page.strip.animals.value.text() == "0 %"
    assert "No animal was found yet" in page.charts.parts.accessibleDescription()


def test_where_there_is_little_room_the_speed_gives_way(page, app):
    show(page, several())
    page.resize(1208, 692)
    app.processEvents()
    assert not page.strip.speed.isVisible()
    assert page.strip.animals.caption.text() == "animals found"
    page.resize(1700, 800)
    app.processEvents()
    assert page.strip.speed.isVisible()


class TestViews:
    def test_error_and_animals_are_curves_over_the_epochs(self, page, app):
        show(page, several())
        loss = page.charts.loss
        QTest.mouseClick(loss.views["error"], Qt.MouseButton.LeftButton)
        assert loss.stack.currentWidget() is loss.errors
        assert not loss.controls.isVisible()
        x, y = loss.errors._curves[0].getData()
        np.testing.assert_array_equal(x, [1, 2, 3, 4])
        np.testing.assert_allclose(y, 3.0)
        QTest.mouseClick(loss.views["animals"], Qt.MouseButton.LeftButton)
        _, shares = loss.shares._curves[0].getData()
        np.testing.assert_allclose(shares, [0, 25, 50, 75])
        assert not loss.shares._names[1].isVisible(), "identities were never measured"

    def test_points_near_their_labels_are_curves_where_they_were_counted(self, page):
        speaker = Speaker().start(model_type="single_instance", steps=4)
        for number in range(3):
            counted = {
                "pck_10": 0.3 * number,
                "pck_5": 0.2 * number,
                "mean_oks": 0.001 * number,
                "oks_map": 0.0,
            }
            speaker.batches(4, steps=4).epoch(number, counted=counted)
        loss = page.charts.loss
        show(page, several())
        assert not loss.views["points"].isVisible(), "engines of earlier versions do not count them"
        show(page, speaker)
        assert loss.views["points"].text() == "PCK"
        QTest.mouseClick(loss.views["points"], Qt.MouseButton.LeftButton)
        assert loss.stack.currentWidget() is loss.near
        for place, shares in enumerate(([0, 30, 60], [0, 20, 40], [0, 0.1, 0.2], [0, 0, 0])):
            np.testing.assert_allclose(loss.near._curves[place].getData()[1], shares)
        assert [name.toPlainText() for name in loss.near._names] == [
            "within 10 % of a body",
            "within 5 % of a body",
            "mean OKS",
            "mAP (OKS)",
        ]
        low, pixel = loss.near.view.viewRange()[1][0], loss.near.view.viewPixelSize()[1]
        middles = [(name.pos().y() - low) / pixel for name in loss.near._names]
        assert all(np.diff(middles) <= -14), (
            "the names of lines that end close together are clear of each other"
        )
        assert middles[-1] >= 7, "and of the axis"
        loss.near.crosshair.point_at(loss.near.view.mapViewToScene(QPointF(2.9, 50.0)))
        assert "within 10 % of a body 60 %" in loss.near.crosshair.read_out.text()

    def test_a_view_follows_the_run_while_it_is_shown(self, page):
        session = show(page, several(2))
        loss = page.charts.loss
        loss.show_view("animals")
        speaker = Speaker()
        speaker.step = 8
        counted = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "class_accuracy": None}
        session.events.emit(speaker.batches(4, heads=HEADS).epoch(2, counted=counted).items)
        page._refresh()
        assert loss.shares._curves[0].getData()[1][-1] == 100.0

    def test_the_epoch_under_the_pointer_is_told(self, page):
        show(page, several())
        loss = page.charts.loss
        loss.show_view("animals")
        plot = loss.shares
        plot.crosshair.point_at(plot.view.mapViewToScene(QPointF(2.9, 50.0)))
        assert plot.crosshair.read_out.text().startswith(
            "epoch 3  ·  animals found (F1) 50 %  ·  recall 40 %"
        )
        loss.show_view("loss")
        loss.plot.crosshair.point_at(
            loss.plot.view.mapViewToScene(QPointF(2.5, loss.plot.view.viewRange()[1][0] + 0.1))
        )
        assert loss.plot.crosshair.read_out.text().endswith("3.0 px  ·  50 % found")

    def test_another_run_without_such_a_view_shows_its_loss(self, page):
        show(page, several())
        page.charts.loss.show_view("animals")
        show(page, Speaker().start().batches(4).epoch(0))
        assert page.charts.loss.view == "loss"
        assert page.charts.loss.controls.isVisible()

    def test_losses_of_heads_are_lines_of_their_own(self, page):
        show(page, several())
        loss = page.charts.loss
        assert loss.heads.isVisible()
        QTest.mouseClick(loss.heads, Qt.MouseButton.LeftButton)
        lines = loss.plot.heads._lines
        assert [name.toPlainText() for _, name in lines] == ["confidence maps", "part affinity fields"]
        assert all(name.isVisible() for _, name in lines)
        np.testing.assert_allclose(page.store.heads["pafs"].y.values, page.store.losses.y.values / 2)
        QTest.mouseClick(loss.heads, Qt.MouseButton.LeftButton)
        assert not any(curve.isVisible() or name.isVisible() for curve, name in lines)

    def test_a_single_head_is_not_kept_twice(self):
        assert stored(Speaker().start().batches(4)).heads == {}


class TestFrames:
    def test_each_point_tells_the_error_of_its_own_animal(self, page):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        off = [[point[0], point[1] + 1.0] for point in LEFT]
        show(page, speaker.frame(0, side=32, truth=[RIGHT, LEFT], predicted=[off, RIGHT]))
        view = page.charts.frames.view
        told = view.describe_at(view._to_screen(QPointF(2.5, 2.5)))
        assert told == "nose  ·  2.0 px off  ·  confidence 0.90"
        assert "2 of 2 animals found" in view.accessibleDescription()

    def test_missed_and_extra_animals_are_told(self, page):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        stray = [[2.0, 26.0], [4.0, 28.0], [6.0, 30.0]]
        show(page, speaker.frame(0, side=32, truth=[LEFT, RIGHT], predicted=[LEFT, stray], error=0.0))
        frames = page.charts.frames
        view = frames.view
        assert frames.place.text() == "1 of 1  ·  1 missed"
        assert "1 of 2 animals found" in frames.place.toolTip()
        assert view.describe_at(view._to_screen(QPointF(20.5, 2.5))) == "nose  ·  animal missed"
        assert "no labelled animal" in view.describe_at(view._to_screen(QPointF(2.5, 26.5)))

    def test_of_an_earlier_engine_animals_are_shown_without_lines_and_counts(self, page):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        show(page, speaker.frame(0, side=32, truth=[LEFT, RIGHT], predicted=[LEFT], paired=False))
        frames = page.charts.frames
        assert "does not tell which animals belong together" in frames.place.toolTip()
        assert "missed" not in frames.place.text()
        told = frames.view.describe_at(frames.view._to_screen(QPointF(20.5, 2.5)))
        assert told == "nose"
        assert not frames.view.grab().isNull()

    def test_a_frame_with_a_missed_animal_is_worse_than_one_with_a_large_error(self, page):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        speaker.frame(0, index=0, side=32, truth=[LEFT], predicted=[LEFT], error=30.0)
        speaker.frame(0, index=1, side=32, truth=[LEFT, RIGHT], predicted=[LEFT], error=0.1)
        show(page, speaker.frame(0, index=2, side=32, truth=[LEFT], predicted=[], error=None))
        frames = page.charts.frames
        order = [event.body["index"] for event in page.store.frames.of_epoch(0)]
        assert order[-1] == 0
        assert set(order[:2]) == {1, 2}
        assert "missed" in frames.place.text()

    def test_the_training_frame_comes_last(self, page):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        speaker.frame(0, split="train", side=32, truth=[LEFT, RIGHT], predicted=[])
        show(page, speaker.frame(0, side=32, truth=[LEFT], predicted=[LEFT], error=0.0))
        frames = page.charts.frames
        assert frames.title.text() == "Validation frame 100, worst first"
        QTest.mouseClick(frames.next, Qt.MouseButton.LeftButton)
        assert frames.title.text() == "Training frame 100"

    def test_an_epoch_whose_validation_frames_are_still_to_come_waits(self, page):
        session = show(page, several(2))
        session.events.emit(Speaker().frame(2, split="train").items)
        page._refresh()
        assert page.charts.frames.epoch.text() == "2"
        session.events.emit(Speaker().frame(2).items)
        page._refresh()
        assert page.charts.frames.epoch.text() == "3"

    def test_every_animal_is_drawn_with_its_error(self, page, app):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        show(page, speaker.frame(0, side=32, truth=[LEFT, RIGHT], predicted=[RIGHT, LEFT]))
        frames = page.charts.frames
        app.processEvents()
        both = frames.view.grab().toImage()
        frames.errors.setChecked(False)
        without = frames.view.grab().toImage()
        for animal in (LEFT, RIGHT):
            above = frames.view._to_screen(QPointF(animal[1][0] + 0.5, animal[0][1] + 0.5)).toPoint()
            area = [(above.x() + x, above.y() + y) for x in range(-20, 20) for y in range(-24, 0)]
            inside = [(x, y) for x, y in area if both.rect().contains(x, y)]
            assert any(both.pixelColor(x, y) != without.pixelColor(x, y) for x, y in inside)

    def test_centres_have_no_names_and_limbs_to_show(self, page, app):
        speaker = Speaker().start(model_type="centroid", nodes=["centroid"], edges=[]).batches(4)
        speaker.frame(0, side=64, nodes=1, truth=[[[10.0, 10.0]]], predicted=[[[12.0, 10.0]], [[50.0, 50.0]]])
        counted = {"precision": 0.5, "recall": 1.0, "f1": 0.667, "class_accuracy": None}
        show(page, speaker.epoch(0, counted=counted, by_node={"centroid": 4.0}))
        frames = page.charts.frames
        assert not frames.limbs.isVisible()
        assert not frames.names.isVisible()
        told = frames.view.describe_at(frames.view._to_screen(QPointF(10.5, 10.5)))
        assert told.startswith("centroid  ·  4.0 px off")
        assert page.charts.parts.rows == [("9 in 10", 9.0), ("median", 3.0)]
        assert page.charts.parts_panel.title.text() == "Error"

    def test_a_close_up_shows_the_animals_large_in_every_frame(self, page, app):
        speaker = Speaker().start(model_type="bottomup").batches(4, heads=HEADS)
        speaker.frame(0, index=0, side=256, truth=[LEFT], predicted=[LEFT], error=2.0)
        far = [[point[0] + 200, point[1] + 200] for point in LEFT]
        show(page, speaker.frame(0, index=1, side=256, truth=[far], predicted=[far], error=1.0))
        frames = page.charts.frames
        app.processEvents()
        QTest.mouseClick(frames.close_up, Qt.MouseButton.LeftButton)
        for animal in (LEFT, far):
            places = [frames.view._to_point(point) for point in animal]
            assert all(frames.view.rect().contains(place.toPoint()) for place in places)
            assert (places[-1] - places[0]).manhattanLength() > 100
            QTest.mouseClick(frames.next, Qt.MouseButton.LeftButton)
        QTest.mouseClick(frames.close_up, Qt.MouseButton.LeftButton)
        assert frames.view._zoom == 1.0

    @pytest.mark.parametrize("model_type", ["centered_instance", "multi_class_topdown"])
    def test_crops_are_called_so(self, page, model_type):
        show(page, Speaker().start(model_type=model_type).batches(4).frame(0))
        frames = page.charts.frames
        assert frames.title.text() == "Validation crop, frame 100"
        assert not frames.close_up.isVisible()


class TestWords:
    def test_the_log_and_the_list_of_steps_name_model_and_samples(self, page):
        show(page, several(2, model_type="centered_instance", counted={}, heads=("confmaps",)))
        text = page.charts.log.toPlainText()
        assert "Parts of a cropped animal on cpu" in text
        assert "16 training and 8 validation crops" in text

    def test_an_epoch_in_the_log_says_how_many_animals_were_found(self, page):
        show(page, several(counted={"precision": 1.0, "recall": 0.9, "f1": 0.947, "class_accuracy": 0.5}))
        newest = page.charts.log.toPlainText().splitlines()[0].replace("\u00a0", " ")
        assert "3.0 px  95 % found  50 % identified" in newest

    def test_journals_from_before_animals_were_counted_are_read(self):
        assert stored(several(1, counted={})).latest(Group.ANIMALS) is None
        assert status_text.animals_figure(stored(Speaker()), over=True) is None

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, "–"),
            (0.0, "0 %"),
            (0.034, "3.4 %"),
            (0.5, "50 %"),
            (0.996, "99.6 %"),
            (0.99999, "99.9 %"),
            (1.0, "100 %"),
        ],
    )
    def test_only_all_is_a_hundred_percent(self, value, text):
        assert words.part(value) == text

    def test_types_and_heads_are_called_as_in_the_form(self):
        assert model_name("bottomup") == "Several animals at once"
        assert model_name("something_new") == "something new"
        assert head_name("multi_class_topdown", "class_vectors") == "class vectors"
        assert head_name("", "new_head") == "new head"
        assert (samples_name("centroid"), samples_name("centered_instance")) == ("frames", "crops")
