"""A style that says the system wants no animations is listened to."""

from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from sleapnn_gui.widgets.motion import may_move


class Still(QProxyStyle):
    """The style of a system whose person wants nothing to move."""

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returned: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, returned)


def test_the_system_is_asked(app: QApplication) -> None:
    widget, style = QWidget(), Still()
    assert may_move(widget)
    widget.setStyle(style)
    assert not may_move(widget)
