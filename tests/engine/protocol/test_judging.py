"""What is said at the end of a training whose model finds nothing."""

import pytest

from sleapnn_engine.protocol.judging import nothing_found
from sleapnn_engine.protocol.measures import Measured


def errors(**known: float | None) -> Measured:
    return Measured(known)


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (None, ""),
        (errors(median_px=3.0), ""),
        (errors(median_px=3.0, f1=0.01), ""),
        (errors(class_accuracy=0.4), ""),
        (errors(f1=0.0, recall=0.0), "finds no animal"),
        (errors(), "finds no body part"),
        (errors(f1=0.004, recall=0.1), "finds no animal"),
        (
            errors(median_px=127.0, pck_10=0.003),
            "no body part of the validation frames within 10 % of a body",
        ),
        (errors(median_px=12.0, pck_10=0.01), ""),
        (
            errors(median_px=3.0, f1=0.9, class_accuracy=0.0),
            "no animal of the validation frames its right identity",
        ),
    ],
)
def test_a_model_that_finds_nothing_is_told_with_what_to_try(measured: Measured | None, said: str) -> None:
    text = nothing_found(measured)
    assert (said in text) if said else not text
    assert not said or "Train for more epochs" in text
