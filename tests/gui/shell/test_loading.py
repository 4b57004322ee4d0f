"""A large package is loaded in short turns, without what would take long and is of no use here."""

import subprocess
import sys
from pathlib import Path

import pytest

from sleapnn_gui.shell import pages
from sleapnn_gui.shell.loading import SteppedLoad

_TURNS = """
import sys, PySide6.QtWidgets
from sleapnn_gui.shell.loading import make_types
before = len(vars(PySide6.QtWidgets))
make_types("PySide6.QtWidgets")
print(before < len(vars(PySide6.QtWidgets)) - 50)
"""


def test_types_are_made_before_a_package_asks_for_all_of_them() -> None:
    said = subprocess.run([sys.executable, "-c", _TURNS], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "True"


def test_the_types_come_before_the_plots_and_one_module_in_a_turn(
    app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pages, "make_types", told.append)
    monkeypatch.setattr(SteppedLoad, "step", lambda _: told.append("plots") or False)
    made = pages.Pages()
    made.make_ahead()
    for _ in range(4):
        made._go_on()
    made.leave()
    made.deleteLater()
    assert told == ["PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets", "plots"]


@pytest.mark.parametrize("without", ["", "of_no_use"])
def test_what_is_of_no_use_is_not_loaded_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    (tmp_path / "of_no_use.py").write_text("")
    text = "import math\ntry:\n    import of_no_use\nexcept ImportError:\n    of_no_use = None\n"
    (tmp_path / "of_use.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    SteppedLoad("of_use", without=without).finish()
    found = sys.modules.pop("of_use")
    assert (found.of_no_use is None) is bool(without)
    assert ("of_no_use" in sys.modules) is not bool(without)
    sys.modules.pop("of_no_use", None)
