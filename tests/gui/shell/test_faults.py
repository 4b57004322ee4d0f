"""A fault inside the window is told on the screen and in a file, wherever it came up."""

import ast
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QMetaMethod, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from sleapnn_gui.app import show_window
from sleapnn_gui.main_window import MainWindow
from sleapnn_gui.shell.faults import Faults
from tests.architecture.sources import product_sources
from tests.gui.windows import throw_away

Wait = Callable[..., None]


@pytest.fixture
def window(app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.chdir(tmp_path)
    _, found = show_window(["sleapnn-gui", "--theme", "light"])
    listener = app.findChild(Faults, "faults")
    assert isinstance(listener, Faults)
    monkeypatch.setattr(listener, "log", tmp_path / "faults.log")
    monkeypatch.setattr(listener, "_told", {})
    yield found
    throw_away(found)


def fail() -> None:
    raise KeyError("an odd place", str(Path.home() / "mice"), "api_key=abc123")


def in_a_slot() -> None:
    button = QPushButton()
    button.clicked.connect(fail)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def in_a_thread() -> None:
    worker = threading.Thread(target=fail)
    worker.start()
    worker.join()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("where", [in_a_slot, in_a_thread])
def test_a_fault_reaches_banner_log_and_clipboard(
    window: MainWindow, wait_until: Wait, no_slot_fails: list[str], tmp_path: Path, where: Callable[[], None]
) -> None:
    where()
    wait_until(window.banner.isVisible)
    assert window.banner.severity == "error"
    assert "KeyError: ('an odd place'" in window.banner.sentence
    assert "Traceback" not in window.banner.sentence
    log = (tmp_path / "faults.log").read_text(encoding="utf-8")
    assert "in fail" in log
    assert str(tmp_path / "faults.log") in window.banner.sentence
    window.banner.followed.emit()
    copied = QGuiApplication.clipboard().text()
    assert "in fail" in copied
    assert str(Path("~", "mice")) in copied
    assert "abc123" not in copied
    assert str(Path.home() / "mice") not in copied
    assert "Copied" in window.banner.sentence
    no_slot_fails.clear()


def test_a_fault_that_comes_again_and_again_is_told_once(
    window: MainWindow, no_slot_fails: list[str], tmp_path: Path
) -> None:
    for _ in range(20):
        in_a_slot()
    assert len(no_slot_fails) == 20
    assert (tmp_path / "faults.log").read_text(encoding="utf-8").count("Traceback") == 1
    no_slot_fails.clear()


def test_labels_are_chosen_in_the_dialog(window: MainWindow, tmp_path: Path) -> None:
    window.labels_page.drop_zone.clicked.emit()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.isVisible()
    paths = [str(tmp_path / "a.slp"), str(tmp_path / "b.slp")]
    dialog.filesSelected.emit(paths)
    assert window.document.value("data_config.train_labels_path") == paths
    dialog.close()


def test_no_signal_of_ours_takes_a_type_of_qt_directly() -> None:
    """Lists and addresses of Qt's own arrive in a function, never in a signal: such a connection fails when made."""
    foreign = signals_with_types_of_qt()
    assert {"filesSelected", "urlsSelected", "anchorClicked"} <= foreign
    sources = [source for source in product_sources() if source.name.startswith("sleapnn_gui")]
    ours = {name for source in sources for name in own_signals(source.tree)}
    direct = [
        f"{source.name}:{node.lineno}"
        for source in sources
        for node in source.nodes
        if isinstance(node, ast.Call) and is_connection(node, of=foreign, to=ours)
    ]
    assert direct == []


def signals_with_types_of_qt() -> set[str]:
    """Names of the signals of Qt that carry a list, an address or a file of its own."""
    found = set()
    for module in (QtCore, QtGui, QtWidgets):
        for kind in vars(module).values():
            meta = getattr(kind, "staticMetaObject", None)
            for index in range(meta.methodCount() if meta is not None else 0):
                method = meta.method(index)
                types = [bytes(name.data()).decode() for name in method.parameterTypes()]
                if method.methodType() is QMetaMethod.MethodType.Signal and any(
                    name in ("QStringList", "QUrl") or name.startswith("QList<") for name in types
                ):
                    found.add(bytes(method.name().data()).decode())
    return found


def own_signals(tree: ast.AST) -> set[str]:
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "Signal"
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def is_connection(call: ast.Call, *, of: set[str], to: set[str]) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "connect"
        and isinstance(function.value, ast.Attribute)
        and function.value.attr in of
        and isinstance(call.args[0], ast.Attribute)
        and call.args[0].attr.removesuffix("emit").rstrip(".") in to
    )
