"""The window in another language: a catalogue with every text between « and », from the code to what is shown."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import PySide6
import pytest
from PySide6.QtCore import QTranslator

from sleapnn_gui.widgets import language
from sleapnn_gui.widgets.language import CATALOGUE, CONTEXT, counted, tr
from tests.architecture.sources import ROOT
from tests.architecture.texts import catalogue


def released(text: str, folder: Path, name: str) -> Path:
    """The catalogue as the window reads it, made by Qt's own tool."""
    beside = str(Path(PySide6.__file__).parent)
    tool = shutil.which("lrelease", path=beside) or shutil.which("pyside6-lrelease")
    if tool is None:
        pytest.skip("Qt's lrelease is not on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"{CATALOGUE}_{name}.ts"
    source.write_text(text, encoding="utf-8")
    subprocess.run([tool, "-silent", str(source)], check=True, timeout=60)
    return source.with_suffix(".qm")


def marked() -> str:
    """A catalogue of a language that puts every text between « and »."""
    root = ElementTree.fromstring(catalogue("eo"))
    for message in root.iter("message"):
        source, translation = message.findtext("source", ""), message.find("translation")
        assert translation is not None
        translation.attrib.clear()
        forms = [translation]
        if message.get("numerus") == "yes":
            forms = [ElementTree.SubElement(translation, "numerusform") for _ in range(2)]
        for form in forms:
            form.text = f"«{source}»"
    return ElementTree.tostring(root, "unicode")


@pytest.fixture(scope="module")
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a person has put the catalogue."""
    home = tmp_path_factory.mktemp("data")
    released(marked(), home / "sleapnn-gui" / "translations", "eo")
    return home


def spoken_by(code: list[str], *, home: Path, languages: str, folder: Path) -> str:
    """What a fresh process prints for a person of these languages."""
    own = {name: str(folder) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    environment = {
        **os.environ,
        **own,
        "XDG_DATA_HOME": str(home),
        "LANGUAGE": languages,
        "LANG": "en_US.UTF-8",
    }
    environment = {key: value for key, value in environment.items() if not key.startswith("LC_")}
    done = subprocess.run(
        [sys.executable, *code], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=120,
        env={**environment, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the language is chosen as on Linux")
def test_everything_in_the_window_speaks_the_language_of_the_system(data_home: Path, tmp_path: Path) -> None:
    """A text that is bare here stands in the code without `tr`, or in a file that `tests/architecture/texts.py` leaves out."""
    config = ROOT / "resources" / "presets" / "config_bottomup_unet_medium_rf.yaml"
    told = spoken_by(
        ["-m", "tests.gui.translated", str(config)], home=data_home, languages="eo", folder=tmp_path
    )
    found = json.loads(told)
    assert found["bare"] == {}
    assert found["seen"] > 1500


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the language is chosen as on Linux")
@pytest.mark.parametrize(("languages", "said"), [("fr:eo", "«Save»"), ("en_GB:eo", "Save")])
def test_the_first_language_that_there_is_counts_and_english_needs_no_catalogue(
    languages: str, said: str, data_home: Path, tmp_path: Path
) -> None:
    code = "from sleapnn_gui.widgets.language import tr; print(tr('Save'))"
    assert spoken_by(["-c", code], home=data_home, languages=languages, folder=tmp_path).strip() == said


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language with three forms of several, and a translation whose place is misspelt."""
    forms = "".join(f"<numerusform>%n klat{end}</numerusform>" for end in ("ka", "ki", "ek"))
    text = f"""<!DOCTYPE TS><TS version="2.1" language="pl"><context><name>{CONTEXT}</name>
        <message numerus="yes"><source>%n frame</source><translation>{forms}</translation></message>
        <message><source>Open {{path}}</source><translation>Otwórz {{path}}</translation></message>
        <message><source>Close {{path}}</source><translation>Zamknij {{pth}}</translation></message>
        </context></TS>"""
    found = QTranslator()
    assert found.load(str(released(text, tmp_path, "pl")))
    monkeypatch.setattr(language, "chosen_catalogue", lambda: found)


def test_a_number_takes_the_form_of_the_language(polish: None) -> None:
    told = [counted(number, "frame", spec=",") for number in (1, 3, 1205)]
    assert told == ["1 klatka", "3 klatki", "1,205 klatek"]
    assert counted(2, "mouse", "mice") == "2 mice"


def test_places_are_filled_in_after_translating(polish: None) -> None:
    assert tr("Open {path}", path="a {b}") == "Otwórz a {b}"
    assert tr("Close {path}", path="a") == "Close a"
    assert tr("Unknown {path}", path="a") == "Unknown a"
