"""What was measured of a training, in words: for the window and for the command line."""

from collections.abc import Mapping
from typing import Any

from sleapnn_engine.config.numbers import plain


def memory_text(found: Mapping[str, Any]) -> str:
    """For example “1.2 of 7.9 GB on cpu”."""
    return f"{found['memory'] / 1e9:.2g} of {found['free'] / 1e9:.3g} GB that are free on {found['device']}"


def time_text(found: Mapping[str, Any]) -> str:
    """For example “about 38 min for 100 epochs; 0.12 s a step, 5 % of it waiting for images”."""
    waited = found["data_share"]
    share = "" if waited is None else f", {100 * waited:.0f} % of it waiting for images"
    each = f"{plain(found['step_seconds'], figures=2)} s a step"
    return f"about {span_text(found['seconds'])} for all {found['epochs']} epochs; {each}{share}"


def measured_text(found: Mapping[str, Any]) -> str:
    """Both in one sentence."""
    return f"{found['steps']} steps were measured: {memory_text(found)}; {time_text(found)}."


def span_text(seconds: float) -> str:
    """A stretch of time as people say it beforehand: “40 s”, “38 min”, “5.2 h”, “3 days”."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"
