"""The look of the window: one token table turned into a palette, a stylesheet and fonts, light, dark or as the system."""

import string
from collections.abc import Iterator
from typing import Any

import attrs
import yaml
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from sleapnn_engine.config.resources import resource_path
from sleapnn_gui.widgets.restyle import restyle

MODES = ("light", "dark", "system")
_DONE = object()
_BOLD = ("title", "heading", "number")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@attrs.frozen
class Tokens:
    """The token table as read: colours as (light, dark) pairs of "#rrggbb", sizes and type in pixels."""

    colors: dict[str, tuple[str, str]]
    read_on: dict[str, tuple[str, ...]]
    sizes: dict[str, int]
    type: dict[str, int]
    families: tuple[str, ...]
    mono: tuple[str, ...]
    generic: tuple[str, ...]

    def hex(self, name: str, scheme: str) -> str:
        """The colour called `name` in the "light" or "dark" scheme, as "#rrggbb"."""
        return self.colors[name][1 if scheme == "dark" else 0]


def load_tokens() -> Tokens:
    """Read the token table of `resources/themes`."""
    with resource_path("themes", "tokens.yaml").open(encoding="utf-8") as file:
        table: dict[str, Any] = yaml.load(file, Loader=_LOADER)
    return Tokens(
        colors={name: (pair[0], pair[1]) for name, pair in table["colors"].items()},
        read_on={name: tuple(surfaces) for name, surfaces in table["read_on"].items()},
        sizes=table["sizes"],
        type=table["type"],
        families=tuple(table["families"]),
        mono=tuple(table["mono"]),
        generic=tuple(table["generic"]),
    )


