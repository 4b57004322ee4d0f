"""SlipCover's marks of lines that have been run are passed over from then on, in the code where they stand.

`python -m slipcover … -m pytest -p tests.covering`: a mark costs a call each time its line is run, and a line has to be seen once.
SlipCover would take marks out by giving functions other code, and torch knows some functions by their code. Here the code stays
the same object: the first instruction of a mark, which does nothing and is there for that, becomes a jump behind the mark.
Only Python 3.11 has its instructions so; later ones have no such marks, and what is not as expected is left as it is.
"""

import ctypes
import gc
import itertools
import opcode
import sys
from types import CodeType
from typing import Any

import pytest

#: So many tests are run between two goes; each has more lines that are seen for good.
_EVERY = 25
_KNOWN = sys.implementation.name == "cpython" and sys.version_info[:2] == (3, 11)
_NOTHING, _JUMP = opcode.opmap["NOP"], opcode.opmap["JUMP_FORWARD"]


class Marks:
    """The marks of one SlipCover."""

    def __init__(self, slipcover: Any) -> None:
        self._slipcover = slipcover
        self._tests = self._listed = 0
        #: Where in memory the marks of each line of a file are.
        self._places: dict[tuple[str, int], list[int]] = {}

    @pytest.hookimpl
    def pytest_runtest_logfinish(self) -> None:
        self._tests += 1
        if self._tests % _EVERY == 1:
            self.pass_over_seen()

    def pass_over_seen(self) -> None:
        """Pass over the marks of all lines that have been run since the last time; they count as run."""
        with self._slipcover.lock:
            self._list_new()
            for file, lines in self._slipcover._get_newly_seen().items():
                self._slipcover.all_seen[file].update(lines)
                for line in lines:
                    for place in self._places.pop((file, line), ()):
                        mark = (ctypes.c_ubyte * 2).from_address(place)
                        if mark[0] == _NOTHING and mark[1]:
                            mark[0] = _JUMP

    def _list_new(self) -> None:
        """Find the marks in what has been loaded since the last time; SlipCover keeps all this code to the end."""
        for code, marks in itertools.islice(self._slipcover.code2index.items(), self._listed, None):
            # What stands in memory behind the named parts of a code object is what is run.
            start = id(code) + CodeType.__basicsize__
            for offset, line in marks:
                self._places.setdefault((code.co_filename, line), []).append(start + offset)
        self._listed = len(self._slipcover.code2index)


def pytest_configure(config: pytest.Config) -> None:
    for found in gc.get_objects() if _KNOWN else ():
        if type(found).__module__ == "slipcover.slipcover" and type(found).__name__ == "Slipcover":
            config.pluginmanager.register(Marks(found))
