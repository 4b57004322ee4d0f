"""What validation measures of animals: in lines for terminals, and left out by journals of earlier versions."""

import pytest

from sleapnn_engine.protocol.codec import decode_event, encode_event
from sleapnn_engine.protocol.event_text import event_line
from sleapnn_engine.protocol.messages import Event

DISTANCES = {"median_px": 3.0, "p90_px": 9.0, "percent_of_body": 2.0, "by_node": {"nose": 3.0}}
COUNTED = {"precision": 0.9, "recall": 0.8, "f1": 0.847, "class_accuracy": 0.5}


def epoch(error):
    body = {
        "epoch": 0,
        "train": 0.1,
        "val": 0.2,
        "lr": 1e-4,
        "seconds": 1.0,
        "samples_per_second": 8.0,
        "best": True,
        "best_epoch": 0,
        "best_val": 0.2,
        "data_wait": None,
        "error": error,
    }
    return Event(1, 5.0, "epoch_end", body)


@pytest.mark.parametrize("error", [DISTANCES, {**DISTANCES, **COUNTED}, None])
def test_an_epoch_is_read_with_and_without_counts(error):
    assert decode_event(encode_event(epoch(error))).body["error"] == error


def test_what_was_counted_is_told_where_it_was():
    assert ", median error 3 px, animals found 84.7 %, right identity 50.0 %, lr" in event_line(
        epoch({**DISTANCES, **COUNTED})
    )
    assert ", median error 3 px, lr" in event_line(epoch(DISTANCES))
    nothing = {"precision": None, "recall": 0.0, "f1": 0.0, "class_accuracy": None}
    assert ", median error –, animals found 0.0 %, lr" in event_line(
        epoch({**DISTANCES, "median_px": None, **nothing})
    )
