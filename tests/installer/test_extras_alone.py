"""Either extra stands on its own: the wheel beside nothing but what the extra asks for, in an environment of its own."""

import email
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "sleapnn-gui"

WINDOW = """
import importlib.util, sys
for name in ("torch", "sleap_io", "cv2", "h5py", "scipy", "timm", "lightning"):
    assert importlib.util.find_spec(name) is None, name
from sleapnn_gui.app import build
app, window = build(["sleapnn-gui", "job.yaml"])
assert window.document.value("trainer_config.max_epochs") == 7
assert window.form.row("trainer_config.max_epochs").editor.text() == "7"
assert "torch" not in sys.modules
app.processEvents()
picture = window.grab().toImage()
assert window.isVisible() and len({picture.pixel(x, 40) for x in range(picture.width())}) > 10
"""
ENGINE = """
import importlib.util
for name in ("PySide6", "shiboken6", "pyqtgraph", "qtawesome"):
    assert importlib.util.find_spec(name) is None, name
"""
#: Python runs this before a program begins, in each process that the program starts as well.
LISTEN = """
import os, sys
def note(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        to = args[0] if event == "socket.getaddrinfo" else args[1]
        with open(os.environ["SPOKEN_TO"], "a") as file:
            file.write(f"{to[0] if isinstance(to, tuple) else to}\\n")
sys.addaudithook(note)
"""
JOB = """
data_config:
  train_labels_path: [demo.pkg.slp]
  preprocessing: {scale: 0.25}
model_config:
  backbone_config: {unet: {filters: 4, max_stride: 8, output_stride: 4}}
  head_configs: {single_instance: {confmaps: {output_stride: 4}}}
trainer_config:
  max_epochs: 1
  train_steps_per_epoch: 2
  save_ckpt: true
  trainer_accelerator: cpu
"""


def asked_for(wheel: Path) -> list[str]:
    """What the wheel itself says it needs."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        said = email.message_from_bytes(archive.read(name))
    return said.get_all("Requires-Dist", [])


def needed(wheel: Path, extra: str) -> set[str]:
    """Names of all packages that the wheel asks for with one extra, and that those ask for in turn."""
    found: set[str] = set()
    waiting = [(PROJECT, frozenset({extra}))]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        for line in asked_for(wheel) if name == PROJECT else metadata.distribution(name).requires or ():
            wanted = Requirement(line)
            if wanted.marker and not any(wanted.marker.evaluate({"extra": one}) for one in extras | {""}):
                continue
            found.add(canonicalize_name(wanted.name))
            further = (wanted.name, frozenset(wanted.extras))
            if further not in seen:
                seen.add(further)
                waiting.append(further)
    return found


def link_package(name: str, site: Path, *, shared: Mapping[str, Sequence[str]]) -> None:
    """The installed files of a package in another environment as well, without copying them.

    A folder that no other package puts anything into is one link, with what Python compiled in it; `shared` says who does.
    """
    linked: set[str] = set()
    for file in metadata.distribution(name).files or ():
        top, source = file.parts[0], Path(str(file.locate()))
        if top in linked or ".." in file.parts or "__pycache__" in file.parts or not source.is_file():
            continue  # programs, and what Python compiled
        target = site / file
        if len(file.parts) > 1 and len(set(shared.get(top, ()))) == 1:
            linked.add(top)
            target, source = site / top, source.parents[len(file.parts) - 2]
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():  # two packages bring a file of that name
            continue
        target.symlink_to(source, target_is_directory=source.is_dir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is handed out."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(folder), str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0 and "hatchling" in done.stderr:
        pytest.skip("the wheel cannot be built without hatchling, which no package index offers here")
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The Python of an environment for each extra, with the wheel installed in it."""
    pythons = {}
    shared = metadata.packages_distributions()
    for extra in ("gui", "engine"):
        folder = tmp_path_factory.mktemp(extra)
        venv.create(folder, with_pip=False, symlinks=os.name != "nt")
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        site = next(folder.rglob("site-packages"))
        for name in needed(wheel, extra):
            link_package(name, site, shared=shared)
        words = ["--python", str(python), "install", "--no-deps", "--no-index", "--quiet", str(wheel)]
        done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        pythons[extra] = python
    return pythons


