"""Numbers as people write them."""

import pytest

from sleapnn_engine.config.numbers import plain


@pytest.mark.parametrize(
    ("number", "text"),
    [(1e-4, "0.0001"), (5e-5, "5e-5"), (2.5e-6, "2.5e-6"), (0.001, "0.001"), (1e6, "1,000,000"), (1234567.0, "1,234,567"),
     (0.1 + 0.2, "0.3"), (64, "64"), (0, "0"), (-2.5, "-2.5"), (1e20, "1e20")],
)  # fmt: skip
def test_numbers_are_written_without_computer_notation(number, text):
    assert plain(number) == text
