"""Whether anything may move or fade by itself: what a person has told the system."""

from PySide6.QtWidgets import QStyle, QWidget


def may_move(widget: QWidget) -> bool:
    """False where the system is set to show no animations; Qt's styles ask it."""
    hint = QStyle.StyleHint.SH_Widget_Animation_Duration
    return widget.style().styleHint(hint, None, widget) > 0
