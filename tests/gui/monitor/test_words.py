"""Numbers in words, the values axes name, and what the page says about a state."""

import math

import pytest

from sleapnn_gui.monitor import status_text, ticks, words
from sleapnn_gui.monitor.store import RunStore
from sleapnn_gui.run.machine import Phase, State
from tests.gui.monitor.speaking import Speaker


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45.4, "45 s"), (89, "89 s"), (600, "10 min"), (3570, "1 h 00 min"), (7500, "2 h 05 min"),
     (86400 * 3 + 4 * 3600, "3 d 4 h")],
)  # fmt: skip
def test_duration(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00131, "0.00131"), (0.0213, "0.0213"), (1.5, "1.50"), (123.4, "123"), (3.9e-5, "3.9e-5"), (None, "–"),
     (math.nan, "not a number"), (0.0, "0.00")],
)  # fmt: skip
def test_loss(value, text):
    assert words.loss(value) == text


def test_other_numbers():
    assert words.power(1e-4) == "1e-4"
    assert words.power(2.5e-6) == "2.5e-6"
    assert words.pixels(3.44) == "3.4 px"
    assert words.pixels(133.3) == "133 px"
    assert words.pixels(None) == "–"
    assert words.rate(0.42) == "0.42"
    assert words.rate(1420.0) == "1,420"
    assert words.share(2.83) == "2.8 %"
    assert words.exact_duration(362) == "6 min 02 s"
    assert words.counted(1, "epoch", "epochs") == "1 epoch"


@pytest.mark.parametrize("low", [0.0, 0.003, -4.0, 1e-7])
@pytest.mark.parametrize("span", [1e-6, 0.02, 1.0, 37.0, 5e5])
def test_linear_axes_name_few_round_values_inside(low, span):
    named = ticks.linear_ticks(low, low + span)
    assert 2 <= len(named) <= 6
    assert all(low - 1e-9 * span <= value <= low + span * (1 + 1e-9) for value in named)


@pytest.mark.parametrize(
    ("low", "high", "named"),
    [
        (0.0009, 0.03, [0.001, 0.005, 0.01]),
        (1e-6, 1.0, [1e-6, 1e-4, 1e-2, 1.0]),
        (0.0021, 0.0024, [0.0021, 0.0022, 0.0023, 0.0024]),
    ],
)
def test_logarithmic_axes(low, high, named):
    found = ticks.log_ticks(low, high)
    assert len(found) <= 6
    assert set(named) <= {float(f"{value:.6g}") for value in found}


def test_axes_without_a_range_name_nothing():
    assert ticks.linear_ticks(1.0, 1.0) == []
    assert ticks.log_ticks(-1.0, 5.0) == []


def test_epoch_axis_names_whole_epochs():
    assert ticks.whole_ticks(0.0, 3.0) == [0, 1, 2, 3]


@pytest.mark.parametrize(("target", "index"), [(-5, 0), (0.4, 0), (0.6, 1), (2.0, 2), (99, 2)])
def test_nearest(target, index):
    assert ticks.nearest_index([0.0, 1.0, 2.0], target) == index


STATE_TEXTS = {
    State.LAUNCHING: "Starting the engine",
    State.CONNECTING: "Connecting",
    State.PREPARING: "Preparing",
    State.TRAINING: "Validating · epoch 2 of 10",
    State.PAUSING: "Pausing · epoch 2 of 10",
    State.PAUSED: "Paused · epoch 2 of 10",
    State.STOPPING: "Stopping, keeping the model",
    State.FINALIZING: "Finishing",
    State.COMPLETED: "Done · 1 epoch",
    State.STOPPED: "Stopped and kept · 1 epoch",
    State.FAILED: "Failed · 1 epoch",
    State.CRASHED: "Crashed · 1 epoch",
    State.CANCELLED: "Cancelled · 1 epoch",
}


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_words_of_its_own(state):
    store = RunStore()
    store.add(Speaker().start().batches(4).epoch(0).items)
    text = status_text.state_text(state, Phase.VALIDATING, store, cancelled=False, lost=False)
    assert text == STATE_TEXTS[state]
    lost = status_text.state_text(state, Phase.NONE, store, cancelled=False, lost=True)
    assert lost.startswith("No contact")
    assert len(set(STATE_TEXTS.values())) == len(State)


def test_what_is_left_of_a_run_is_its_best_model_and_its_figures_are_that_models():
    store = RunStore()
    speaker = Speaker().start(max_epochs=3).batches(4).epoch(0, val=0.9, median=9.0)
    store.add(speaker.epoch(1, val=0.1, median=1.2).epoch(2, val=0.7, median=6.8).items)
    assert status_text.error_figure(store, over=False).value == "6.8 px"
    left = status_text.error_figure(store, over=True)
    assert (left.value, left.caption) == ("1.2 px", "median error, 2.5 % of body, epoch 2")
    unmeasured = RunStore()
    unmeasured.add(Speaker().start().epoch(0, val=0.1, median=None).epoch(1, val=0.7, median=6.8).items)
    assert status_text.error_figure(unmeasured, over=True).value == "6.8 px"


def test_figures_before_and_during_and_after():
    store = RunStore()
    assert status_text.error_figure(store, over=False).value == "–"
    assert status_text.speed_figure(store, State.PREPARING).value == "–"
    assert status_text.time_figure(store, State.PREPARING, over=False).value == "–"
    speaker = Speaker().start(max_epochs=100, patience=5).batches(4).epoch(0, median=3.44)
    store.add(speaker.items)
    assert status_text.error_figure(store, over=False) == status_text.Figure(
        "3.4 px", "median error, 2.5 % of body"
    )
    assert status_text.speed_figure(store, State.TRAINING).value != "–"
    assert status_text.speed_figure(store, State.PAUSED).value == "–", "nothing is trained meanwhile"
    figure = status_text.time_figure(store, State.TRAINING, over=False)
    assert figure == status_text.Figure("about 10 min", "to the end (30 s if no new best)")
    assert status_text.time_figure(store, State.PAUSED, over=False).value == "paused"
    assert status_text.time_figure(store, State.STOPPED, over=True).caption == "start to end"
