"""What was found on the disk belongs to the paths it was looked for under, and to no others."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sleapnn_gui.document.document import Document
from sleapnn_gui.inspector.disk_check import DiskCheck

LABELS, VALIDATION = "data_config.train_labels_path", "data_config.val_labels_path"


@pytest.fixture
def document(app: QApplication) -> Document:
    return Document()


def found(document: Document) -> list[str]:
    return [issue.path for issue in document.issues() if "does not exist" in issue.message]


def test_it_is_forgotten_with_its_path_and_what_else_was_found_stays(
    document: Document, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    check = DiskCheck(document)
    gone, there = tmp_path / "gone.slp", tmp_path / "there.slp"
    there.touch()
    document.apply_values({LABELS: [str(gone)], VALIDATION: [str(gone)]}, "gone")
    check.check()
    wait_until(lambda: found(document) == [LABELS, VALIDATION])
    document.set_value(LABELS, [str(there)])
    assert found(document) == [VALIDATION], "the next look takes a moment, in which Train may be pressed"
    document.set_value(LABELS, [str(gone)])
    wait_until(lambda: found(document) == [LABELS, VALIDATION])


def test_an_answer_about_former_paths_is_none(document: Document, app: QApplication, tmp_path: Path) -> None:
    check = DiskCheck(document)
    document.set_value(LABELS, [str(tmp_path / "gone.slp")])
    check.check()
    for thread in threading.enumerate():
        if thread.name == "aside":
            thread.join(5)
    document.set_value(LABELS, None)
    QTest.qWait(100)  # for more than the time between two looks at what the thread has found
    assert found(document) == []