class Theme(QObject):
    """The theme of an application; lives as long as the application and tells when its colours change.

    Widgets that paint themselves ask `color` while painting, so a change of theme only needs a repaint.
    """

    changed = Signal()

    def __init__(self, app: QApplication, *, mode: str = "system", tokens: Tokens | None = None) -> None:
        super().__init__(app)
        self.setObjectName("theme")
        self._app = app
        self.tokens = tokens or load_tokens()
        self._template = string.Template(resource_path("themes", "style.qss").read_text(encoding="utf-8"))
        self._colors: dict[str, QColor] = {}
        self._fonts: dict[tuple[str, QFont.Weight | None, bool], QFont] = {}
        self._mode = mode
        self.scheme = "light"
        self._under_way: Iterator[None] | None = None
        self._changing = False
        self._target = self.scheme
        self._wished: str | None = None
        """What was wished for in the middle of a change."""
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._go_on)
        self._family = self._system_family()
        self._mono = self._first_installed(self.tokens.mono)
        app.setStyle("Fusion")
        app.setFont(self.font())
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self.set_mode(mode)

    @property
    def mode(self) -> str:
        """What was asked for: light, dark or system."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Switch to "light", "dark" or "system", seen when this returns."""
        self.turn_to(mode)
        while self._changing:
            self._go_on()

    def turn_to(self, mode: str) -> None:
        """Switch to "light", "dark" or "system" in short turns of the event loop; `changed` says when it is seen."""
        if mode not in MODES:
            raise ValueError(f"A theme is one of {', '.join(MODES)}, not {mode!r}.")
        self._mode = mode
        wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            mode, Qt.ColorScheme.Unknown
        )
        self._app.styleHints().setColorScheme(wanted)
        if mode == "system":
            self._begin(self._system_scheme())
        else:
            self._begin(mode)

    def hex(self, name: str) -> str:
        """The colour token `name` as "#rrggbb" in the theme shown now."""
        return self.tokens.hex(name, self.scheme)

    def color(self, name: str) -> QColor:
        """The colour token `name` in the theme shown now. Do not modify the returned colour."""
        return self._colors[name]

    def size(self, name: str) -> int:
        """The size token `name` in pixels."""
        return self.tokens.sizes[name]

    def font(self, role: str = "base", *, weight: QFont.Weight | None = None, mono: bool = False) -> QFont:
        """A font of the type token `role` (base, title, caption, ...) with figures of equal width."""
        known = self._fonts.get((role, weight, mono))
        if known is None:
            known = QFont(self._mono if mono else self._family)
            known.setPixelSize(self.tokens.type[role])
            known.setWeight(weight or (QFont.Weight.DemiBold if role in _BOLD else QFont.Weight.Normal))
            known.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[role, weight, mono] = known
        return QFont(known)

    def _begin(self, scheme: str) -> None:
        """Start to change to a scheme, or note it: a change that is under way ends first.

        Given up, it would have to style all that is seen in one turn.
        """
        if self._changing:
            self._wished = scheme if scheme != self._target else None
            return
        if self._colors and scheme == self.scheme:
            self.changed.emit()  # the mode has another name, and everything looks so already
            return
        self._target = scheme
        self._under_way = None
        self._under_way = restyle(
            self._app,
            recolor=lambda: self._apply_scheme(scheme),
            sheet=self.stylesheet,
            told=self._emit_changed,
        )
        self._changing = True
        self._turns.start()

    def _emit_changed(self) -> None:
        self._changing = False
        if self._wished is None:
            self.changed.emit()

    def _go_on(self) -> None:
        if self._under_way is None or next(self._under_way, _DONE) is _DONE:
            self._under_way, self._changing = None, False
            self._turns.stop()
        if self._wished is not None and not self._changing:
            wished, self._wished = self._wished, None
            self._begin(wished)

    def _apply_scheme(self, scheme: str) -> None:
        self.scheme = scheme
        self._colors = {name: QColor(self.hex(name)) for name in self.tokens.colors}
        self._app.setPalette(self._palette())

    def stylesheet(self) -> str:
        """The application's stylesheet with every token filled in."""
        words: dict[str, object] = {name: self.hex(name) for name in self.tokens.colors}
        words |= self.tokens.sizes
        words |= {f"type_{name}": size for name, size in self.tokens.type.items()}
        return self._template.substitute(words)

    def _palette(self) -> QPalette:
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "window",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.Base: "panel",
            QPalette.ColorRole.AlternateBase: "control",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.Button: "panel",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.BrightText: "error",
            QPalette.ColorRole.PlaceholderText: "muted",
            QPalette.ColorRole.Highlight: "accent",
            QPalette.ColorRole.HighlightedText: "on_accent",
            QPalette.ColorRole.Accent: "accent",
            QPalette.ColorRole.Link: "accent_text",
            QPalette.ColorRole.LinkVisited: "accent_text",
            QPalette.ColorRole.ToolTipBase: "panel",
            QPalette.ColorRole.ToolTipText: "text",
            QPalette.ColorRole.Light: "panel",
            QPalette.ColorRole.Midlight: "hover",
            QPalette.ColorRole.Mid: "edge",
            QPalette.ColorRole.Dark: "line",
        }
        for role, name in roles.items():
            palette.setColor(role, self.color(name))
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("muted"))
        return palette

    def _system_changed(self) -> None:
        if self._mode == "system":
            self._begin(self._system_scheme())

    def _system_scheme(self) -> str:
        return "dark" if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else "light"

    def _system_family(self) -> str:
        family = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
        return self._first_installed(self.tokens.families) if family in self.tokens.generic else family

    def _first_installed(self, families: tuple[str, ...]) -> str:
        installed = set(QFontDatabase.families())
        found = next((family for family in families if family in installed), "")
        return found or QFontInfo(QFont(families[-1])).family()


def install_theme(app: QApplication, *, mode: str = "system") -> Theme:
    """Give the application its theme, or switch the one it has to `mode`."""
    theme = app.findChild(Theme, "theme")
    if theme is None:
        return Theme(app, mode=mode)
    theme.set_mode(mode)
    return theme


def current_theme() -> Theme:
    """The application's theme; installed as "light" when there is none yet, so that a widget can stand alone."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("A theme needs a QApplication.")
    return app.findChild(Theme, "theme") or install_theme(app, mode="light")


def set_state(widget: QWidget, name: str, value: object) -> None:
    """Set a dynamic property that the stylesheet selects on, and let the style look again if it changed.

    To look again costs a millisecond, so a widget that was never styled waits for its first time, and what was never
    said counts as empty.
    """
    before = widget.property(name)
    if before == value:
        return
    widget.setProperty(name, value)
    if (before or value) and widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()
