"""Following trainings that neither this window nor this machine has started."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from sleapnn_engine.protocol.peer_messages import USUAL_PORTS

if TYPE_CHECKING:
    from sleapnn_gui.shell.elsewhere_sheet import ElsewhereSheet
    from sleapnn_gui.shell.run_commands import RunCommands

_WATCH = (
    "A training that sleap-nn does itself speaks on two ports of this computer, as its config says under trainer_config.zmq. "
    "This window listens there in the place of SLEAP's own, shows the losses as they come, and can stop the training. "
    "Begin to listen before it starts."
)


class ElsewhereCommands(QObject):
    """Asks where the training is, and hands it to the Train page as a session like any other."""

    def __init__(self, window: QWidget, runs: "RunCommands") -> None:
        super().__init__(window)
        self._window, self._runs = window, runs

    def do_watch_peer(self) -> None:
        """Ask for the ports and listen there."""
        from sleapnn_gui.shell.elsewhere_sheet import Asked, ElsewhereSheet  # few ever watch one

        progress, control = (str(port) for port in USUAL_PORTS)
        sheet = ElsewhereSheet(
            self._window,
            name="watch_peer",
            title="Watch a sleap-nn training",
            told=_WATCH,
            asked=(
                Asked("progress", "Progress comes on port (publish_port)", progress),
                Asked("control", "Stop is sent on port (controller_port)", control),
            ),
            act="Listen",
        )
        sheet.wanted.connect(lambda texts: self._listen(sheet, texts))
        sheet.open()

    def _listen(self, sheet: "ElsewhereSheet", texts: Mapping[str, str]) -> None:
        from sleapnn_gui.run.peer_link import PeerPorts, PortTakenError
        from sleapnn_gui.run.peer_session import PeerSession

        numbers = [_port(texts[name]) for name in ("progress", "control")]
        if None in numbers or numbers[0] == numbers[1]:
            sheet.show_problem("A port is a number from 1 to 65535, and the two differ.")
            return
        try:
            ports = PeerPorts(*(number or 0 for number in numbers))
        except PortTakenError as error:
            sheet.show_problem(str(error))
            return
        session = PeerSession(self._runs)
        session.listen(ports)
        sheet.accept()
        self._runs.follow(session)


def _port(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return number if 0 < number < 65536 else None
