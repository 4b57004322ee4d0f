"""PAFs and class maps over a frame, what they hold under the pointer, and the worst frames by a part."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from sleapnn_gui.monitor.map_layer import map_image, value_text
from tests.gui.monitor.showing import show
from tests.gui.monitor.speaking import Speaker

PAIR = {
    "truth": [[[4.0, 4.0], [8.0, 8.0], [12.0, 12.0]]],
    "predicted": [[[4.0, 4.0], [8.0, 9.0], [12.0, 12.0]]],
}


def run_with_maps():
    """A model that joins along limbs and tells animals apart; one field points up, one animal is at the right."""
    speaker = Speaker().start(model_type="multi_class_bottomup").batches(4)
    speaker.events[0].body["identities"] = ["ann", "bob"]
    speaker.frame(0, **PAIR)
    fields = np.zeros((4, 4, 4), np.float16)
    fields[1, 2, 1] = -0.5
    classes = np.zeros((2, 4, 4), np.float16)
    classes[1, 1, 3] = 0.75
    event = speaker.events[-1]
    event.arrays["class_maps"] = classes
    event.body["strides"] = {"class_maps": 4, "pafs": 4}
    return speaker


def run_with_fields():
    speaker = Speaker().start(model_type="bottomup").batches(4).frame(0, **PAIR)
    fields = np.zeros((4, 2, 2), np.float16)
    fields[1, 1, 0] = -0.5
    speaker.events[-1].arrays["pafs"] = fields
    speaker.events[-1].body["strides"] = {"pafs": 8}
    return speaker.epoch(0, counted={"precision": 1.0, "recall": 1.0, "f1": 1.0, "class_accuracy": None})


class TestLayers:
    def test_pafs_and_confidence_are_chosen_and_lie_where_they_belong(self, page, app):
        show(page, run_with_fields())
        frames = page.charts.frames
        row, view = frames.heat_row, frames.view
        assert frames.confidence.text() == "maps"
        frames.confidence.setChecked(True)
        for toggle in (frames.points, frames.errors, frames.limbs):
            toggle.setChecked(False)
        row.kind.setCurrentText("PAFs")
        assert [row.part.itemText(at) for at in range(row.part.count())] == [
            "all limbs",
            "nose → thorax",
            "thorax → tail",
        ]
        app.processEvents()
        shown = view.grab().toImage()
        # Cell (0, 1) at stride 8 is pixel (0, 8).
        up, right = view._to_screen(QPointF(0.5, 8.5)).toPoint(), view._to_screen(QPointF(8.5, 8.5)).toPoint()
        assert shown.pixelColor(up).saturation() > 60
        assert shown.pixelColor(right).saturation() < 20
        assert view.describe_at(view._to_screen(QPointF(0.5, 8.5))) == "nose → thorax  ·  ↑ 0.50"
        row.part.setCurrentText("thorax → tail")
        assert view.describe_at(view._to_screen(QPointF(0.5, 8.5))) == "thorax → tail  ·  → 0.00"

    def test_class_maps_have_the_names_of_the_animals(self, page, app):
        show(page, run_with_maps())
        frames = page.charts.frames
        frames.confidence.setChecked(True)
        frames.heat_row.kind.setCurrentText("class maps")
        assert frames.heat_row.legend.names == ("ann", "bob")
        assert frames.view.describe_at(frames.view._to_screen(QPointF(12.5, 4.5))) == "bob  ·  class 0.75"

    def test_with_one_kind_of_maps_there_is_nothing_to_choose(self, page, app):
        show(page, Speaker().start().batches(4).frame(0, **PAIR))
        frames = page.charts.frames
        frames.confidence.setChecked(True)
        assert frames.confidence.text() == "confidence"
        assert frames.heat_row.kind.isHidden()
        assert (
            frames.view.describe_at(frames.view._to_screen(QPointF(0.5, 0.5))) == "nose  ·  confidence 0.00"
        )


def test_opposite_ways_have_opposite_colours():
    fields = np.zeros((2, 1, 2), np.float32)
    fields[0, 0] = 1.0, -1.0
    picture = map_image("pafs", fields, channel=None, heat="magma")
    hues = [picture.pixelColor(at, 0).hueF() for at in (0, 1)]
    assert abs(hues[0] - hues[1]) == pytest.approx(0.5, abs=0.02)
    assert value_text("pafs", fields, channel=0, cell=(5, 0), names=()) == ""


class TestWorstByAPart:
    def frames(self):
        """Of the first the nose is 10 px off and the tail 2, of the second the nose 2 and the tail 20."""
        speaker = Speaker().start(n_val=8).batches(4)
        for index, (nose, tail) in enumerate(((5.0, 1.0), (1.0, 10.0))):
            truth = [[[0.0, 0.0], [8.0, 8.0], [0.0, 0.0]]]
            predicted = [[[nose, 0.0], [8.0, 8.0], [0.0, tail]]]
            speaker.frame(0, index=index, truth=truth, predicted=predicted, error=nose + tail)
            speaker.events[-1].body["worst_of"] = ["nose"] if index == 0 else ["tail"]
        return speaker

    def test_they_are_ordered_and_the_worst_of_all_is_named(self, page):
        show(page, self.frames())
        frames = page.charts.frames
        frames.fill_menu()
        words = [action.text() for action in frames.menu.actions()]
        assert words[:4] == ["Worst of all parts", "Worst nose", "Worst thorax", "Worst tail"]
        frames.menu.actions()[1].trigger()
        assert frames.title.text() == "Validation frame 100, worst nose of 8"
        assert frames.place.text() == "1 of 2  ·  10.0 px"
        frames.step(1)
        assert frames.title.text() == "Validation frame 101, by nose"
        frames.order_by(2)
        assert frames.title.text() == "Validation frame 101, worst tail of 8"

    def test_a_part_without_a_frame_of_its_own_in_an_epoch_has_its_worst_of_the_last_one(self, page):
        speaker = self.frames()
        speaker.frame(1, index=2, truth=[[[0.0, 0.0]] * 3], predicted=[[[1.0, 0.0]] * 3], error=1.0)
        speaker.events[-1].body["worst_of"] = ["nose"]
        show(page, speaker)
        frames = page.charts.frames
        frames.order_by(2)
        assert frames.title.text() == "Validation frame 101, worst tail of 8 in epoch 1"
        assert (frames.place.text(), frames.epoch.text()) == ("1 of 2  ·  20.0 px", "1")
        assert frames._title(frames.view.frame, brief=True) == "Frame 101, worst tail, epoch 1"
        frames.step(1)
        assert (frames.title.text(), frames.epoch.text()) == ("Validation frame 102, by tail", "2")
        frames.order_by(0)
        assert frames.title.text() == "Validation frame 102, worst nose of 8"
        frames.slider.setValue(0)
        assert frames.title.text() == "Validation frame 100, worst nose of 8", "none of a later epoch"

    def test_a_part_that_lies_exactly_where_it_is_labelled_was_found(self, page):
        speaker = Speaker().start(n_val=8).batches(4)
        truth = [[[2.0, 2.0], [8.0, 8.0], [0.0, 0.0]]]
        for index, nose in enumerate((None, [2.0, 2.0], [2.0, 3.0])):
            speaker.frame(0, index=index, truth=truth, predicted=[[nose, *truth[0][1:]]], error=0.1)
        show(page, speaker)
        frames = page.charts.frames
        frames.order_by(0)
        told = []
        for _ in range(3):
            told.append(frames.place.text().rpartition("  ·  ")[2])
            frames.step(1)
        assert told == ["2.0 px", "0.0 px", "not found"]

    def test_frames_shown_are_offered_to_labelling_together(self, page):
        show(page, self.frames())
        sent = []
        page.labelling_wanted.connect(sent.append)
        page.charts.frames.fill_menu()
        for action in page.charts.frames.menu.actions()[-2:]:
            action.trigger()
        assert [[event.body["index"] for event in one] for one in sent] == [[1], [1, 0]]
