"""Following trainings that neither this window nor this machine has started."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from sleapnn_engine.protocol.peer_messages import USUAL_PORTS
from sleapnn_gui.document.background import BackgroundTask
from sleapnn_gui.shell.settings_store import last_place, remember_place
from sleapnn_gui.widgets.language import tr

if TYPE_CHECKING:
    from sleapnn_gui.run.ssh import FarRun, Ssh
    from sleapnn_gui.shell.elsewhere_sheet import ElsewhereSheet
    from sleapnn_gui.shell.run_commands import RunCommands

_WATCH = tr(
    "A training that sleap-nn does itself speaks on two ports of this computer, as its config says under trainer_config.zmq. "
    "This window listens there in the place of SLEAP's own, shows the losses as they come, and can stop the training. "
    "Begin to listen before it starts."
)
_ATTACH = tr(
    "The system's ssh reaches the machine as it does in a terminal, with your keys and your ~/.ssh/config; a password is not asked "
    "for. The run is then followed, paused and stopped as if it were here, and goes on when this window closes."
)


class ElsewhereCommands(QObject):
    """Asks where the training is, and hands it to the Train page as a session like any other."""

    def __init__(self, window: QWidget, runs: "RunCommands") -> None:
        super().__init__(window)
        self._window, self._runs = window, runs
        self._looking = BackgroundTask(self)
        self._ssh: Ssh | None = None

    def do_watch_peer(self) -> None:
        """Ask for the ports and listen there."""
        from sleapnn_gui.shell.elsewhere_sheet import Asked, ElsewhereSheet  # few ever watch one

        progress, control = (str(port) for port in USUAL_PORTS)
        sheet = ElsewhereSheet(
            self._window,
            name="watch_peer",
            title=tr("Watch a sleap-nn training"),
            told=_WATCH,
            asked=(
                Asked("progress", tr("Progress comes on port (publish_port)"), progress),
                Asked("control", tr("Stop is sent on port (controller_port)"), control),
            ),
            act=tr("Listen"),
        )
        sheet.wanted.connect(lambda texts: self._listen(sheet, texts))
        sheet.open()

    def _listen(self, sheet: "ElsewhereSheet", texts: Mapping[str, str]) -> None:
        from sleapnn_gui.run.peer_link import PeerPorts, PortTakenError
        from sleapnn_gui.run.peer_session import PeerSession

        numbers = [_port(texts[name]) for name in ("progress", "control")]
        if None in numbers or numbers[0] == numbers[1]:
            sheet.show_problem(tr("A port is a number from 1 to 65535, and the two differ."))
            return
        try:
            ports = PeerPorts(*(number or 0 for number in numbers))
        except PortTakenError as error:
            sheet.show_problem(str(error))
            return
        session = PeerSession(
            self._runs
        )  # its ports are taken already, so nothing said from now on is missed
        session.listen(ports)
        sheet.accept()
        self._runs.follow(session)

    def do_attach_far(self) -> None:
        """Ask for host and folder, and go there."""
        from sleapnn_gui.shell.elsewhere_sheet import Asked, ElsewhereSheet

        host, folder = last_place()
        sheet = ElsewhereSheet(
            self._window,
            name="attach_far",
            title=tr("Attach to a run on another machine"),
            told=_ATTACH,
            asked=(
                Asked("host", tr("Host"), host, "me@gpu.lab.org"),
                Asked("folder", tr("Run folder there"), folder, "~/models/fly_01"),
            ),
            act=tr("Attach"),
        )
        sheet.wanted.connect(lambda texts: self._find(sheet, texts))
        sheet.finished.connect(lambda _: self._leave())
        sheet.open()

    def _find(self, sheet: "ElsewhereSheet", texts: Mapping[str, str]) -> None:
        from sleapnn_gui.run.ssh import Ssh, SshError, place_of

        try:
            place = place_of(texts["host"], texts["folder"])
        except SshError as error:
            sheet.show_problem(str(error))
            return
        self._ssh = ssh = Ssh()

        def find() -> "FarRun | str":
            try:
                return ssh.find(place)
            except SshError as error:
                return str(error)

        sheet.set_busy(tr("Looking at {place} …", place=place.name))
        self._looking.begin(find, lambda found: self._attach(sheet, found))

    def _attach(self, sheet: "ElsewhereSheet", found: "FarRun | str") -> None:
        from sleapnn_gui.run.ssh_session import SshSession

        if isinstance(found, str):
            sheet.show_problem(found)
            return
        assert self._ssh is not None, "it looked"
        remember_place(found.place.host, found.place.folder)
        session = SshSession(self._runs)
        session.follow_far(self._ssh, found)
        self._ssh = None
        sheet.accept()
        self._runs.follow(session)

    def _leave(self) -> None:
        """The sheet is gone, and whatever it has asked for."""
        self._looking.drop()
        if self._ssh is not None:
            self._ssh.end()
            self._ssh = None


def _port(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return number if 0 < number < 65536 else None
