"""Which maps lie over a frame, of which part, limb or animal, how strongly, and what their colours mean."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sleapnn_engine.config.model_types import HEADS, MODEL_TYPES
from sleapnn_gui.monitor.map_layer import KINDS, MapLegend, every
from sleapnn_gui.monitor.overlay import Layers
from sleapnn_gui.monitor.panel import QuietSlider, caption
from sleapnn_gui.monitor.run_header import Header
from sleapnn_gui.widgets.combo import QuietComboBox
from sleapnn_gui.widgets.language import tr


class MapRow(QWidget):
    """A row of choices; `changed` when one was made."""

    changed = Signal()

    def __init__(self, layers: Layers, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 0)
        row.setSpacing(8)
        self.kinds: tuple[str, ...] = ("confmaps",)
        self.names: Mapping[str, Sequence[str]] = {}
        """What the channels of each kind are of, in their order."""
        self.kind, self.part = QuietComboBox(), QuietComboBox()
        self.kind.setAccessibleName(tr("Maps that are shown"))
        self.part.setAccessibleName(tr("Part whose confidence is shown"))
        for combo in (self.kind, self.part):
            combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.opacity_text = caption(tr("opacity"))
        self.opacity = QuietSlider(name=tr("Opacity of the maps"))
        self.opacity.setValue(round(layers.opacity * 100))
        self.legend = MapLegend()
        for widget, stretch in ((self.kind, 3), (self.part, 3), (self.opacity_text, 0), (self.opacity, 2)):
            row.addWidget(widget, stretch)
        row.addWidget(self.legend, 2)
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.part.currentIndexChanged.connect(self.changed)
        self.opacity.valueChanged.connect(self.changed)
        self.set_header(Header())

    @property
    def chosen(self) -> str:
        """The name of the array whose maps are chosen."""
        return self.kinds[max(0, self.kind.currentIndex())]

    def set_header(self, header: Header) -> None:
        """Learn which maps a run has, and what their channels are of."""
        heads = MODEL_TYPES[header.model_type].heads if header.model_type in MODEL_TYPES else ("confmaps",)
        self.kinds = tuple(key for key in KINDS if key in heads and HEADS[key].maps) or ("confmaps",)
        limbs = [f"{first} → {second}" for first, second in header.edges]
        self.names = {
            key: limbs if HEADS[key].limbs else header.identities if HEADS[key].identities else header.nodes
            for key in self.kinds
        }
        self.kind.blockSignals(True)
        self.kind.clear()
        self.kind.addItems([KINDS[kind] for kind in self.kinds])
        self.kind.blockSignals(False)
        self.kind.setVisible(len(self.kinds) > 1)
        self.opacity_text.setVisible(len(self.kinds) == 1)
        self._show_kind()

    def _show_kind(self) -> None:
        names = self.names.get(self.chosen, ())
        self.part.blockSignals(True)
        self.part.clear()
        self.part.addItems([every(self.chosen), *names])
        self.part.blockSignals(False)
        self.part.setVisible(len(names) > 1)
        self.legend.show_kind(self.chosen, names)
        self.changed.emit()

    def put_into(self, layers: Layers) -> None:
        """Have a view show what is chosen."""
        layers.maps = self.chosen
        layers.opacity = self.opacity.value() / 100
        layers.node = self.part.currentIndex() - 1 if self.part.currentIndex() > 0 else None
