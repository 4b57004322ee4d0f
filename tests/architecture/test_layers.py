"""Who may import whom: the contracts in pyproject.toml, and the one door between window and engine."""

import subprocess
import sys

import grimp

from tests.architecture.sources import ROOT

OPEN_TO_THE_WINDOW = ("sleapnn_engine.config", "sleapnn_engine.protocol")


def test_the_contracts_of_pyproject_hold():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout.split("Contracts", 1)[-1]
    assert ", 0 broken" in done.stdout


def test_the_window_knows_the_engine_only_by_its_settings_and_its_protocol():
    graph = grimp.build_graph("sleapnn_gui", "sleapnn_engine", cache_dir=None)
    doors = [
        f"{module} imports {imported}"
        for module in graph.find_descendants("sleapnn_gui") | {"sleapnn_gui"}
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.startswith("sleapnn_engine") and not imported.startswith(OPEN_TO_THE_WINDOW)
    ]
    assert sorted(doors) == []
