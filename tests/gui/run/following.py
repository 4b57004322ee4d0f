"""A session with everything it said written down, for tests that follow whole runs."""

import json
import sys
from pathlib import Path

from sleapnn_gui.run.queue import Batches
from sleapnn_gui.run.session import RunSession

ENGINE = (sys.executable, "-m", "tests.gui.run.scripted_engine")
ROOT = Path(__file__).resolve().parents[3]


class Followed:
    """A session and the record of its signals."""

    def __init__(self, *, engine=ENGINE, grace=10.0):
        self.session = RunSession(engine=engine, grace=grace)
        self.items, self.commands, self.notices, self.outcomes, self.states = [], [], [], [], []
        self.session.events.connect(self.items.extend)
        self.session.command_state.connect(lambda *told: self.commands.append(told))
        self.session.notice.connect(self.notices.append)
        self.session.ended.connect(self.outcomes.append)
        self.session.state_changed.connect(self._note_state)

    def _note_state(self):
        if not self.states or self.states[-1] != self.session.state:
            self.states.append(self.session.state)

    def start(self, run_dir, **script):
        self.session.start(json.dumps(script), run_dir, folder=ROOT)

    @property
    def outcome(self):
        return self.outcomes[0] if self.outcomes else None

    @property
    def kinds(self):
        return [item.kind for item in self.items if not isinstance(item, Batches)]

    @property
    def seqs(self):
        found = []
        for item in self.items:
            found.extend(item.seqs if isinstance(item, Batches) else [item.seq])
        return [seq for seq in found if seq is not None]

    @property
    def steps(self):
        return [step for item in self.items if isinstance(item, Batches) for step in item.steps]

    def stages(self, verb):
        return [stage for told, stage, _ in self.commands if told == verb]