def run(python: Path, *words: str, folder: Path, code: int = 0) -> str:
    """What a program of the environment says; nothing of this checkout is in its way. Whom it speaks to is noted."""
    listening = folder / "listening"
    listening.mkdir(exist_ok=True)
    (listening / "sitecustomize.py").write_text(LISTEN, encoding="utf-8")
    variables = {**os.environ, "PYTHONPATH": str(listening), "SPOKEN_TO": str(folder / "spoken_to.txt")}
    done = subprocess.run(
        [str(python), *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=120
    )
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


def others_spoken_to(folder: Path) -> set[str]:
    """Other machines that programs in the folder wanted to speak to; names count, also those that are not found."""
    noted = folder / "spoken_to.txt"
    found = set(noted.read_text(encoding="utf-8").split("\n")) if noted.is_file() else set()
    return {to for to in found if to and not to.startswith(("127.", "/", "\0"))} - {
        "::1",
        "localhost",
        "None",
    }


def program(python: Path, name: str) -> Path:
    """A program that the wheel brings."""
    return python.with_name(name + python.suffix)


def test_the_wheel_has_all_that_belongs_to_it(wheel: Path) -> None:
    """Both packages with their types, each file of `resources` as it is here, two programs, licence and extras."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for file in (path for path in (ROOT / "resources").rglob("*") if path.is_file()):
            inside = f"sleapnn_engine/_resources/{file.relative_to(ROOT / 'resources').as_posix()}"
            assert archive.read(inside) == file.read_bytes(), inside
        (entries,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        programs = set(archive.read(entries).decode().split())
    assert {"sleapnn_engine/py.typed", "sleapnn_gui/py.typed"} <= names
    assert {"[console_scripts]", "sleapnn_gui.__main__:main", "sleapnn_engine.__main__:main"} <= programs
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"sleapnn_engine", "sleapnn_gui"}
    assert needed(wheel, "all") == needed(wheel, "gui") | needed(wheel, "engine")


def test_the_window_opens_a_config_without_torch(alone: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("trainer_config: {max_epochs: 7}\n", encoding="utf-8")
    run(alone["gui"], "-c", WINDOW, folder=tmp_path)
    assert others_spoken_to(tmp_path) == set()
    run(program(alone["gui"], "sleapnn-engine"), "doctor", folder=tmp_path)
    assert "127.0.0.1" in (tmp_path / "spoken_to.txt").read_text(
        encoding="utf-8"
    )  # so that it is noted at all
    run(alone["gui"], "-c", "import sys; sys.audit('socket.connect', 0, ('192.0.2.1', 9))", folder=tmp_path)
    assert others_spoken_to(tmp_path) == {"192.0.2.1"}


@pytest.mark.parametrize(
    ("extra", "words", "missing"),
    [
        ("gui", ("sleapnn-engine", "describe", "mouse.slp"), ("“describe”", "sleap_io", "[engine]")),
        ("engine", ("sleapnn-gui",), ("The window", "PySide6", "[gui]")),
    ],
)
def test_the_other_half_says_what_it_lacks(
    alone: dict[str, Path], tmp_path: Path, extra: str, words: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    said = run(program(alone[extra], words[0]), *words[1:], folder=tmp_path, code=1)
    assert all(word in said for word in missing), said


def test_the_engine_trains_without_a_window(alone: dict[str, Path], tmp_path: Path) -> None:
    python = alone["engine"]
    run(python, "-c", ENGINE, folder=tmp_path)
    engine = program(python, "sleapnn-engine")
    run(engine, "demo-data", "-o", "demo.pkg.slp", "--frames", "8", folder=tmp_path)
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    run(engine, "validate", "job.yaml", folder=tmp_path)
    run(engine, "train", "job.yaml", "--run-dir", "run", folder=tmp_path)
    assert (tmp_path / "run" / "best.ckpt").is_file()
    assert others_spoken_to(tmp_path) == set()
