"""What this machine has to train on: free memory of each device, which is chosen, and why others cannot be."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from sleapnn_gui.inspector.see.views import SightView, words
from sleapnn_gui.widgets.language import tr
from sleapnn_gui.widgets.message_line import MessageLine
from sleapnn_gui.widgets.tick import Tick


class DeviceView(SightView):
    """A line for each device. `device_asked` carries what chooses one that was pressed, and the name of the act."""

    device_asked = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fault = MessageLine(self)
        self.fault.hide()
        self.ticks: dict[str, Tick] = {}
        self._memory: dict[str, QLabel] = {}
        self._chosen: list[str] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self.column.addWidget(
            words(tr("What a training could run on here. A press on one chooses it."), parent=self)
        )
        self.column.addLayout(self._list)
        self.column.addWidget(self.fault)

    def show_answer(self, answer: dict[str, Any]) -> None:
        devices, self._chosen = answer["devices"], answer["chosen"]
        if [device["name"] for device in devices] != list(self.ticks):
            self._make(devices)
        for device in devices:
            tick, told = self.ticks[device["name"]], memory_text(device)
            self._memory[device["name"]].setText(told)
            tick.setAccessibleDescription(told)
        self._show_chosen()
        self.fault.show_message(answer["fault"], severity="error" if answer["fault"] else "hint")
        self.fault.setVisible(bool(answer["fault"]))

    def _make(self, devices: list[dict[str, Any]]) -> None:
        for old in (*self.ticks.values(), *self._memory.values()):
            old.hide()
            old.deleteLater()
        self.ticks, self._memory = {}, {}
        for device in devices:
            tick, told = Tick(device["words"], self), words(parent=self)
            tick.setObjectName(f"device:{device['name']}")
            tick.setEnabled(not device["reason"])
            tick.clicked.connect(lambda _=False, device=device: self._choose(device))
            told.setContentsMargins(22, 0, 0, 10)
            self.ticks[device["name"]], self._memory[device["name"]] = tick, told
            self._list.addWidget(tick)
            self._list.addWidget(told)

    def _choose(self, device: dict[str, Any]) -> None:
        self._show_chosen()  # until the engine says what the config chooses now
        self.device_asked.emit(device["set"], tr("Train on {words}", words=device["words"]))

    def _show_chosen(self) -> None:
        for name, tick in self.ticks.items():
            tick.setChecked(name in self._chosen)


def memory_text(device: dict[str, Any]) -> str:
    """The free memory of a device, or why it cannot be used."""
    if device["reason"]:
        return tr("Cannot be used: {reason}", reason=device["reason"])
    if device["free"] is None:
        return tr("It shares the memory of the machine.")
    whole = "" if device["total"] is None else tr(" of {total:.1f}", total=device["total"] / 1000000000.0)
    return tr("{free:.1f}{whole} GB of memory free", free=device["free"] / 1000000000.0, whole=whole)
