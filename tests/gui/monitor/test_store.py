"""What a run's events become: curves, best epoch, rate drops, pauses, phases, frames, and the time left."""

import math

import numpy as np
import pytest

from sleapnn_engine.protocol.measures import MEDIAN_PX, Group
from sleapnn_gui.monitor.estimate import VALIDATION_SHARE, samples_per_second, time_left
from sleapnn_gui.monitor.loss_plot import marks_of
from sleapnn_gui.monitor.status_text import time_figure
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.machine import State
from tests.gui.monitor.speaking import Speaker


def stored(speaker, **options):
    store = RunStore(**options)
    store.add(speaker.items)
    return store


def test_batches_stand_on_the_epoch_axis():
    store = stored(Speaker().start(steps=4).batches(6))
    np.testing.assert_allclose(store.losses.x.values, np.arange(1, 7) / 4)
    assert store.x == 1.5
    assert store.step == 6
    assert store.is_training


def test_a_run_resumed_in_the_middle_keeps_its_place():
    speaker = Speaker().start(steps=4)
    speaker.step = 40
    assert stored(speaker.batches(4)).x == 11.0


def test_epochs_best_and_columns():
    speaker = Speaker().start()
    for number, val in enumerate((0.5, 0.3, 0.4)):
        speaker.epoch(number, val=val)
    store = stored(speaker)
    assert (store.best_epoch, store.best_val) == (1, 0.3)
    np.testing.assert_array_equal(store.columns["x"].values, [1, 2, 3])
    np.testing.assert_allclose(store.columns["val"].values, [0.5, 0.3, 0.4])
    assert store.latest(Group.ERROR)[MEDIAN_PX] == 3.0
    assert store.latest(Group.ERROR).by_node["tail"] is None


def test_an_epoch_without_validation_or_distances():
    store = stored(Speaker().start().epoch(0).epoch(1, val=None, median=None))
    assert math.isnan(store.columns["val"].values[1])
    assert math.isnan(store.columns["median_px"].values[1])
    assert store.latest(Group.ERROR) is store.epochs[0].measured


def test_rate_drops_are_marked_where_they_begin():
    speaker = Speaker().start()
    for number in range(20):
        speaker.epoch(number, lr=1e-3 if number < 7 else 5e-4)
    (drop,) = stored(speaker).marked_rate_drops
    assert (drop.x, drop.before, drop.after) == (7, 1e-3, 5e-4)


def test_a_rate_that_glides_down_all_the_time_gets_no_marks():
    speaker = Speaker().start()
    for number in range(30):
        speaker.epoch(number, lr=1e-3 * 0.9**number)
    store = stored(speaker)
    assert len(store.rate_drops) == 29
    assert store.marked_rate_drops == []


def test_pauses_open_and_close():
    speaker = Speaker().start().batches(5).emit("paused", {"epoch": 1, "step": 5})
    store = stored(speaker)
    assert store.paused.x == 1.25
    resumed = Speaker(t=speaker.t)
    resumed.emit("resumed", {"epoch": 1, "step": 5, "paused_seconds": 30.0})
    store.add(resumed.items)
    assert store.paused is None
    assert store.pauses[0].seconds == 30.0


def test_the_first_loss_that_is_no_number_is_remembered():
    speaker = Speaker().start(steps=4).batches(5).batches(3, loss=None)
    store = stored(speaker)
    assert store.first_bad_x == 1.5
    assert np.isnan(store.losses.y.values[5:]).all()


def test_phases_with_progress_and_times():
    speaker = (
        Speaker(t=100.0).phase("labels", "started").phase("labels", "done", seconds=0.4, text="9 frames")
    )
    speaker.phase("cache", "started", after=5.0).phase("cache", "progress", done=3, total=9, after=1.0)
    phases = stored(speaker).phases
    assert (phases["labels"].state, phases["labels"].seconds) == ("done", 0.4)
    assert (phases["cache"].state, phases["cache"].done, phases["cache"].total) == ("progress", 3, 9)
    assert phases["cache"].since == 105.0
    assert phases["model"].state == "waiting"


def test_unknown_events_are_let_through():
    store = stored(Speaker().emit("something_new", {}).start())
    assert store.header.run_name == "fly_01"


