"""A run without a folder on this computer and without a process here: what its engine is to a session, and its end."""

from collections.abc import Callable
from pathlib import Path

import attrs

from sleapnn_gui.run.outcome import Exit
from sleapnn_gui.run.remains import Remains
from sleapnn_gui.run.session import RunSession


@attrs.define
class ApartEngine:
    """An engine whose process is not on this computer, or not known, so that it is never sent a signal."""

    pid: int | None = None
    is_reachable: bool = True
    is_gone: bool = False
    told: str = ""
    """What is known of its end, where it did not say so itself."""

    @property
    def may_be_ended(self) -> bool:
        """Never: no signal reaches it."""
        return False

    def poll(self) -> Exit | None:
        """An Exit once it is gone."""
        return Exit(told=self.told) if self.is_gone else None

    def terminate(self) -> bool:
        """Nothing is sent."""
        return False

    def kill(self) -> bool:
        """Nothing is sent."""
        return False


class ApartSession(RunSession):
    """A run that is followed without its folder. Nothing of it stays when the window lets go."""

    def read_log(self, then: Callable[[Path | None, tuple[str, ...]], None]) -> None:
        then(None, ())

    def _settle(self, leaving: Exit) -> None:
        self._timer.stop()
        self._end(leaving, Remains(printed=[], last_lines=[], log_path=None, run_dir=None))
