"""The window's line to a run that cannot be talked to from here: its journal, read as it grows."""

import time

from sleapnn_engine.protocol.journal import JournalReader
from sleapnn_gui.run.link import EVENTS_AT_ONCE, LinkEvent, LinkEventKind, RunLink

_LOOK_SECONDS = 0.5


class JournalLink(RunLink):
    """Reads and never asks; a request is refused when the line ends."""

    def _converse(self) -> bool:
        reader = JournalReader(self.run_dir)
        self._events.append(LinkEvent(LinkEventKind.FOUND))
        while not self._over():
            events = reader.poll_packed(limit=EVENTS_AT_ONCE)
            for event in events:
                self._pass_on(event)
            self._events.extend(LinkEvent(LinkEventKind.NOTICE, text) for text in reader.pop_notices())
            self._poll_engine(time.monotonic())
            self._closing.wait(0.001 if events else _LOOK_SECONDS)
        return True
