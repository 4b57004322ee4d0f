"""Numbers as people write them."""

import math


def plain(number: float, *, figures: int = 6) -> str:
    """A number without computer notation where it can be read: '0.0001', '2.5', '1,000,000', '2.5e-6'."""
    if not math.isfinite(number) or number == 0:
        return str(number) if number else "0"
    if not 1e-4 <= abs(number) < 1e15:
        return power(number, figures=figures)
    places = max(0, figures - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{places}f}" if abs(number) >= 10_000 else f"{number:.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def power(number: float, *, figures: int = 2) -> str:
    """A small or large number as people write learning rates: '1e-4', '5e-5', '2.5e-6'."""
    mantissa, exponent = f"{number:.{figures - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"
