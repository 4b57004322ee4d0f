"""Values to enter, and entering them as a person does: with keys and the mouse."""

from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget, QWidget

from sleapnn_engine.config.spec import Key
from sleapnn_engine.config.tree import same
from sleapnn_engine.config.values import problem_of
from sleapnn_gui.form.codecs import codec_for, show_edge
from sleapnn_gui.form.editors.choice import ComboEditor, SegmentedEditor, options_of
from sleapnn_gui.form.editors.line import LineEditor
from sleapnn_gui.form.editors.listed import ListEditor
from sleapnn_gui.form.editors.nullable import NullableEditor

_CANDIDATES: dict[str, tuple[Any, ...]] = {
    "bool": (True, False),
    "int": (3, 2, 4, 8, 100, 5),
    "float": (0.25, 0.75, 1.5, 1e-06, 12.5, -0.5),
    "text": ("some words",),
    "file": ("folder/some file.slp", "folder/some.ckpt"),
    "folder": ("some folder/models",),
    "paths": (["a/b one.slp", "c.pkg.slp"],),
    "path_or_paths": ("video.mp4", ["a.slp", "b.slp"]),
    "names": (["head", "left wing"],),
    "ints": ([1, 2, 3, 4], [0, 2]),
    "edges": ([["head", "thorax"], ["thorax", "left wing"]],),
    "mapping": ({"embed": 48, "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24]},),
    "int_or_auto": (2, "auto"),
    "float_or_floats": (1e-06, [1e-06, 2e-05]),
}


def other_values(key: Key) -> list[Any]:
    """Valid values of a setting that differ from its default."""
    found = [choice.value for choice in key.meta.choices] or list(_CANDIDATES[key.meta.kind])
    fitting = [value for value in found if not same(value, key.default) and problem_of(key, value) is None]
    return fitting or ([None] if key.meta.nullable and key.default is not None else [])


def enter(editor: Any, key: Key, value: Any) -> None:
    """Bring an editor to a value with the mouse and the keyboard."""
    if isinstance(editor, NullableEditor):
        click(editor.switch.buttons[int(value is not None)])
        if value is not None:
            enter(editor.inner, key, value)
    elif isinstance(editor, SegmentedEditor):
        index = next(i for i, option in enumerate(options_of(key.meta)) if same(option.value, value))
        click(editor.buttons[index])
    elif isinstance(editor, ComboEditor):
        _pick(editor, key, value)
    elif isinstance(editor, ListEditor):
        _list(editor, value if isinstance(value, list) else [value])
    elif isinstance(editor, LineEditor):
        type_over(editor, codec_for(key.meta).show(value))
    else:
        raise AssertionError(f"no way to enter into {editor!r}")


def click(widget: QWidget) -> None:
    """Press and release the left button in the middle of a widget."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def type_over(line: LineEditor, text: str) -> None:
    """Replace what is in a field by typing."""
    line.setFocus()
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_Delete)
    QTest.keyClicks(line, text)


def turn_wheel(widget: QWidget, *, steps: int = -1) -> bool:
    """Turn the wheel over a widget; whether it took the event."""
    event = QWheelEvent(
        QPointF(5, 5), widget.mapToGlobal(QPointF(5, 5)), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def _pick(editor: ComboEditor, key: Key, value: Any) -> None:
    editor.setFocus()
    rows = [option.value for option in options_of(key.meta)]
    if value not in rows:
        line = editor.lineEdit()
        line.selectAll()
        QTest.keyClicks(line, str(value))
        return
    for _ in range(len(rows)):
        QTest.keyClick(editor, Qt.Key.Key_Up)
    for _ in range(rows.index(value)):
        QTest.keyClick(editor, Qt.Key.Key_Down)


def _list(editor: ListEditor, items: list[Any]) -> None:
    field, present = editor.focusProxy(), editor.findChild(QListWidget)
    while editor.items():
        present.setCurrentRow(0)
        QTest.keyClick(present, Qt.Key.Key_Delete)
    for item in items:
        QTest.keyClicks(field, show_edge(item).replace("→", "->"))
        QTest.keyClick(field, Qt.Key.Key_Return)
