"""A training of sleap-nn as the window sees it: followed on SLEAP's ports, without a folder and without a process."""

from sleapnn_gui.run.apart import ApartEngine, ApartSession
from sleapnn_gui.run.machine import RunEvent
from sleapnn_gui.run.peer_link import PeerLink, PeerPorts
from sleapnn_gui.widgets.language import tr

#: All that it can be asked for.
_ASKED = ("stop",)


class PeerSession(ApartSession):
    """A run that is only listened to. What it says is kept as long as the window shows it."""

    def listen(self, ports: PeerPorts) -> None:
        """Follow whatever trains on these ports, from now on; they are closed with the session."""
        progress, control = ports.numbers
        self.name = "sleap-nn"
        self.waits_for = tr(
            "Listening on ports {progress} and {control} of this computer, as SLEAP's own window does. Start the training "
            "with sleap-nn now; its config has to say trainer_config.zmq.publish_port: {progress} and "
            "controller_port: {control}.",
            progress=progress,
            control=control,
        )
        engine = ApartEngine()
        self._engine = engine
        self._advance(RunEvent.CONNECTION_FOUND)
        self._follow(PeerLink(ports, queue=self._queue, engine=engine))

    def can(self, verb: str) -> bool:
        return verb in _ASKED and super().can(verb)
