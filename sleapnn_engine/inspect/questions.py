"""Each kind of question with the function that answers it; what is slow to import comes with the first question."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from .service import Answer
from .wanted import Cancelled

Found = tuple[dict[str, Any], dict[str, np.ndarray]]


def _describe(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from .answers import describe

    return describe(args["values"], cancelled), {}


def _check(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from sleapnn_engine.config.issue import issue_values

    from .answers import check

    return {"issues": [issue_values(issue) for issue in check(args["values"], cancelled)]}, {}


def _derive(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from .figures import derive

    return derive(args["values"], cancelled), {}


def _frame(args: Mapping[str, Any], cancelled: Cancelled) -> Found:
    from .frame import frame

    return frame(args, cancelled)


ANSWERS: dict[str, Answer] = {
    "describe": _describe,
    "check": _check,
    "derive": _derive,
    "frame": _frame,
}
