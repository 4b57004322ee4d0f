"""A run on another machine as the window sees it: followed and commanded through ssh."""

from pathlib import PurePosixPath

from sleapnn_gui.run.apart import ApartEngine, ApartSession
from sleapnn_gui.run.machine import RunEvent
from sleapnn_gui.run.ssh import FarRun, Ssh
from sleapnn_gui.run.ssh_link import SshLink


class SshSession(ApartSession):
    """Every command that the engine knows can be asked of it; only its process cannot be ended from here."""

    def follow_far(self, ssh: Ssh, found: FarRun) -> None:
        """Follow what was found on another machine: live, or of a run that is over its journal."""
        engine = ApartEngine()
        self.name = PurePosixPath(found.place.folder).name
        self._engine = engine
        self.was_over = found.connection is None
        self._advance(RunEvent.CONNECTION_FOUND)
        self._follow(SshLink(ssh, found, queue=self._queue, engine=engine))