class TestFrames:
    def test_worst_first_and_replaced_when_sent_again(self):
        speaker = (
            Speaker().frame(0, index=0, error=2.0).frame(0, index=1, error=9.0).frame(0, index=2, error=None)
        )
        speaker.frame(0, index=0, error=4.0).frame(0, index=0, error=1.0, split="train")
        cache = stored(speaker).frames
        assert [event.body["error_px"] for event in cache.of_epoch(0, split="validation")] == [9.0, 4.0, None]
        assert len(cache.of_epoch(0)) == 4

    def test_memory_is_bounded_and_first_and_last_epoch_stay(self):
        speaker = Speaker()
        for epoch in range(50):
            speaker.frame(epoch, side=64)
        one = 64 * 64 + 3 * 16 * 16 * 2
        cache = stored(speaker, frame_bytes=10 * one).frames
        assert len(cache.epochs) == 10
        assert cache.epochs[0] == 0
        assert cache.epochs[-1] == 49
        # What stays is spread over the whole run, not only its end.
        assert max(np.diff(cache.epochs)) <= 16


class TestTimeLeft:
    def test_nothing_is_said_before_there_is_a_pace(self):
        assert time_left(stored(Speaker())) is None
        assert time_left(stored(Speaker().start())) is None

    def test_before_the_first_epoch_ends_validation_is_guessed(self):
        store = stored(Speaker().start(max_epochs=10, steps=4, n_train=16, n_val=8).batches(2, seconds=1.0))
        epoch = 4.0 * (1 + VALIDATION_SHARE * 8 / 16)
        assert time_left(store).to_end == pytest.approx((10 - 0.5) * epoch)

    def test_the_pace_is_from_epoch_to_epoch_with_validation_and_without_pauses(self):
        speaker = Speaker().start(max_epochs=10, steps=4)
        for number in range(3):
            speaker.batches(4, seconds=1.0).epoch(number, after=2.0)
            if number == 0:
                speaker.emit("paused", {"epoch": 1, "step": 4})
                speaker.emit("resumed", {"epoch": 1, "step": 4, "paused_seconds": 500.0}, after=500.0)
        # Four batches and two seconds of validation make six seconds an epoch; seven epochs are left.
        assert time_left(stored(speaker)).to_end == pytest.approx(42.0)
        # Half an epoch later there is half an epoch less to wait for.
        assert time_left(stored(speaker.batches(2))).to_end == pytest.approx(39.0)

    def test_early_stopping_is_the_second_number(self):
        speaker = Speaker().start(max_epochs=100, steps=4, patience=5)
        for number, val in enumerate((0.5, 0.4, 0.6, 0.6)):
            speaker.batches(4).epoch(number, val=val)
        estimate = time_left(stored(speaker))
        # The best was epoch 1, so epoch 6 is the last one if nothing improves: three more.
        assert estimate.plateau == pytest.approx(3 * 6.0)
        assert estimate.to_end == pytest.approx(96 * 6.0)

    def test_a_patience_that_reaches_past_the_end_is_not_mentioned(self):
        speaker = Speaker().start(max_epochs=5, steps=4, patience=10).batches(4).epoch(0)
        assert time_left(stored(speaker)).plateau is None

    def test_speed(self):
        speaker = Speaker().start(steps=4, n_train=16).batches(2, seconds=0.5)
        assert samples_per_second(stored(speaker)) == pytest.approx(8.0)
        assert samples_per_second(stored(speaker.epoch(0, speed=7.5))) == 7.5
        assert samples_per_second(stored(Speaker().start())) is None
        repeats = Speaker().start(steps=200, n_train=58, batch_size=4).batches(2, seconds=0.5)
        assert samples_per_second(stored(repeats)) == pytest.approx(8.0), "not a 200th of one pass"

    def test_a_stop_after_the_epoch_is_marked_where_training_ends(self):
        speaker = Speaker().start(steps=4).batches(4).epoch(0).batches(2, seconds=0.5)
        speaker.emit("stopping", {"after": "epoch"})
        store = stored(speaker)
        assert [(mark.x, mark.text) for mark in marks_of(store)] == [(2, "stops here")]
        assert time_figure(store, State.STOPPING, over=False).caption == "to the end of this epoch"
        assert time_figure(store, State.FINALIZING, over=False).value == "soon"
        store = stored(speaker.batches(2).epoch(1))
        assert [(mark.x, mark.text) for mark in marks_of(store)] == [(2, "stopped")]
        assert time_figure(store, State.STOPPING, over=False).value == "soon"
