"""Whether somebody still waits for an answer."""

from collections.abc import Callable

#: Asked between two pieces of work whether the answer is not wanted any longer.
Cancelled = Callable[[], bool]


class NotWanted(Exception):
    """Raised where `cancelled` says so: nobody waits for the answer any longer."""


def never() -> bool:
    """For answers that are always wanted."""
    return False


def require_wanted(cancelled: Cancelled) -> None:
    """Raise NotWanted where nobody waits any longer."""
    if cancelled():
        raise NotWanted
